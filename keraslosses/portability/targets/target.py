"""From what the user wrote to what is checked: `Huber`, `package.module:Object`, `file.py:name`."""

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
    """What is checked, as the user names it, and the inputs it is given where it has no reference."""

    text: str
    like: str | None = None
    inputs: Drawn = field(default_factory=Drawn)


class NotChecked(Exception):
    """An object that cannot be checked; the text says why."""


def open_target(target: Target) -> Subject:
    """Imports the object and finds what it is.

    Raises:
        NotChecked: where there is no such object, or it is none that can be checked.
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
        f"it is {type(thing).__name__!r}; expected a loss, a function of y_true and y_pred, a layer, a model."
    )


def loaded(text: str) -> Any:
    """The object that a target names; a name alone is one of this package."""
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
        # What the module itself imports in vain is its own matter.
        if f"{name}.".startswith(f"{error.name}."):
            raise NotChecked(f"there is no module {error.name}.") from None
        raise


@functools.cache
def from_file(path: Path) -> Any:
    """A module from its file, which may import what lies beside it."""
    sys.path.insert(0, str(path.parent.resolve()))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise NotChecked(f"{path} is no file of Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def of_loss_class(cls: Any, target: Target) -> Subject:
    """A loss class: with the reference of the name that it is like, its own, or that of its name in Keras."""
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
            f"{cls.__name__} needs {', '.join(needed)}: name an instance, or a function that makes one."
        )
    return cls()


def is_needed(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def is_factory(thing: Any) -> bool:
    """Whether it is a function that can be called without arguments."""
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
        raise NotChecked(f"it needs {count} arguments; expected a function of y_true and y_pred.")
    make = functools.partial(subjects.of_function, function)
    known = inspect.signature(function).parameters
    reference = target.inputs if target.like is None else restricted(target.like, known)
    return Subject(make, reference, function=function)


def of_layer(layer: Any, target: Target) -> Subject:
    """A layer or model, built on the inputs that it is given."""
    if target.like is not None:
        raise NotChecked("a layer or model has no reference to be like.")
    inputs = target.inputs
    shape = getattr(layer, "input_shape", None) if isinstance(layer, keras.Model) else None
    if isinstance(shape, list | dict):
        raise NotChecked(f"it has {len(shape)} inputs; expected a model of one.")
    if shape and not inputs.shape and not inputs.arrays:
        inputs = Drawn(inputs.name, inputs.named, tuple(size or 5 for size in shape), inputs.dtype)
    _, y_pred = inputs.inputs()
    layer(ops.convert_to_tensor(y_pred))
    return Subject(lambda: layer, inputs, layer)


def targets_in(text: str) -> list[str]:
    """The targets that a module or a file alone stands for.

    They are the losses that a module exports and those that are defined in a file, with the instances of them
    and the functions of y_true and y_pred that are defined there.
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
    """Whether it is a function that needs two arguments."""
    return (
        inspect.isfunction(thing) and sum(map(is_needed, inspect.signature(thing).parameters.values())) == 2
    )
