"""Losses by name: `get`, `names`, `serialize`, `deserialize`."""

import inspect
from typing import Any

import keras
from keras.losses import serialize

from keraslosses import losses
from keraslosses.core.compose import WeightedSum
from keraslosses.core.saving import registered
from keraslosses.core.spelling import suggestion

PUBLIC = {name: getattr(losses, name) for name in losses.__all__}
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if hasattr(thing, "contract")}
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
            If a known name is close to the given one, the message suggests it.

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
            f"Received: identifier={identifier!r}{suggestion(identifier, BY_NAME)}"
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
