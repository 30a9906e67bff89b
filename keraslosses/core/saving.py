"""How a class or function is known to Keras when a model is saved."""

from typing import Any

import keras

PACKAGE = "keraslosses"
# The package of what users register, unless they say another: Keras's own default.
OF_USERS = "Custom"


def saved(thing: Any, package: str = PACKAGE) -> Any:
    """Registers a class or function for saving, under the name of a package."""
    return keras.saving.register_keras_serializable(package=package)(thing)


def package_of(module: str | None) -> str:
    """The package under which what a module defines is registered."""
    return PACKAGE if module and module.split(".")[0] == PACKAGE else OF_USERS


def registered(identifier: str) -> Any:
    """What is registered under `package>name`, or under a name alone in the users' package; else None."""
    name = identifier if ">" in identifier else f"{OF_USERS}>{identifier}"
    return keras.saving.get_registered_object(name)
