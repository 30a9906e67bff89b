"""Finds the object that a text names: `Huber`, `package.module:Object` or `file.py:name`."""

import functools
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
from keras import ops

from keraslosses.core.spelling import did_you_mean
from keraslosses.portability.targets import subject as subjects
from keraslosses.portability.targets.inputs import Drawn
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES, Reference


@dataclass(frozen=True)
class Target:
    """The object to check, as the user names it, and its inputs if it has no reference."""

    text: str
    like: str | None = None
    inputs: Drawn = field(default_factory=Drawn)


class NotChecked(Exception):
    """The object cannot be checked. The text says why."""


def open_target(target: Target) -> Subject:
    """Imports the object and makes a subject of it.

    Raises:
        NotChecked: If the object does not exist or cannot be checked.
    """
    thing = loaded(target.text)
    if inspect.isclass(thing) and issubclass(thing, keras.losses.Loss):
        return of_loss_class(thing, target)
    if inspect.isclass(thing):
        thing = made(thing)
    elif is_factory(thing):
        thing = thing()
    if isinstance(thing, keras.layers.Layer):
        return of_layer(thing, target)
    if isinstance(thing, keras.losses.Loss):
        return of_instance(thing, target)
    if callable(thing) and not isinstance(thing, keras.metrics.Metric):
        return of_function(thing, target)
    raise NotChecked(
        f"expected a loss, a function of y_true and y_pred, a layer or a model. Received: "
        f"{type(thing).__name__!r}."
    )


def loaded(text: str) -> Any:
    """The object that a target names. A name without a place is in this package."""
    place, _, name = text.rpartition(":")
    thing = from_file(Path(place)) if place.endswith(".py") else imported(place or "keraslosses")
    for part in name.split("."):
        if not hasattr(thing, part):
            known = did_you_mean(part, (known for known in vars(thing) if not known.startswith("_")))
            raise NotChecked(f"{place or 'keraslosses'} has no {name!r}{known}")
        thing = getattr(thing, part)
    return thing


def imported(name: str) -> Any:
    """A module by its name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # If the module exists and fails to import another one, the error of Python says more.
        if f"{name}.".startswith(f"{error.name}."):
            raise NotChecked(f"there is no module {error.name}.") from None
        raise


@functools.cache
def from_file(path: Path) -> Any:
    """A module from its file. The file may import modules of the same folder."""
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NotChecked(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def of_loss_class(cls: Any, target: Target) -> Subject:
    """A loss class, with the reference of `like`, or its own one, or the one of the same name as in Keras."""
    known = cls.__module__.split(".")[0] in ("keras", "keraslosses") and cls.__name__ in REFERENCES
    like = target.like or (cls.__name__ if known else None)
    own = getattr(cls, "reference", None)
    if target.like is None and isinstance(own, Reference):
        return Subject(subjects.accepting(cls), own)
    if like is None:
        return of_instance(made(cls), target)
    return Subject(subjects.accepting(cls), restricted(like, inspect.signature(cls).parameters))


def restricted(like: str, known: Container[str]) -> Any:
    try:
        return subjects.restricted(REFERENCES[like], known)
    except ValueError as error:
        raise NotChecked(str(error)) from None


def made(cls: Any) -> Any:
    """An instance of a class that needs no arguments."""
    needed = [name for name, parameter in inspect.signature(cls).parameters.items() if is_needed(parameter)]
    if needed:
        raise NotChecked(
            f"{cls.__name__} needs {', '.join(needed)}: give an instance, or a function that makes one."
        )
    return cls()


def is_needed(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def is_factory(thing: Any) -> bool:
    """Whether the object is a function that can be called without arguments."""
    return inspect.isfunction(thing) and not any(
        is_needed(parameter) for parameter in inspect.signature(thing).parameters.values()
    )


def of_instance(loss: Any, target: Target) -> Subject:
    reference = target.inputs if target.like is None else restricted(target.like, ())
    return Subject(subjects.copies(loss), reference)


def of_function(function: Any, target: Target) -> Subject:
    """A function of two tensors."""
    count = sum(is_needed(parameter) for parameter in inspect.signature(function).parameters.values())
    if count > 2:
        raise NotChecked(f"expected a function of y_true and y_pred. The function needs {count} arguments.")
    make = functools.partial(subjects.of_function, function)
    known = inspect.signature(function).parameters
    reference = target.inputs if target.like is None else restricted(target.like, known)
    return Subject(make, reference, function=function)


def of_layer(layer: Any, target: Target) -> Subject:
    """A layer or model, built on the inputs."""
    if target.like is not None:
        raise NotChecked("`like` is for losses and functions, not for layers and models.")
    inputs = target.inputs
    shape = getattr(layer, "input_shape", None) if isinstance(layer, keras.Model) else None
    if isinstance(shape, list | dict):
        raise NotChecked(f"expected a model with one input. The model has {len(shape)} inputs.")
    if shape and not inputs.shape and not inputs.arrays:
        inputs = Drawn(inputs.name, inputs.named, tuple(size or 5 for size in shape), inputs.dtype)
    _, y_pred = inputs.inputs()
    layer(ops.convert_to_tensor(y_pred))
    return Subject(lambda: layer, inputs, layer)


def targets_in(text: str) -> list[str]:
    """All targets in a module or a file.

    In a module: the loss classes that it exports. In a file: the loss classes that it defines. In both: the
    instances of losses, and the functions of y_true and y_pred that are defined there.
    """
    a_file = text.endswith(".py")
    module = from_file(Path(text)) if a_file else imported(text)

    def is_target(thing: Any) -> bool:
        own = getattr(thing, "__module__", None) == module.__name__
        if inspect.isclass(thing):
            is_loss = issubclass(thing, keras.losses.Loss) and thing is not keras.losses.Loss
            return is_loss and (own or not a_file)
        return isinstance(thing, keras.losses.Loss) or (own and is_function_of_two(thing))

    names = [name for name, thing in vars(module).items() if not name.startswith("_") and is_target(thing)]
    return [f"{text}:{name}" for name in sorted(names)]


def is_function_of_two(thing: Any) -> bool:
    """Whether the object is a function that needs two arguments."""
    return (
        inspect.isfunction(thing) and sum(map(is_needed, inspect.signature(thing).parameters.values())) == 2
    )
