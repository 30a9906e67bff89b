"""How a class or function of this package is known to Keras when a model is saved."""

from typing import Any

import keras

PACKAGE = "keraslosses"


def saved(thing: Any) -> Any:
    """Registers a class or function for saving, under the name of this package."""
    return keras.saving.register_keras_serializable(package=PACKAGE)(thing)
