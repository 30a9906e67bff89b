"""The checks of a loss with a reference, so that its formula is known."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.core.types import Options, Tensor
from keraslosses.portability import gradients
from keraslosses.portability.checks.invariance import samples_stand_alone
from keraslosses.portability.finding import Finding, disagreement, guarded, note, shown
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import Hard
from keraslosses.reference.entry import rounded

Findings = Iterator[Finding]


def check_value(subject: Subject) -> Findings:
    """With every set of options, the values are those of the formula, one for each entry."""
    for options in subject.reference.options:
        yield from guarded(f"value with {options}", value_with, subject, options)


def value_with(subject: Subject, options: Options) -> Findings:
    y_true, y_pred = subject.reference.inputs(options)
    expected = subject.reference.values(y_true, y_pred, options)
    received = gradients.values_of(subject.entries(options), y_true, y_pred)
    yield from disagreement("value-differs", f"value with {options}", expected, received)


def check_gradient(subject: Subject) -> Findings:
    """With every set of options, the gradient agrees with central differences of the formula."""
    cases, expected = [], []
    for options in subject.reference.options:
        y_true, y_pred = subject.reference.inputs(options, leading=(3, 2))
        cotangent = cotangent_for(subject.reference.values(y_true, y_pred, options))
        cases.append((subject.entries(options), y_true, y_pred, cotangent))
        expected.append(subject.reference.gradient(y_true, y_pred, options, cotangent))
    received = gradients.of_each(cases)
    for options, slope, (_, gradient) in zip(subject.reference.options, expected, received, strict=True):
        yield from disagreement(
            "gradient-differs", f"gradient with {options}", slope, gradient, rtol=1e-4, atol=1e-5
        )


def check_hard_inputs(subject: Subject) -> Findings:
    """At the hard inputs of the reference, the value and the gradient are right."""
    # Sorted by options, so that the loss is compiled once for each set of options.
    ordered = sorted(subject.reference.hard, key=lambda hard: (str(hard.options), np.shape(hard.y_pred)))
    for mode in gradients.HARD_MODES:
        # torch's compiler and XLA on TensorFlow take seconds for each set of options: they run the first one.
        every = mode == gradients.USUAL
        chosen = [hard for hard in ordered if every or hard.options == ordered[0].options]
        yield from hard_inputs_in(subject, chosen, mode)
    yield from nan_shows(subject)
    yield from wrong_label_shows(subject)


def hard_inputs_in(subject: Subject, hard_inputs: Sequence[Hard], mode: str) -> Findings:
    """Checks the hard inputs in one mode."""
    for hard in hard_inputs:
        y_true, y_pred = rounded(np.asarray(hard.y_true)), np.asarray(hard.y_pred, "float32")
        expected = subject.reference.values(y_true, y_pred, hard.options)
        function = subject.entries(hard.options)
        values, gradient = gradients.value_and_gradient(function, y_true, y_pred, mode=mode)
        yield from disagreement(
            "value-differs", f"value at {hard.what}, {mode}", expected, values, atol=1e-30
        )
        if hard.gradient is None:
            slope = subject.reference.gradient(y_true, y_pred, hard.options, np.ones(expected.shape))
            yield from disagreement(
                "gradient-differs", f"gradient at {hard.what}, {mode}", slope, gradient, rtol=1e-4
            )
        else:
            yield from disagreement(
                "gradient-differs", f"gradient at {hard.what}, {mode}", hard.gradient, gradient
            )


def nan_shows(subject: Subject) -> Findings:
    """If a prediction is NaN, every value that depends on it is NaN and not a finite number."""
    for options in subject.reference.options:
        yield from guarded(f"NaN in y_pred with {options}", nan_shows_with, subject, options)


def nan_shows_with(subject: Subject, options: Options) -> Findings:
    y_true, y_pred = subject.reference.inputs(options)
    for what, place in (("one NaN", np.s_[:1]), ("all NaN", np.s_[:])):
        y_pred = y_pred.copy()
        y_pred.reshape(-1)[place] = np.nan
        expected = subject.reference.values(y_true, y_pred, options)
        received = gradients.values_of(subject.entries(options), y_true, y_pred)
        yield from disagreement("nan-hidden", f"{what} in y_pred with {options}", expected, received)


def wrong_label_shows(subject: Subject) -> Findings:
    """A class index out of range raises an error, or gives NaN."""
    if not subject.reference.kind.labels:
        return
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options)
    count = y_true.flat[0] = y_pred.shape[options.get("axis", -1)]
    try:
        values = gradients.usual_values_of(subject.entries(options), y_true, y_pred)
    except Exception:
        return
    if np.isfinite(values.flat[0]):
        what = f"label {count} of {count} classes costs {values.flat[0]:.6g}"
        yield Finding("wrong-label-costs", what, "an error, or NaN", shown(values))


def check_batch(subject: Subject) -> Findings:
    """A sample has the same value alone and in any batch. An empty batch gives 0 and a gradient."""
    yield from samples_stand_alone(subject)
    yield from guarded("empty batch", empty_batch_costs_nothing, subject)


def empty_batch_costs_nothing(subject: Subject) -> Findings:
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(5,))
    reductions = ("sum_over_batch_size", "sum", "mean_with_sample_weight")
    losses = [subject.make(reduction=reduction, **options) for reduction in reductions]

    def each(y_true: Tensor, y_pred: Tensor) -> Any:
        return ops.stack([loss(y_true, y_pred) for loss in losses])

    empty, gradient = gradients.value_and_gradient(each, y_true[:0], y_pred[:0])
    yield from disagreement("empty-batch", f"empty batch, {', '.join(reductions)}", np.zeros(3), empty)
    yield from disagreement("empty-batch", "gradient of an empty batch", y_pred[:0], gradient)


def check_precision(subject: Subject) -> Findings:
    """Half-precision inputs give the same loss as the same numbers in float32, in the dtype of the loss."""
    for options in (subject.reference.options[0], subject.reference.options[-1]):
        y_true, y_pred = subject.reference.inputs(options)
        for dtype in ("float16", "bfloat16"):
            narrow = ops.cast(ops.convert_to_tensor(y_pred), dtype)
            same = ops.convert_to_numpy(ops.cast(narrow, "float32"))
            function = subject.entries(options)
            expected = gradients.values_of(function, y_true, same)
            received = gradients.values_of(function, y_true, narrow)
            yield from disagreement("half-precision", f"{dtype} inputs with {options}", expected, received)
            result = subject.make(dtype=dtype, **options)(y_true, narrow)
            if keras.backend.standardize_dtype(result.dtype) != dtype:
                yield Finding(
                    "half-precision",
                    f"dtype={dtype!r} gives a result of {keras.backend.standardize_dtype(result.dtype)}",
                )
            step = {"float16": 2e-3, "bfloat16": 2e-2}[dtype]
            mean = ops.convert_to_numpy(subject.make(**options)(y_true, same))
            received = ops.convert_to_numpy(ops.cast(result, "float32"))
            yield from disagreement(
                "half-precision", f"dtype={dtype!r} with {options}", mean, received, rtol=step
            )
        yield from labels_survive(subject, y_true)
    yield from large_batch_survives(subject)


def labels_survive(subject: Subject, y_true: np.ndarray) -> Findings:
    """Class indices that a half-precision dtype cannot represent still select their class."""
    if not subject.reference.kind.labels:
        return
    logits = {"from_logits": True} if "from_logits" in subject.parameters() else {}
    for label in (257, 2049, 70_000):
        labels, y_pred = np.array([label]), np.zeros((1, label + 2), "float32")
        y_pred[0, label] = subject.reference.kind.certain(logits)
        expected = subject.reference.values(labels, y_pred, logits)
        for dtype in ("float16", "bfloat16"):
            loss = subject.make(dtype=dtype, reduction="none", **logits)
            note(labels, y_pred)
            received = ops.convert_to_numpy(ops.cast(loss(labels, y_pred), "float32"))
            yield from disagreement(
                "label-rounded", f"label {label} under {dtype}", expected, received, rtol=2e-2
            )


def large_batch_survives(subject: Subject) -> Findings:
    """With dtype="float16", the mean is finite even if the sum of the values overflows float16."""
    if not subject.reference.kind.any_numbers:
        return
    y_true, y_pred = np.zeros((90_000, 1), "float32"), np.ones((90_000, 1), "float32")
    note(y_true, y_pred)
    mean = ops.convert_to_numpy(subject.make(dtype="float16")(y_true, y_pred))
    expected = np.mean(subject.reference.values(y_true[:1], y_pred[:1], {}))
    yield from disagreement("half-precision", '90,000 ones with dtype="float16"', expected, mean, rtol=2e-3)


def check_options(subject: Subject) -> Findings:
    """A loss with an option out of range cannot be made. The message names the option."""
    refused = [*subject.reference.bad_options, *({name: Nonsense()} for name in subject.example())]
    for options in refused:
        (name,) = options
        try:
            subject.make(**{**subject.reference.options[0], **options})
        except ValueError as error:
            if f"`{name}`" not in str(error) or "Received" not in str(error):
                yield Finding(
                    "option-unchecked",
                    f"{options}: the message does not name the option and the received value: {error}",
                )
        except Exception as error:
            yield Finding(
                "option-unchecked", f"{options}: raises {type(error).__name__}, expected ValueError"
            )
        else:
            yield Finding("option-unchecked", f"{options}: is accepted")


class Nonsense:
    """A value that no option accepts."""

    def __repr__(self) -> str:
        return "object()"


def cotangent_for(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(7).normal(size=values.shape)
