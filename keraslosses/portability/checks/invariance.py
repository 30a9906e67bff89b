"""Two checks of a value: a compiler must not change it, and neither may the other samples of the batch."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from keraslosses.core.types import Tensor
from keraslosses.portability import gradients
from keraslosses.portability.checks.shapes import not_one_for_each
from keraslosses.portability.finding import Finding, disagreement, in_words, of_error
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import Reference

Findings = Iterator[Finding]


def check_compiled(subject: Subject) -> Findings:
    """The compiled loss gives the same as the eager one, also if the batch size is not known.

    Modes that the check of hard inputs runs are left out. The last mode runs with the last options, the other
    modes with the first options.
    """
    every = [mode for mode in gradients.MODES if mode != "eager"]
    rest = [mode for mode in every if mode not in gradients.HARD_MODES]
    known = isinstance(subject.reference, Reference)
    if not rest or not known:
        rest = every
    # The same shape as in the check of the gradient, so that nothing is compiled again.
    leading = {"leading": (3, 2)} if known else {}
    first, last = subject.reference.options[0], subject.reference.options[-1]
    for options, modes in ((first, rest[:-1]), (last, rest[-1:])):
        y_true, y_pred = subject.reference.inputs(options, **leading)
        function = subject.entries(options)
        for mode in modes:
            eager, slope = gradients.eager_value_and_gradient(function, y_true, y_pred)
            cotangent = np.ones(eager.shape, "float32")
            try:
                values, gradient = gradients.value_and_gradient(function, y_true, y_pred, cotangent, mode)
            except Exception as error:
                what = f"{mode} with {options}: does not compile: {in_words(error)}"
                yield replace(of_error(error, "not-traceable"), text=what)
                continue
            yield from disagreement("compiled-differs", f"value {mode} with {options}", eager, values)
            if slope is not None:
                yield from disagreement(
                    "compiled-differs", f"gradient {mode} with {options}", slope, gradient
                )


def samples_stand_alone(subject: Subject) -> Findings:
    """A sample alone has the same value as in a batch, and the order of the batch changes no value."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(5,))
    loss = subject.entries(options)

    def values(y_true: Tensor, y_pred: Tensor) -> np.ndarray:
        return gradients.usual_values_of(loss, y_true, y_pred)

    whole = values(y_true, y_pred)
    if whole.shape[:1] != (5,):
        yield not_one_for_each(5, whole)
        return
    for i in [] if subject.reference.coupled else range(5):
        alone = values(y_true[i : i + 1], y_pred[i : i + 1])
        code = "batch-of-one" if alone.shape != whole[:1].shape else "depends-on-batch"
        yield from disagreement(code, f"sample {i} alone", whole[i : i + 1], alone)
    order = [4, 2, 0, 1, 3]
    shuffled = values(y_true[order], y_pred[order])
    yield from disagreement("depends-on-batch", "in another order", whole[order], shuffled)
