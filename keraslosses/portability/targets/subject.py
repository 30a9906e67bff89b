"""What is checked: how to make it and call it, and the reference or the inputs it is checked with."""

import functools
import inspect
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from typing import Any

import keras
from keras import ops

from keraslosses.reference import Reference


@dataclass(frozen=True)
class Subject:
    """A loss, with what describes it.

    `reference` is a `Reference` or, where there is none, the inputs to give it: `Drawn`. `layer` is the layer
    or model where the subject is one: then nothing can be made, and `entries` ignores y_true. `function` is
    the function where the subject is one: `make` gives it as the loss that Keras makes of it.
    """

    make: Callable[..., Any]
    reference: Any
    layer: Any = None
    function: Any = None
    made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def entries(self, options: Any) -> Any:
        """The loss that gives its values entry by entry; of a layer, its outputs.

        The same object each time for the same options: what is compiled for it is compiled once.
        """
        key = repr(options)
        if key not in self.made:
            self.made[key] = self.bare(options)
        return self.made[key]

    def bare(self, options: Any) -> Any:
        if self.layer is not None:
            return functools.partial(outputs, self.layer)
        if self.function is not None:
            return functools.partial(called_with_tensors, functools.partial(self.function, **options))
        return self.make(reduction="none", **options)

    def parameters(self) -> list[str]:
        return [name for name in inspect.signature(self.make).parameters if name != "self"]

    def example(self) -> dict[str, Any]:
        """Options with every one of them off its default, gathered from the reference's grid."""
        merged: dict[str, Any] = {}
        for options in self.reference.options:
            merged |= options
        return merged


def outputs(layer: Any, y_true: Any, y_pred: Any) -> Any:
    return layer(y_pred, training=False)


class OfFunction(keras.losses.Loss):
    """A function of y_true and y_pred as the loss that Keras makes of it in `compile(loss=...)`."""

    def __init__(self, function: Any, reduction: str = "sum_over_batch_size", dtype: Any = None):
        name = getattr(function, "__name__", "")
        # That of a lambda is none for TensorFlow.
        super().__init__(reduction=reduction, name=name if name.isidentifier() else "function", dtype=dtype)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)


def accepting(make: Callable[..., Any]) -> Callable[..., Any]:
    """A class or factory of losses that takes `reduction`, `name` and `dtype` whether it knows them or not.

    What it does not know is set afterwards where that can be done, and dropped otherwise.
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
    function: Any, reduction: str = "sum_over_batch_size", dtype: Any = None, **options: Any
) -> Any:
    """A function as a loss."""
    return OfFunction(functools.partial(function, **options) if options else function, reduction, dtype)


def called_with_tensors(function: Any, y_true: Any, y_pred: Any) -> Any:
    return function(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))


def copies(loss: Any) -> Callable[..., Any]:
    """Makes copies of a loss that differ in the reduction; with another dtype where its class takes one."""

    def made(reduction: str | None = None, dtype: Any = None) -> Any:
        if dtype is not None:
            copied = type(loss).from_config({**loss.get_config(), "dtype": dtype})
        else:
            # copy.copy would make it from its config, which may be what is wrong with it.
            copied = object.__new__(type(loss))
            vars(copied).update(vars(loss))
        if reduction is not None:
            copied.reduction = reduction
        return copied

    return made


def restricted(reference: Reference, known: Container[str]) -> Reference:
    """The reference, with those options and hard inputs only of which every option is known.

    Where no set of options is left, with the defaults of the formula.

    Raises:
        ValueError: where the formula has an option without a default.
    """

    def takes(options: Any) -> bool:
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
