"""The check of other transformations: forward mode, the gradient of the gradient, and single samples."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops

from keraslosses.core.types import Options, Tensor
from keraslosses.portability import gradients, transforms
from keraslosses.portability.finding import Finding, difference, of_error, shown, stated
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import Reference

Findings = Iterator[Finding]

# RTOL: the allowed difference between a float32 derivative and a difference of gradients over this STEP.
STEP, RTOL = 1e-3, 5e-2


def check_transformations(subject: Subject) -> Findings:
    """Forward mode agrees with the gradient, single samples with the batch, and the gradient of the gradient
    with differences of gradients. A loss that does not support one of them may raise a ValueError.
    """
    given = subject.reference.options if isinstance(subject.reference, Reference) else ({},)
    # Compiling takes JAX seconds, so only the first options are checked there.
    last = given[-1:] if len(given) > 1 and gradients.BACKEND != "jax" else ()
    for options in (given[0], *last):
        yield from with_options(subject, options)


def with_options(subject: Subject, options: Options) -> Findings:
    y_true, y_pred = subject.reference.inputs(options, leading=(4,))
    function = subject.entries(options)
    direction = np.random.default_rng(5).normal(size=y_pred.shape).astype("float32")
    described = isinstance(subject.reference, Reference)
    expected = expectations(subject, function, y_true, y_pred, direction, described)
    made = transforms.transformations(function, y_true, y_pred, direction, squared=described)
    for name, transformed in made.items():
        wanted = expected[transforms.KINDS[name]]
        if wanted is None:
            continue
        what = f"{name} with {options}"
        try:
            received = ops.convert_to_numpy(transformed())
        except Exception as error:
            if not stated(error):
                finding = of_error(error, "transformation-differs")
                yield replace(finding, text=f"{what}: {finding.text}", inputs="")
            continue
        yield from disagreeing(what, wanted, received, described)


def expectations(
    subject: Subject, function: Any, y_true: Tensor, y_pred: Tensor, direction: Tensor, squared: bool
) -> dict[str, Any]:
    """The expected result of each kind of transformation; None if it is not known."""

    # One function for the three places, so that JAX compiles it once.
    def total(y_true: Tensor, x: Any) -> Any:
        return transforms.total_of(function(y_true, x), squared)[None]

    def gradient(x: Any) -> np.ndarray:
        found = gradients.value_and_gradient(total, y_true, x)[1]
        return np.zeros_like(x) if found is None else np.asarray(found, "float64")

    step = np.float32(STEP)
    here, ahead, behind = (gradient(y_pred + place * direction) for place in (0 * step, step, -step))
    with np.errstate(all="ignore"):  # A gradient may be infinite.
        rise, before = (ahead - here) / step, (here - behind) / step
        curvature = (rise + before) / 2
    scale = max(1.0, float(np.max(np.abs(curvature), initial=0.0)))
    # At a kink, or if float32 has too few digits, the differences on the two sides disagree.
    smooth = np.allclose(rise, before, rtol=RTOL, atol=RTOL * scale)
    # A part that the gradient holds constant is also constant in the derivative of the gradient, but not in
    # the differences.
    held = getattr(subject.reference, "frozen", None) is not None
    alone = None if subject.reference.coupled else gradients.usual_values_of(function, y_true, y_pred)
    return {
        "gradient": here,
        "slope": np.sum(here * direction),
        "curvature": curvature if smooth and not held else None,
        "values": alone,
    }


def disagreeing(what: str, wanted: Any, received: np.ndarray, described: bool) -> Findings:
    """A finding if the two differ.

    If no formula is known, only a derivative of 0 is a finding: the loss may hold parts constant on purpose.
    """
    if described or not np.isfinite(received).all():
        text = difference(np.asarray(wanted, "float64"), np.asarray(received, "float64"), RTOL, RTOL)
    else:
        lost = not np.any(received) and np.max(np.abs(wanted), initial=0.0) > RTOL
        text = "is 0, without an error" if lost else None
    if text:
        yield Finding("transformation-differs", f"{what}: {text}", shown(wanted), shown(received))
