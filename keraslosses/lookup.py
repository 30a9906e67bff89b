"""Losses by name: `get`, `names`, `serialize`, `deserialize`."""

import inspect
from typing import Any

import keras
from keras.losses import serialize

from keraslosses import losses
from keraslosses.core.compose import WeightedSum
from keraslosses.core.hard_examples import HardExamples
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
# `compile` calls a loss with y_true and y_pred, so these names give the functions of stacked tensors.
STACKED = {
    name.removeprefix("stacked_"): function
    for name, function in FUNCTIONS.items()
    if name.startswith("stacked_")
}
BY_NAME: dict[str, Any] = {**CLASSES, **FUNCTIONS, **ALIASES, **STACKED}
# What is made of losses has a config, but `get` does not know its name, because it needs its parts.
BY_CLASS_NAME = {**BY_NAME, **{made.__name__: made for made in (WeightedSum, HardExamples)}}


def names() -> list[str]:
    """The names of the classes of all losses, in alphabetical order.

    Returns:
        A list of names such as "Huber". `get` takes each of them.

    Example:

    >>> print(keraslosses.names()[:2])
    ['AMSoftmax', 'ArcFace']
    """
    return sorted(CLASSES)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Makes a loss or finds a loss function from its config.

    Args:
        name: The result of `serialize`, or a dict `{"class_name": .., "config": ..}`. The argument has this
            name in Keras too.
        custom_objects: Your own classes and functions by name, if they are not registered with Keras.
            Default: None.

    Returns:
        A loss or a loss function.

    Raises:
        ValueError: If no loss has the config, or if an option in it is out of range.

    Example:

    >>> config = {"class_name": "Huber", "config": {"delta": 2.0}}
    >>> print(keraslosses.deserialize(config))
    Huber(delta=2.0)
    """
    known = {**BY_CLASS_NAME, **(custom_objects or {})}
    return keras.saving.deserialize_keras_object(name, custom_objects=known)


def get(identifier: Any) -> Any:
    """Finds a loss or a loss function by its name or its config, like `keras.losses.get`.

    Args:
        identifier: One of these:

            - the name of a class, such as `"SmoothL1"`, for an instance with the default options;
            - the name of a function, such as `"smooth_l1"`, or an alias of Keras, such as `"mse"`, for the
              function of y_true and y_pred: for `"triplet_margin"` it is `stacked_triplet_margin`;
            - the name of a registered loss of your own, or `"package>name"`;
            - a config, such as `{"class_name": "FCOS", "config": {"num_classes": 20}}`;
            - a class, for an instance with the default options;
            - an instance, a function or None, which is returned unchanged.

    Returns:
        A loss, a loss function, or None.

    Raises:
        ValueError: If no loss has the name, if the identifier is not a loss, or if the class needs arguments.
            Such a class needs a config. The message suggests a name that is close to the given one.

    Example:

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
        found = made(found) if issubclass(found, keras.losses.Loss) else None
    if not callable(found):
        raise ValueError(
            "`identifier` must be a loss or the name of a loss; see keraslosses.names(). "
            f"Received: identifier={identifier!r}{suggestion(identifier, BY_NAME)}"
        )
    return found


def made(cls: Any) -> Any:
    """An instance of a class; raises if the class needs arguments."""
    parameters = inspect.signature(cls).parameters.values()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in named if p.default is p.empty]
    if needed:
        raise ValueError(
            f"`identifier` must be a config with {', '.join(needed)}: "
            f'{{"class_name": {cls.__name__!r}, "config": {{{needed[0]!r}: ..}}}}. '
            f"Received: identifier={cls.__name__!r}"
        )
    return cls()


__all__ = ["deserialize", "get", "names", "serialize"]
