"""Options that stay as they are: a compiled training step would not see them change."""

import functools
import inspect
from typing import Any


class FixedOptions:
    """Refuses to set an option of a loss, a layer or a metric once it is made."""

    def __setattr__(self, name: str, value: Any) -> None:
        made: Any = type(self)
        own = name in arguments_of(made) or name in vars(self).get("options", ())
        if own and hasattr(self, name) and getattr(self, name) is not value:
            kind = made.__name__
            raise AttributeError(
                f"`{name}` of a {kind} cannot be changed: make a new {kind}({name}={value!r})"
            )
        super().__setattr__(name, value)


@functools.cache
def arguments_of(cls: type) -> frozenset[str]:
    """The options that a class is made with, but those that Keras has a setter for."""
    makers = [
        base.__init__ for base in cls.__mro__ if issubclass(base, FixedOptions) and "__init__" in vars(base)
    ]
    names = {name for maker in makers for name in inspect.signature(maker).parameters}
    return frozenset(names | {"reduction"}) - {"self", "name", "dtype", "kwargs"}
