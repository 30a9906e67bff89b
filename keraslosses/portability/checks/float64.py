"""The check of double precision: with float64 inputs, every step is computed in float64."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from keraslosses.core.types import Options
from keraslosses.portability import gradients
from keraslosses.portability.finding import Finding, disagreement, note
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import Reference

Findings = Iterator[Finding]

# This factor turns every float32 number into a number that float32 cannot represent.
OFF_FLOAT32 = 1 + 1e-9
STEP = 1e-6


def check_float64(subject: Subject) -> Findings:
    """float64 inputs give float64 values and gradients with the precision of float64."""
    known = isinstance(subject.reference, Reference)
    every = subject.reference.options if known else ({},)
    if gradients.BACKEND == "jax":  # Compiling takes seconds, so only the first options are checked.
        every = every[:1]
    cases, leading = [], (3, 2) if known else None
    for options in every:
        y_true, y_pred = (wide(array) for array in subject.reference.inputs(options, leading=leading))
        cases.append((in_float64(subject, options), y_true, y_pred * OFF_FLOAT32, 1.0))
    with gradients.float64_allowed():
        for options, case, found in zip(every, cases, gradients.of_each(cases), strict=True):
            _, y_true, y_pred, _ = case
            values, gradient = found
            yield from of_float64(f"with {options}" if known else "of float64 inputs", values, gradient)
            if known:
                expected = subject.reference.values(y_true, y_pred, options)
                yield from disagreement(
                    "float64-narrowed",
                    f"float64 value with {options}",
                    expected,
                    values,
                    rtol=1e-12,
                    atol=1e-14,
                )
            elif gradient is not None:
                yield from digits_lost(*case[:3], values, gradient)


def in_float64(subject: Subject, options: Options) -> Any:
    """The loss without a reduction, with dtype float64. A function has no dtype."""
    if subject.function is not None:
        return subject.entries(options)
    return subject.make(reduction="none", dtype="float64", **options)


def wide(array: np.ndarray) -> np.ndarray:
    return array.astype("float64") if array.dtype.kind == "f" else array


def of_float64(what: str, values: np.ndarray, gradient: np.ndarray | None) -> Findings:
    for name, array in (("value", values), ("gradient", gradient)):
        if array is not None and array.dtype != np.float64:
            yield Finding("float64-narrowed", f"{name} {what} is {array.dtype}, expected float64")


def digits_lost(
    function: Any, y_true: np.ndarray, y_pred: np.ndarray, values: np.ndarray, gradient: np.ndarray
) -> Findings:
    """A finding if a small step does not change the values as the gradient says.

    The step is too small for the seven digits of float32.
    """
    direction = np.random.default_rng(3).normal(size=y_pred.shape)
    y_pred, direction = np.asarray(y_pred, "float64"), np.asarray(direction)
    moved = []
    for sign in (1, -1):
        shifted = keras.ops.convert_to_tensor(y_pred + sign * STEP * direction, dtype="float64")
        moved.append(np.sum(gradients.usual_values_of(function, y_true, shifted), dtype="float64"))
    note(y_true, y_pred)
    slope = (moved[0] - moved[1]) / (2 * STEP)
    expected = np.sum(np.where(np.isfinite(gradient), gradient, 0.0) * direction)
    size = np.sum(np.abs(gradient * direction)) + 1e-9 * np.sum(np.abs(values))
    if not abs(slope - expected) <= 1e-3 * size:
        yield Finding(
            "float64-narrowed",
            f"float64 inputs are computed with fewer digits: a step of {STEP:g} changes the values by "
            f"{slope:.6g} per unit, their gradient says {expected:.6g}",
        )
