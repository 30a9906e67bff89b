"""Options that cannot be changed, because a compiled training step would not see the change."""

from typing import Any, ClassVar

from keraslosses.core.arguments import arguments_of

# These arguments belong to Keras and are not options of a loss, so they may be set.
KERAS_SETS = {"self", "reduction", "name", "dtype", "kwargs"}


class FixedOptions:
    """A base class of losses, layers and metrics: their options cannot be set after `__init__`."""

    fixed_options: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            names, _ = arguments_of(cls.__init__)
            cls.fixed_options |= {*names} - KERAS_SETS

    def __setattr__(self, name: str, value: Any) -> None:
        own = name in self.fixed_options or name in vars(self).get("options", ())
        if own and hasattr(self, name) and getattr(self, name) is not value:
            made = type(self).__name__
            raise AttributeError(
                f"`{name}` of a {made} cannot be changed: make a new {made}({name}={value!r})"
            )
        super().__setattr__(name, value)
