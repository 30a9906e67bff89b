"""Losses by name: `get`, `names`, `serialize`, `deserialize`."""

import inspect
from typing import Any

import keras
from keras.losses import serialize

from keraslosses.core.compose import WeightedSum
from keraslosses.core.loss import FunctionLoss
from keraslosses.core.saving import registered
from keraslosses.losses import (
    angular,
    angular_multiples,
    boxes,
    crossentropy,
    detection,
    embedding,
    focal,
    hinge,
    likelihood,
    margin,
    probabilistic,
    regression,
    relative,
    robust,
    segmentation,
    sequence,
    similarity,
    sparse_crossentropy,
    sparse_focal,
)

FAMILIES = (
    regression,
    relative,
    robust,
    probabilistic,
    similarity,
    crossentropy,
    sparse_crossentropy,
    focal,
    sparse_focal,
    likelihood,
    hinge,
    margin,
    segmentation,
    embedding,
    angular,
    angular_multiples,
    boxes,
    detection,
    sequence,
)

CLASSES = {
    name: thing
    for family in FAMILIES
    for name, thing in vars(family).items()
    if inspect.isclass(thing) and issubclass(thing, FunctionLoss) and thing.__module__ == family.__name__
}
FUNCTIONS = {
    name: thing for family in FAMILIES for name, thing in vars(family).items() if hasattr(thing, "contract")
}
ALIASES = {
    alias: FUNCTIONS[name]
    for short, name in {
        "bce": "binary_crossentropy",
        "kld": "kl_divergence",
        "mae": "mean_absolute_error",
        "mse": "mean_squared_error",
        "mape": "mean_absolute_percentage_error",
        "msle": "mean_squared_logarithmic_error",
    }.items()
    for alias in (short, short.upper())
}
BY_NAME: dict[str, Any] = {**CLASSES, **FUNCTIONS, **ALIASES}
# A sum has a config, but no name to get it by: it is nothing without its parts.
BY_CLASS_NAME = {**BY_NAME, WeightedSum.__name__: WeightedSum}


def names() -> list[str]:
    """The classes of all losses, by name, in alphabetical order."""
    return sorted(CLASSES)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A loss or loss function from what `serialize` gave, or from `{"class_name": .., "config": ..}`.

    The argument is called `name` because Keras calls it so.
    """
    known = {**BY_CLASS_NAME, **(custom_objects or {})}
    return keras.saving.deserialize_keras_object(name, custom_objects=known)


def get(identifier: Any) -> Any:
    """A loss or loss function from its name, its config, or itself.

    Takes what `keras.losses.get` takes: None, a name in either spelling (`"SmoothL1"` gives an instance,
    `"smooth_l1"` the function), one of Keras's aliases (`"mse"`), a config, an instance, a class, or any
    callable. A loss of your own is found by its name too, or by `"package>name"`.

    Raises:
        ValueError: for a name that no loss of this package has, something that is no loss, or a class that
            needs arguments: that takes a config, `{"class_name": "FCOS", "config": {"num_classes": 20}}`.

    >>> print(keraslosses.get("SmoothL1").name)
    smooth_l1
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        found = deserialize(identifier)
    elif isinstance(identifier, str):
        found = BY_NAME.get(identifier.removeprefix("keraslosses>")) or registered(identifier)
    else:
        found = identifier
    if inspect.isclass(found):
        found = made(found)
    if not callable(found):
        raise ValueError(
            "`identifier` must name a loss of keraslosses; see keraslosses.names(). "
            f"Received: identifier={identifier!r}"
        )
    return found


def made(cls: Any) -> Any:
    """An instance of a class that needs no arguments."""
    parameters = inspect.signature(cls).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if needed:
        raise ValueError(
            f"`identifier` must come with {', '.join(needed)}: "
            f'{{"class_name": {cls.__name__!r}, "config": {{{needed[0]!r}: ..}}}}. '
            f"Received: identifier={cls.__name__!r}"
        )
    return cls()


__all__ = ["deserialize", "get", "names", "serialize"]
