"""Registers classes and functions with Keras, so that models that use them can be saved."""

from typing import Any

import keras

PACKAGE = "keraslosses"
# The default package of Keras, for classes and functions of users.
OF_USERS = "Custom"


def saved(thing: Any, package: str = PACKAGE) -> Any:
    """Registers a class or function for saving, under the name of a package, and returns it."""
    return keras.saving.register_keras_serializable(package=package)(thing)


def package_of(module: str | None) -> str:
    """The package name under which the classes and functions of a module are registered."""
    return PACKAGE if module and module.split(".")[0] == PACKAGE else OF_USERS


def registered(identifier: str) -> Any:
    """The object registered as `package>name`, or by its name in the package of users; else None."""
    name = identifier if ">" in identifier else f"{OF_USERS}>{identifier}"
    return keras.saving.get_registered_object(name)
