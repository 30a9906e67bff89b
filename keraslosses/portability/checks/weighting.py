"""The check of weights, masks, ignored entries and reductions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from keras import ops

from keraslosses.core import keras_internals
from keraslosses.core.types import Options, Tensor
from keraslosses.portability import gradients
from keraslosses.portability.finding import Finding, code_of, disagreement, in_words, note, shown, way_to
from keraslosses.portability.targets.subject import Subject

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")


def check_weights(subject: Subject) -> Iterator[Finding]:
    """Every reduction gives the right result with weights, class weights, masks and ignored entries.

    The first options are checked with weights of every shape, the others with one weight for each entry.
    """
    for options in subject.reference.options:
        y_true, y_pred = subject.reference.inputs(options)
        values = subject.reference.values(y_true, y_pred, options)
        shapes = [(), values.shape[:1], (values.shape[0], 1), values.shape]
        if options is not subject.reference.options[0]:
            shapes = shapes[-1:]
        yield from reductions_agree(subject, options, y_true, y_pred, values, shapes)
    if not subject.reference.coupled:
        yield from zero_weight_silences(subject)
        yield from (mask_shortens if subject.reference.masks_are_lengths else mask_leaves_the_mean)(subject)


def reductions_agree(
    subject: Subject, options: Options, y_true: Tensor, y_pred: Tensor, values: Any, shapes: Any
) -> Iterator[Finding]:
    counting = subject.reference.counting
    if counting:
        valid, classes = counting(y_true, y_pred, **options)
    else:
        valid = validity(options, y_true, values, subject)
        classes = class_weight_of(options, y_true, values, subject)
    weights = [None, *(np.random.default_rng(3).uniform(0.5, 2, shape).astype("float32") for shape in shapes)]
    for weight in weights:
        for reduction in REDUCTIONS:
            loss = subject.make(reduction=reduction, **options)
            if subject.reference.kind.weights_inside:
                values = subject.reference.values(y_true, y_pred, {**options, "weight": weight})
            expected = reduced(values, valid, weight, classes, reduction)
            shape = None if weight is None else np.shape(weight)
            what = f"{reduction} with weights of shape {shape} and {options}"
            note(y_true, y_pred, sample_weight=weight)
            try:
                received = ops.convert_to_numpy(
                    loss(y_true, ops.convert_to_tensor(y_pred), sample_weight=weight)
                )
            except Exception as error:
                said = f"{what}: raises {in_words(error)}"
                yield Finding(code_of(error), said, shown(expected), error=way_to(error))
                continue
            code = "weights-differ" if valid is None else "ignored-counted"
            yield from disagreement(code, what, expected, received)


def zero_weight_silences(subject: Subject) -> Iterator[Finding]:
    """A weight of 0 removes the value and the gradient, even if the value is infinite or NaN."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(4,))
    function = subject.make(reduction="sum", **options)
    weight = ops.convert_to_tensor([1.0, 0.0, 2.0, 1.0])
    poisoned = y_pred.copy()
    poisoned[1] = np.inf

    def weighted(y_true: Tensor, y_pred: Tensor) -> Any:
        return function(y_true, y_pred, weight)

    expected, slope = gradients.value_and_gradient(weighted, y_true, y_pred)
    # Compiled torch follows the same path as TensorFlow's graph, and its compiler is the slowest.
    for mode in gradients.MODES[:1] if gradients.BACKEND == "torch" else gradients.MODES[:2]:
        value, gradient = gradients.value_and_gradient(weighted, y_true, poisoned, mode=mode)
        yield from disagreement(
            "weight-0-infinite", f"an infinite input of weight 0, {mode}", expected, value
        )
        yield from disagreement(
            "weight-0-infinite", f"gradient at an infinite input of weight 0, {mode}", slope, gradient
        )


def mask_leaves_the_mean(subject: Subject) -> Iterator[Finding]:
    """Entries that a Keras mask hides are not counted. If the mask hides all entries, the loss is 0."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options)
    values = subject.reference.values(y_true, y_pred, options)
    for mask in (np.arange(values.size).reshape(values.shape) % 3 > 0, np.zeros(values.shape, bool)):
        tensor = ops.convert_to_tensor(y_pred)
        keras_internals.set_attribute(tensor, "_keras_mask", ops.convert_to_tensor(mask))
        note(y_true, y_pred, mask=mask)
        received = ops.convert_to_numpy(subject.make(**options)(y_true, tensor))
        counted = validity(options, y_true, values, subject)
        expected = reduced(values, mask if counted is None else mask & counted, None, None, "mean")
        yield from disagreement(
            "weights-differ", f"a mask that shows {mask.sum()} entries", expected, received
        )


def mask_shortens(subject: Subject) -> Iterator[Finding]:
    """A Keras mask ends each sample like a length, also if there are as many samples as frames."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(6, 6))
    lengths = np.array([6, 5, 6, 4, 6, 5])
    tensor = ops.convert_to_tensor(y_pred)
    mask = np.arange(6) < lengths[:, None]
    keras_internals.set_attribute(tensor, "_keras_mask", ops.convert_to_tensor(mask))
    note(y_true, y_pred, mask=mask)
    received = ops.convert_to_numpy(subject.make(reduction="none", **options)(y_true, tensor))
    expected = subject.reference.values(y_true, y_pred, {**options, "logit_length": lengths})
    yield from disagreement("weights-differ", "a mask that ends the samples", expected, received)


def reduced(values: Any, valid: Any, weight: Any, classes: Any, reduction: str) -> Any:
    """The reduction in NumPy, as the documentation defines it."""
    weight = np.ones(()) if weight is None else np.asarray(weight, "float64")
    if weight.ndim == 2 and values.ndim == 1:
        weight = weight[:, 0]
    weight = np.broadcast_to(weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)), values.shape)
    valid = np.ones(values.shape, bool) if valid is None else valid
    weighted = np.where(valid, values * weight, 0.0)
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction == "mean_with_sample_weight":
        count = np.sum(np.where(valid, weight * (1.0 if classes is None else classes), 0.0))
    else:
        count = valid.sum()
    return weighted.sum() / count if count else 0.0


def validity(options: Options, y_true: Tensor, values: Any, subject: Subject) -> Any:
    if not subject.reference.zeros_count:
        return values > 0
    ignore = options.get("ignore_class")
    if ignore is None:
        return None
    known = y_true != ignore
    if subject.reference.kind.elementwise:
        known = np.any(known, axis=options.get("axis", -1))
    # A value of many labels counts if one of them counts.
    return known.reshape(*values.shape, -1).any(-1)


def class_weight_of(options: Options, y_true: Tensor, values: Any, subject: Subject) -> Any:
    """Σ_c w_c y_c of each entry for a loss with one class per entry; None for every other loss."""
    weights = options.get("class_weights")
    if weights is None or subject.reference.kind.elementwise:
        return None
    if y_true.dtype.kind == "i":
        if y_true.size > values.size:
            return None
        chosen = np.asarray(weights)[y_true]
        of_values = chosen.reshape(*chosen.shape, *[1] * (values.ndim - chosen.ndim))
        return np.broadcast_to(of_values, values.shape)
    return np.tensordot(y_true, weights, axes=(options.get("axis", -1), 0))
