"""What a check finds: something that is wrong, or numbers for the comparison with other backends."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

RTOL, ATOL = 2e-5, 2e-6


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a sentence, and what shows it. What there is nothing to say of is empty."""

    text: str
    expected: str = ""
    received: str = ""
    inputs: str = ""
    error: str = ""


@dataclass(frozen=True)
class Measured:
    """An array that must be the same on every backend; `inputs` say what it was computed from."""

    what: str
    array: np.ndarray
    inputs: str = ""


def disagreement(
    what: str, expected: Any, received: Any, rtol: float = RTOL, atol: float = ATOL
) -> Iterator[Finding]:
    """The first difference between two arrays; nothing where they agree (NaN equals NaN)."""
    if received is None:
        yield Finding(f"{what}: nothing flows back (the gradient is None)", shown(expected), "None")
        return
    expected, received = np.asarray(expected, "float64"), np.asarray(received, "float64")
    text = difference(expected, received, rtol, atol)
    if text:
        yield Finding(f"{what}: {text}", shown(expected), shown(received))


def difference(expected: np.ndarray, received: np.ndarray, rtol: float, atol: float) -> str | None:
    """Where two arrays differ first, in words."""
    if expected.shape != received.shape:
        return f"shape {received.shape}, expected {expected.shape}"
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    close = np.isclose(received, expected, rtol=rtol, atol=atol * max(1.0, scale), equal_nan=True)
    if close.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~close)[0])
    return f"{received[place]:.8g} at {place}, expected {expected[place]:.8g}"


def shown(array: Any) -> str:
    """An array as a message shows it: long ones shortened."""
    return np.array2string(np.asarray(array), precision=7, threshold=20, edgeitems=2, max_line_width=100)
