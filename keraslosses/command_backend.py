"""Chooses the backend of the command line, before anything imports Keras.

Python imports a package before it runs the package's `__main__`. This package imports Keras, so the choice
must be made here. The executable `keraslosses` imports the package first too. In any other program, Keras
chooses the backend.
"""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

# The backends in the order of the time that their import takes.
QUICKEST_FIRST = ("jax", "tensorflow", "torch")


# The file names of the executable; pip gives it one of the last two on Windows.
EXECUTABLES = ("keraslosses", "keraslosses.exe", "keraslosses-script.py")


def is_command() -> bool:
    """Whether Python is about to run this package, with `-m` or as the executable.

    While Python looks for the module to run, sys.argv[0] is "-m".
    """
    if sys.argv[:1] == ["-m"]:
        return sys.orig_argv[-len(sys.argv)] == "keraslosses"
    return bool(sys.argv) and os.path.basename(sys.argv[0]) in EXECUTABLES


def backend_for(arguments: Sequence[str]) -> str | None:
    """The backend for a command; None if Keras must choose."""
    installed = [name for name in QUICKEST_FIRST if find_spec(name)]
    # `check` starts a process for each backend. Its own process computes nothing.
    as_keras_chooses = "KERAS_BACKEND" in os.environ or "tensorflow" in installed
    if as_keras_chooses and arguments[:1] != ["check"]:
        return None
    return installed[0] if installed else None


if is_command():
    chosen = backend_for(sys.argv[1:])
    if chosen is not None:
        os.environ["KERAS_BACKEND"] = chosen
