"""The results of a check: findings, and arrays that are compared with other backends."""

import re
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from keraslosses.core.types import Tensor

RTOL, ATOL = 2e-5, 2e-6
MOST_OF_AN_ERROR = 500
# Parts of error messages to remove: colours, and internal names of TensorFlow.
NOISE = re.compile(r"\x1b\[[0-9;]*m|\{\{function_node [^}]*\}\} ?| \[Op:\w+\]( name: ?)?")
# The folders of Python, of installed packages, and of this package.
LIBRARIES = (
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    str(Path(__file__).parents[1]),
)


@dataclass(frozen=True)
class Finding:
    """One fault: its code, a sentence, and the data that show it.

    `report/advice.py` has an advice for each code. `argument` is the name of the argument at fault, if there
    is one. A field without content is an empty text.
    """

    code: str
    text: str
    expected: str = ""
    received: str = ""
    inputs: str = ""
    error: str = ""
    argument: str = ""


@dataclass(frozen=True)
class Measured:
    """An array that must be the same on every backend.

    `code` is the code of the finding if it is not. `inputs` shows the inputs of the computation.
    """

    code: str
    what: str
    array: np.ndarray
    inputs: str = ""


# The codes that replace those of a difference if the received number is NaN or infinite.
NOT_FINITE = {"value-differs": "value-not-finite", "gradient-differs": "gradient-not-finite"}


def disagreement(
    code: str, what: str, expected: Any, received: Any, rtol: float = RTOL, atol: float = ATOL
) -> Iterator[Finding]:
    """Yields the first difference between two arrays, or nothing if they agree (NaN equals NaN)."""
    if received is None:
        yield nothing_flows_back(what, shown(expected))
        return
    expected, received = np.asarray(expected, "float64"), np.asarray(received, "float64")
    text = difference(expected, received, rtol, atol)
    if text:
        finite = np.isfinite(received).all() or not np.isfinite(expected).all()
        code = code if finite else NOT_FINITE.get(code, code)
        yield Finding(code, f"{what}: {text}", shown(expected), shown(received))


def nothing_flows_back(what: str, expected: str) -> Finding:
    return Finding("no-gradient", f"{what}: there is no gradient (it is None)", expected, "None")


def difference(expected: np.ndarray, received: np.ndarray, rtol: float, atol: float) -> str | None:
    """The first difference between two arrays as text, or None."""
    if expected.shape != received.shape:
        return f"shape {received.shape}, expected {expected.shape}"
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    close = np.isclose(received, expected, rtol=rtol, atol=atol * max(1.0, scale), equal_nan=True)
    if close.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~close)[0])
    digits = 6 if f"{received[place]:.6g}" != f"{expected[place]:.6g}" else 16
    return f"{received[place]:.{digits}g} at {place}, expected {expected[place]:.{digits}g}"


def shown(array: Any) -> str:
    """An array as text for a message. Long arrays are shortened."""
    return np.array2string(np.asarray(array), precision=7, threshold=20, edgeitems=2, max_line_width=100)


# The inputs of the last computation, for the report of a finding.
last_inputs: dict[str, Any] = {}


def note(y_true: Tensor, y_pred: Tensor, **more: Any) -> None:
    """Stores the inputs of a computation before it begins."""
    last_inputs.clear()
    last_inputs.update(y_true=y_true, y_pred=y_pred, **more)


def guarded(what: str, check: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
    """The findings of a part of a check. An exception becomes a finding, so the other parts still run."""
    try:
        yield from check(*arguments)
    except Exception as error:
        finding = of_error(error)
        yield replace(finding, text=f"{what}: {finding.text}")


# Patterns of the messages of frameworks, by the code of the finding.
SAID: dict[str, str] = {
    "missing-module": r"^(ModuleNotFound|Import)Error",
    "random": r"\[JAX RNG\]|SeedGenerator",
    "numpy-on-tensor": (
        r"TracerArrayConversion|[Cc]an't call numpy\(\)|to a (numpy|NumPy) array|unsupported ScalarType"
    ),
    "not-traceable": r"Unsupported:|[Dd]ata.dependent|TracerBool|Concretization|a Python `?bool",
    "not-transformable": r"setup_context|forward mode AD|custom_vjp|forward-mode",
}


def code_of(error: Exception, otherwise: str = "raises") -> str:
    """The code of the finding for an exception, found by its message; else `otherwise`."""
    said = in_words(error)
    return next((code for code, pattern in SAID.items() if re.search(pattern, said)), otherwise)


def of_error(error: Exception, otherwise: str = "raises") -> Finding:
    """An exception as a finding."""
    code, text = code_of(error, otherwise), f"raises {in_words(error)}"
    return Finding(code, text, inputs=inputs_shown(), error=way_to(error))


def stated(error: Exception) -> bool:
    """Whether the code of a loss raised the error itself, as a ValueError, and not a framework."""
    raised = traceback.extract_tb(error.__traceback__)[-1].filename
    own = str(Path(__file__).parents[1])
    return isinstance(error, ValueError) and (raised.startswith(own) or not is_library(raised))


def in_words(error: Exception) -> str:
    """The type of an exception and the beginning of its message, without colours and internal names."""
    return f"{type(error).__name__}: {NOISE.sub('', str(error))[:MOST_OF_AN_ERROR]}"


def way_to(error: Exception) -> str:
    """The lines of the user's code that led to an exception, and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames[:-1] if not is_library(frame.filename)]
    said = NOISE.sub("", "".join(traceback.format_exception_only(error)))
    return "".join(traceback.format_list([*own, *frames[-1:]])) + said[: 2 * MOST_OF_AN_ERROR]


def line_of(error: Exception) -> str:
    """The last line of the user's code that led to an exception, in brackets, or an empty text."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not is_library(frame.filename)]
    return f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""


def is_library(path: str) -> bool:
    """Whether a file belongs to Python, an installed package or this package."""
    return path.startswith(("<", *LIBRARIES))


def inputs_shown() -> str:
    """The inputs of the last computation as text."""
    return "\n".join(
        f"{name} = {shown(ops.convert_to_numpy(array))}"
        for name, array in last_inputs.items()
        if array is not None
    )
