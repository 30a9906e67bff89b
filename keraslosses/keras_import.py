"""Imports Keras first. If its backend is not installed, the error says what to set or to install."""

import os
from importlib.util import find_spec

from keraslosses.command_backend import QUICKEST_FIRST

# The start of Keras's message about a backend that it does not know.
UNKNOWN = "Unable to import backend : "


def help_with(what: str, missing: str) -> str:
    """The message: what is wrong, why Keras chose this backend, and what to set or to install."""
    given = os.environ.get("KERAS_BACKEND")
    why = f"KERAS_BACKEND is {given!r}" if given else "KERAS_BACKEND is not set"
    if not given:
        why += ", so Keras takes the one that ~/.keras/keras.json names, or tensorflow"
    found = [name for name in QUICKEST_FIRST if name != missing and find_spec(name)]
    if not found:
        extras = ", ".join(f'"keraslosses[{name}]"' for name in QUICKEST_FIRST)
        return f"{what}: {why}. No backend is installed here. Install one with pip: {extras}."
    return (
        f"{what}: {why}. Set it before Python starts:\n\n    export KERAS_BACKEND={found[0]}\n\n"
        f"Installed here: {', '.join(found)}."
    )


try:
    import keras  # noqa: F401
except ModuleNotFoundError as error:
    module = (error.name or "").split(".")[0]
    # Any other missing module is not a backend.
    if module not in (*QUICKEST_FIRST, "openvino"):
        raise
    text = help_with(f"Keras needs {module}, which is not installed here", module)
    raise ModuleNotFoundError(text, name=error.name) from error
except ValueError as error:
    if not str(error).startswith(UNKNOWN):
        raise
    name = str(error).removeprefix(UNKNOWN)
    raise ImportError(help_with(f"Keras has no backend {name!r}", name)) from error
