"""The check of inputs outside the domain of a loss: it must raise an error or give NaN."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keraslosses.core.types import Options
from keraslosses.portability import gradients
from keraslosses.portability.finding import Finding, shown
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference.kinds.changes import Outside

# Without a compiler, and as `fit` runs the loss.
MODES = ("eager", *[mode for mode in gradients.MODES[:2] if mode != "eager"])


def check_domain(subject: Subject) -> Iterator[Finding]:
    """Numbers that are not probabilities or not targets raise an error or give NaN, never a number."""
    for options in option_sets(subject):
        for case in cases(subject, options):
            for mode in MODES:
                yield from number_for(subject, options, case, mode)


def option_sets(subject: Subject) -> list[Any]:
    """The first set of options for probabilities, and the first one for logits."""
    kinds = {bool(options.get("from_logits")): options for options in reversed(subject.reference.options)}
    return [kinds[from_logits] for from_logits in sorted(kinds)]


def cases(subject: Subject, options: Options) -> list[Outside]:
    reference = subject.reference
    given = {**reference.draw_options, **options}
    return reference.kind.outside(given, *reference.inputs(options, leading=(3,)))


def number_for(subject: Subject, options: Options, case: Outside, mode: str) -> Iterator[Finding]:
    """A finding if the value of the sample outside the domain is a number."""
    function = subject.entries(options)
    try:
        if mode == "eager":
            values = gradients.values_of(function, case.y_true, case.y_pred)
        else:
            values, _ = gradients.value_and_gradient(function, case.y_true, case.y_pred, mode=mode)
    except Exception:
        return
    first = np.ravel(values[:1] if np.ndim(values) else values)
    if np.isfinite(first).any():
        what = f"{case.what}, {mode} with {options}, cost {first[np.isfinite(first)][0]:.6g}"
        yield Finding("domain-unchecked", what, "an error, or NaN", shown(values))
