"""The backend of the command line, chosen before anything imports Keras.

Python imports a package before it runs its `__main__`, and this one imports Keras, so the choice stands here.
The executable `keraslosses` imports the package first too.
In any other program the backend is the one that Keras chooses.
"""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

# The backends by the time that their import takes.
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
    """The backend for a command; None where Keras's own choice will do."""
    installed = [name for name in QUICKEST_FIRST if find_spec(name)]
    # The processes of `check` have a backend each; the first one computes nothing.
    as_keras_chooses = "KERAS_BACKEND" in os.environ or "tensorflow" in installed
    if as_keras_chooses and arguments[:1] != ["check"]:
        return None
    return installed[0] if installed else None


if is_command():
    chosen = backend_for(sys.argv[1:])
    if chosen is not None:
        os.environ["KERAS_BACKEND"] = chosen
