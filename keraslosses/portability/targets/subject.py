"""The subject of the checks: how to make and call the object, and its reference or its inputs."""

import functools
import inspect
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from typing import Any

import keras
from keras import ops

from keraslosses.core.types import DType, Options, Tensor
from keraslosses.reference import Reference


@dataclass(frozen=True)
class Subject:
    """A loss, function, layer or model to check.

    `reference` is a `Reference`, or a `Drawn` (the inputs) if the object has none. `layer` is set if the
    subject is a layer or a model: then `make` cannot make a loss, and `entries` ignores y_true. `function` is
    set if the subject is a function: then `make` wraps it in a loss, as Keras does.
    """

    make: Callable[..., Any]
    reference: Any
    layer: Any = None
    function: Any = None
    made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def entries(self, options: Options) -> Any:
        """The loss without a reduction. For a layer: a function that gives its outputs.

        The same options give the same object, so that it is compiled only once.
        """
        key = repr(options)
        if key not in self.made:
            self.made[key] = self.bare(options)
        return self.made[key]

    def bare(self, options: Options) -> Any:
        if self.layer is not None:
            return functools.partial(outputs, self.layer)
        if self.function is not None:
            return functools.partial(called_with_tensors, functools.partial(self.function, **options))
        return self.make(reduction="none", **options)

    def parameters(self) -> list[str]:
        return [name for name in inspect.signature(self.make).parameters if name != "self"]

    def example(self) -> dict[str, Any]:
        """One set of options in which no option has its default, collected from the reference's grid."""
        merged: dict[str, Any] = {}
        for options in self.reference.options:
            merged |= options
        return merged


def outputs(layer: Any, y_true: Tensor, y_pred: Tensor) -> Any:
    return layer(y_pred, training=False)


class OfFunction(keras.losses.Loss):
    """A function of y_true and y_pred as a loss, wrapped as Keras does in `compile(loss=...)`."""

    def __init__(self, function: Any, reduction: str = "sum_over_batch_size", dtype: DType = None):
        name = getattr(function, "__name__", "")
        # TensorFlow does not accept the name of a lambda.
        super().__init__(reduction=reduction, name=name if name.isidentifier() else "function", dtype=dtype)
        self.function = function

    def call(self, y_true: Tensor, y_pred: Tensor) -> Any:
        return self.function(y_true, y_pred)


def accepting(make: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a class or factory of losses accept `reduction`, `name` and `dtype`, even if it does not take any.

    A reduction that it does not take is set afterwards. A name or dtype that it does not take is dropped.
    """
    known = inspect.signature(make).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())

    @functools.wraps(make)
    def made(**given: Any) -> Any:
        unknown = set() if takes_all else {"reduction", "name", "dtype"} & given.keys() - known.keys()
        loss = make(**{name: value for name, value in given.items() if name not in unknown})
        if "reduction" in unknown:
            loss.reduction = given["reduction"]
        return loss

    return made


def of_function(
    function: Any, reduction: str = "sum_over_batch_size", dtype: DType = None, **options: Any
) -> Any:
    """A function as a loss."""
    return OfFunction(functools.partial(function, **options) if options else function, reduction, dtype)


def called_with_tensors(function: Any, y_true: Tensor, y_pred: Tensor) -> Any:
    return function(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))


def copies(loss: Any) -> Callable[..., Any]:
    """A function that copies a loss with another reduction, or another dtype if the class takes one."""

    def made(reduction: str | None = None, dtype: DType = None) -> Any:
        if dtype is not None:
            copied = type(loss).from_config({**loss.get_config(), "dtype": dtype})
        else:
            # copy.copy uses the config of the loss, and the config may be the fault.
            copied = object.__new__(type(loss))
            vars(copied).update(vars(loss))
        if reduction is not None:
            copied.reduction = reduction
        return copied

    return made


def restricted(reference: Reference, known: Container[str]) -> Reference:
    """The reference, with only those sets of options and hard inputs whose options are all known.

    If no set of options is left, the defaults of the formula are used.

    Raises:
        ValueError: If they are needed and the formula has an option without a default.
    """

    def takes(options: Options) -> bool:
        return all(name in known for name in options)

    options = tuple(options for options in reference.options if takes(options))
    needed = [
        name for name, p in inspect.signature(reference.formula).parameters.items() if p.default is p.empty
    ]
    if not options and needed[2:]:
        raise ValueError(f"{reference.name} needs {', '.join(needed[2:])}, which it does not take.")
    return replace(
        reference,
        options=options or ({},),
        bad_options=tuple(bad for bad in reference.bad_options if takes(bad)),
        hard=tuple(hard for hard in reference.hard if takes(hard.options)),
    )
