"""The ten checks of a loss that has a reference, by name.

Each takes a `Subject` and yields a sentence for each thing that is wrong; silence means passed. They run on
the backend of this process.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.portability import gradients, lifecycle, weighting
from keraslosses.portability.subject import Subject, disagreement
from keraslosses.reference.entry import rounded

Findings = Iterator[str]


def check_value(subject: Subject) -> Findings:
    """Every option of the grid gives the formula's values, one for each entry."""
    for options in subject.reference.options:
        y_true, y_pred = subject.reference.inputs(options)
        expected = subject.reference.values(y_true, y_pred, options)
        received = gradients.values_of(subject.entries(options), y_true, y_pred)
        yield from told(disagreement(f"value with {options}", expected, received))


def check_gradient(subject: Subject) -> Findings:
    """Every option of the grid gives the gradient of the formula, found by central differences."""
    for options in subject.reference.options:
        y_true, y_pred = subject.reference.inputs(options, leading=(3, 2))
        cotangent = cotangent_for(subject.reference.values(y_true, y_pred, options))
        expected = subject.reference.gradient(y_true, y_pred, options, cotangent)
        _, received = gradients.value_and_gradient(subject.entries(options), y_true, y_pred, cotangent)
        yield from told(disagreement(f"gradient with {options}", expected, received, rtol=1e-4, atol=1e-5))


def check_hard_inputs(subject: Subject) -> Findings:
    """At the hard inputs of the reference: the right value, and the gradient stated or found there."""
    function, options = None, None
    # Those of the same options one after the other: the loss is compiled once for them.
    ordered = sorted(subject.reference.hard, key=lambda hard: (str(hard.options), np.shape(hard.y_pred)))
    for hard in ordered:
        y_true, y_pred = rounded(np.asarray(hard.y_true)), np.asarray(hard.y_pred, "float32")
        expected = subject.reference.values(y_true, y_pred, hard.options)
        if function is None or hard.options != options:
            function, options = subject.entries(hard.options), hard.options
        # What torch's compiler traces takes seconds: there the first options stand for all.
        every_mode = gradients.BACKEND != "torch" or hard.options == ordered[0].options
        for mode in gradients.HARD_MODES if every_mode else gradients.HARD_MODES[:1]:
            values, gradient = gradients.value_and_gradient(function, y_true, y_pred, mode=mode)
            yield from told(disagreement(f"value at {hard.what}, {mode}", expected, values, atol=1e-30))
            if hard.gradient is None:
                ones = np.ones(expected.shape)
                slope = subject.reference.gradient(y_true, y_pred, hard.options, ones)
                yield from told(disagreement(f"gradient at {hard.what}, {mode}", slope, gradient, rtol=1e-4))
            else:
                yield from told(disagreement(f"gradient at {hard.what}, {mode}", hard.gradient, gradient))
    yield from nan_shows(subject)


def nan_shows(subject: Subject) -> Findings:
    """NaN among the predictions makes NaN of every value that depends on it, never a finite number."""
    for options in subject.reference.options:
        y_true, y_pred = subject.reference.inputs(options)
        for what, place in (("one NaN", np.s_[:1]), ("all NaN", np.s_[:])):
            y_pred = y_pred.copy()
            y_pred.reshape(-1)[place] = np.nan
            expected = subject.reference.values(y_true, y_pred, options)
            received = gradients.values_of(subject.entries(options), y_true, y_pred)
            yield from told(disagreement(f"{what} in y_pred with {options}", expected, received))


def check_compiled(subject: Subject) -> Findings:
    """Compiled, and compiled before the batch size is known, it gives what it gives eagerly.

    Only in modes in which no hard inputs are run: the last under the last options, others under the first.
    """
    rest = [mode for mode in gradients.MODES[1:] if mode not in gradients.HARD_MODES] or gradients.MODES[1:]
    first, last = subject.reference.options[0], subject.reference.options[-1]
    for options, modes in ((first, rest[:-1]), (last, rest[-1:])):
        y_true, y_pred = subject.reference.inputs(options)
        function = subject.entries(options)
        for mode in modes:
            eager, slope = gradients.value_and_gradient(function, y_true, y_pred, mode="eager")
            try:
                values, gradient = gradients.value_and_gradient(function, y_true, y_pred, mode=mode)
            except Exception as error:
                yield f"{mode} with {options}: does not compile: {type(error).__name__}: {str(error)[:300]}"
                continue
            yield from told(disagreement(f"value {mode} with {options}", eager, values))
            yield from told(disagreement(f"gradient {mode} with {options}", slope, gradient))


def check_batch(subject: Subject) -> Findings:
    """A sample alone gives what it gives in a batch, in any order; an empty batch gives 0 with a gradient."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(5,))
    loss = subject.entries(options)

    def values(y_true: Any, y_pred: Any) -> np.ndarray:
        return gradients.value_and_gradient(loss, y_true, y_pred)[0]

    whole = values(y_true, y_pred)
    yield from told(disagreement("batch of five", (5,), whole.shape))
    for i in [] if subject.reference.coupled else range(5):
        alone = values(y_true[i : i + 1], y_pred[i : i + 1])
        yield from told(disagreement(f"sample {i} alone", whole[i : i + 1], alone))
    order = [4, 2, 0, 1, 3]
    shuffled = values(y_true[order], y_pred[order])
    yield from told(disagreement("in another order", whole[order], shuffled))
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        empty, gradient = gradients.value_and_gradient(
            subject.make(reduction=reduction, **options), y_true[:0], y_pred[:0]
        )
        yield from told(disagreement(f"empty batch, {reduction}", 0.0, empty))
        yield from told(disagreement(f"gradient of an empty batch, {reduction}", y_pred[:0], gradient))


def check_precision(subject: Subject) -> Findings:
    """Half-precision inputs cost what the same numbers cost in float32; the result has the loss's dtype."""
    for options in (subject.reference.options[0], subject.reference.options[-1]):
        y_true, y_pred = subject.reference.inputs(options)
        for dtype in ("float16", "bfloat16"):
            narrow = ops.cast(ops.convert_to_tensor(y_pred), dtype)
            same = ops.convert_to_numpy(ops.cast(narrow, "float32"))
            function = subject.entries(options)
            expected = gradients.values_of(function, y_true, same)
            received = gradients.values_of(function, y_true, narrow)
            yield from told(disagreement(f"{dtype} inputs with {options}", expected, received))
            result = subject.make(dtype=dtype, **options)(y_true, narrow)
            if keras.backend.standardize_dtype(result.dtype) != dtype:
                yield f"dtype={dtype!r} gives a result of {keras.backend.standardize_dtype(result.dtype)}"
            step = {"float16": 2e-3, "bfloat16": 2e-2}[dtype]
            mean = ops.convert_to_numpy(subject.make(**options)(y_true, same))
            received = ops.convert_to_numpy(ops.cast(result, "float32"))
            yield from told(disagreement(f"dtype={dtype!r} with {options}", mean, received, rtol=step))
        yield from labels_survive(subject, y_true)


def labels_survive(subject: Subject, y_true: np.ndarray) -> Findings:
    """Class indices beyond the whole numbers of a half-precision type still pick their class."""
    if not subject.reference.draw.__name__.startswith("labels"):
        return
    logits = {"from_logits": True} if "from_logits" in subject.parameters() else {}
    for label in (257, 2049, 70_000):
        labels, y_pred = np.array([label]), np.zeros((1, label + 2), "float32")
        y_pred[0, label] = 1.0 if subject.reference.draw.__name__ == "labels_and_cosines" else 20.0
        expected = subject.reference.values(labels, y_pred, logits)
        for dtype in ("float16", "bfloat16"):
            loss = subject.make(dtype=dtype, reduction="none", **logits)
            received = ops.convert_to_numpy(ops.cast(loss(labels, y_pred), "float32"))
            yield from told(disagreement(f"label {label} under {dtype}", expected, received, rtol=2e-2))


def check_options(subject: Subject) -> Findings:
    """Every option out of range is refused when the loss is made, with its name in the message."""
    refused = [*subject.reference.bad_options, *({name: object()} for name in subject.example())]
    for options in refused:
        (name,) = options
        try:
            subject.make(**{**subject.reference.options[0], **options})
        except ValueError as error:
            if f"`{name}`" not in str(error) or "Received" not in str(error):
                yield f"{options}: the message does not name the option and what came: {error}"
        except Exception as error:
            yield f"{options}: raises {type(error).__name__}, expected ValueError"
        else:
            yield f"{options}: is accepted"


def cotangent_for(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(7).normal(size=values.shape)


def told(finding: str | None) -> Findings:
    if finding is not None:
        yield finding


CHECKS: dict[str, Callable[[Subject], Any]] = {
    "value": check_value,
    "gradient": check_gradient,
    "hard inputs": check_hard_inputs,
    "compiled": check_compiled,
    "batch": check_batch,
    "weights": weighting.check_weights,
    "precision": check_precision,
    "saving": lifecycle.check_saving,
    "options": check_options,
    "fit": lifecycle.check_fit,
}


def findings(check: str, subject: Subject) -> list[str]:
    """What a check finds wrong; an exception inside it is a finding too."""
    found = []
    try:
        for finding in CHECKS[check](subject):
            found.append(finding)
    except Exception as error:
        found.append(f"raises {type(error).__name__}: {str(error)[:500]}")
    return found
