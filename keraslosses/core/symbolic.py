"""Lets functions of tensors take symbolic tensors, such as `keras.Input`, in a functional model."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import keras
from keras.backend import is_keras_tensor

from keraslosses.core.checks import plain
from keraslosses.core.saving import PACKAGE, saved

P = ParamSpec("P")
R = TypeVar("R")


@saved
class Applied(keras.Operation):
    """A function or a loss, applied in a functional model and saved with it.

    `options` holds the arguments that are not symbolic tensors. Keras finds the shape and the dtype of the
    result by tracing the function.
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], name: str | None = None):
        super().__init__(name=name)
        self.function, self.options = function, options

    def call(self, **tensors: Any) -> Any:
        return self.function(**tensors, **self.options)

    def get_config(self) -> dict[str, Any]:
        parts = {"function": self.function, "options": self.options}
        return {"name": self.name} | {k: keras.saving.serialize_keras_object(v) for k, v in parts.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Applied":
        parts = {k: keras.saving.deserialize_keras_object(config[k]) for k in ("function", "options")}
        return cls(**parts, name=config["name"])


def applied(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The symbolic result of a function that is called with a symbolic tensor."""
    given = inspect.signature(function).bind(*args, **kwargs).arguments
    tensors = {name: value for name, value in given.items() if is_keras_tensor(value)}
    others = {name: as_option(value) for name, value in given.items() if name not in tensors}
    return Applied(function, others)(**tensors)


def as_option(value: Any) -> Any:
    """An argument that is not a symbolic tensor, in a form that a config can hold."""
    return plain(keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value)


def takes_symbols(function: Callable[P, R], package: str = PACKAGE) -> Callable[P, R]:
    """Makes a function of tensors that takes symbolic tensors too, registered under the name of a package."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        if any(map(is_keras_tensor, (*args, *kwargs.values()))):
            return applied(called, *args, **kwargs)
        return function(*args, **kwargs)

    return saved(called, package)
