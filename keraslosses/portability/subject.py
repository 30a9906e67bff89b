"""What is checked: a loss class together with its reference."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keraslosses.reference import Reference

RTOL, ATOL = 2e-5, 2e-6


@dataclass(frozen=True)
class Subject:
    """A loss class, the reference that describes it, and how to make the loss."""

    make: Callable[..., keras.losses.Loss]
    reference: Reference

    def entries(self, options: Any) -> keras.losses.Loss:
        """The loss that gives its values entry by entry."""
        return self.make(reduction="none", **options)

    def parameters(self) -> list[str]:
        return [name for name in inspect.signature(self.make).parameters if name != "self"]

    def example(self) -> dict[str, Any]:
        """Options with every one of them off its default, gathered from the reference's grid."""
        merged: dict[str, Any] = {}
        for options in self.reference.options:
            merged |= options
        return merged


def disagreement(
    what: str, expected: Any, received: Any, rtol: float = RTOL, atol: float = ATOL
) -> str | None:
    """A sentence on the first difference between two arrays, or None where they agree (NaN equals NaN)."""
    if received is None:
        return f"{what}: nothing flows back (the gradient is None)"
    expected, received = np.asarray(expected, "float64"), np.asarray(received, "float64")
    if expected.shape != received.shape:
        return f"{what}: shape {received.shape}, expected {expected.shape}"
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    close = np.isclose(received, expected, rtol=rtol, atol=atol * max(1.0, scale), equal_nan=True)
    if close.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~close)[0])
    return f"{what}: {received[place]:.8g} at {place}, expected {expected[place]:.8g}"
