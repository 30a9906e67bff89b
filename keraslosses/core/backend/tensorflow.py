"""The functions that are better on TensorFlow than in `portable`. The docstrings in `portable` hold here."""

import sys
from typing import Any

import numpy as np
import tensorflow as tf

from keraslosses.core.backend import portable
from keraslosses.core.backend.alignments import alignments
from keraslosses.core.backend.class_chunks import Classes, Sums, gradients_of_all, products, sums
from keraslosses.core.backend.class_chunks import gradients as class_gradients
from keraslosses.core.backend.tensorflow_internals import is_eager, under_xla
from keraslosses.core.backend.tensorflow_maxima import larger as larger
from keraslosses.core.backend.tensorflow_maxima import largest as largest
from keraslosses.core.backend.tensorflow_maxima import largest_along as largest_along
from keraslosses.core.backend.tensorflow_maxima import running_max as running_max
from keraslosses.core.backend.tensorflow_maxima import smaller as smaller
from keraslosses.core.backend.tensorflow_maxima import smallest_along as smallest_along
from keraslosses.core.backend.tensorflow_replicas import gather_over_replicas as gather_over_replicas
from keraslosses.core.backend.tensorflow_replicas import mean_over_replicas as mean_over_replicas
from keraslosses.core.backend.tensorflow_replicas import replicas as replicas
from keraslosses.core.backend.tensorflow_replicas import rows_before as rows_before
from keraslosses.core.backend.tensorflow_rows import by_rows as by_rows
from keraslosses.core.backend.tensorflow_totals import either as either
from keraslosses.core.backend.tensorflow_totals import in_range
from keraslosses.core.backend.tensorflow_totals import mean_of as mean_of
from keraslosses.core.backend.tensorflow_totals import shown_unless_zero as shown_unless_zero
from keraslosses.core.backend.tensorflow_totals import sums_of_both as sums_of_both
from keraslosses.core.backend.tensorflow_totals import times_unless_zero as times_unless_zero
from keraslosses.core.backend.tensorflow_totals import total as total
from keraslosses.core.explicit import along_rows
from keraslosses.core.keras_internals import in_stateless_scope, raw_value
from keraslosses.core.types import Tensor


def peek(tensor: Any) -> np.ndarray | None:
    if isinstance(tensor, np.ndarray):
        return tensor
    eager = tf.is_tensor(tensor) and is_eager(tensor) and not tf.is_symbolic_tensor(tensor)
    return tensor.numpy() if eager and "CPU" in tensor.device else None


def computed(tensor: Any) -> bool:
    return not tf.is_symbolic_tensor(tensor)


def repaired(repair: Any, tensors: Any, bounds: Any, whole_rows: bool) -> Any:
    """Without XLA, each step of a repair is a pass over the data. So it runs only if it is needed."""
    if under_xla() or tf.executing_eagerly():
        return repair(*tensors)
    fine = [in_range(tensor, bound[0]) for tensor, bound in zip(tensors, bounds, strict=True) if bound]

    @tf.custom_gradient
    def made(*tensors: Any) -> Any:
        kept = tf.cond(tf.reduce_all(fine), lambda: [*tensors], lambda: repair(*tensors))
        return kept, lambda *upstream: upstream

    return made(*tensors)


def nan_where(condition: Tensor, dtype: Any) -> Any:
    """All bits set are a NaN. XLA stores the result of a root, but computes this again where it is read."""
    whole = f"int{8 * tf.as_dtype(dtype).size}"
    return tf.bitcast(-tf.cast(condition, whole), dtype)


def explicit(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    @tf.custom_gradient
    def values(y_true: Tensor, y_pred: Tensor) -> Any:
        found = formula(y_true, y_pred)

        def gradient(upstream: Tensor) -> Any:
            return gradients(formula, found, y_true, y_pred, along_rows(upstream, found.values, axis))

        return found.values, gradient

    return values(y_true, y_pred)


def explicit_mean(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    """The upstream gradient is one number, so no array of the size of the values is made for it."""

    @tf.custom_gradient
    def mean(y_true: Tensor, y_pred: Tensor) -> Any:
        found = formula(y_true, y_pred)
        count = tf.maximum(tf.cast(tf.size(found.values), found.values.dtype), 1)

        def gradient(upstream: Tensor) -> Any:
            share = along_rows(upstream / count, found.values, axis)
            return gradients(formula, found, y_true, y_pred, share)

        return total(found.values) / count, gradient

    return mean(y_true, y_pred)


def gradients(formula: Any, found: Any, y_true: Tensor, y_pred: Tensor, upstream: Tensor) -> tuple[Any, Any]:
    """The gradients by both inputs. A graph drops the gradient by y_true if it is not needed."""
    by_pred = upstream * found.by_pred()
    if found.by_true is not None:
        return upstream * found.by_true(), by_pred
    with tf.GradientTape() as tape:
        tape.watch(y_true)
        values = formula(y_true, y_pred).values
    upstream = (
        tf.reshape(upstream, tf.shape(values)) if len(upstream.shape) else upstream * tf.ones_like(values)
    )
    return tape.gradient(values, y_true, upstream), by_pred


def negative_log_likelihood(logits: Tensor, labels: Tensor) -> Any:
    """Uses the kernel that keeps the softmax for the gradient. Under XLA, the fused formula is faster."""
    if under_xla():
        return portable.negative_log_likelihood(logits, labels)
    values = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return portable.without_gradient_at_infinity(values)


def filled_up(tensor: Any) -> tuple[Any, Any]:
    if isinstance(tensor, tf.RaggedTensor):
        return tensor.to_tensor(), tensor.row_lengths()
    return tensor, None


def ctc(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    @tf.custom_gradient
    def values(scores: Tensor) -> Any:
        found = alignments(scores, labels, label_length, frame_length, blank, softmax, sys.modules[__name__])
        return found.values, lambda upstream: once(upstream[:, None, None] * found.by_pred(), scores)

    return values(scores)


by_class = portable.by_class


def log_add(a: Any, b: Any) -> Any:
    """Uses fewer kernels. XLA makes one kernel of all operations, and softplus is slower there."""
    if under_xla():
        return portable.log_add(a, b)
    larger = tf.maximum(a, b)
    return larger + tf.nn.softplus(tf.minimum(a, b) - larger)


def highest(tensor: Any, axis: int) -> Any:
    return tf.reduce_max(tensor, axis, keepdims=True)


def take_classes(scores: Tensor, places: Any) -> Any:
    return tf.gather(scores, places, axis=2, batch_dims=1)


def states(step: Any, start: Any, frames: Any) -> Any:
    """Uses tf.scan: the scan of Keras must know the number of frames when it is traced."""
    return tf.scan(step, frames, start)


@tf.custom_gradient
def once(gradient: Any, scores: Tensor) -> Any:
    """The gradient. Differentiating it raises an error."""

    def twice(*upstream: Tensor) -> Any:
        raise portable.no_second_derivative()

    return tf.identity(gradient), twice


def class_sums(features: Tensor, labels: Tensor, classes: Classes) -> Sums:
    there = [one is not None for one in classes.trained]

    @tf.custom_gradient
    def values(features: Tensor, *trained: Any) -> Any:
        rest = iter(trained)
        those = classes.holding(classes.weights, *(next(rest) if given else None for given in there))
        found, kept = sums(features, labels, those, sys.modules[__name__])

        def gradient(*upstream: Tensor) -> Any:
            made = class_gradients(
                features, labels, those, kept, found, Sums(*upstream), sys.modules[__name__]
            )
            return [once(one, features) for one in made if one is not None]

        return tuple(found), gradient

    return Sums(*values(features, *(one for one in classes.trained if one is not None)))


def products_of_all(features: Tensor, kernel: Any, scale: float | None) -> Any:
    @tf.custom_gradient
    def values(features: Tensor, kernel: Any) -> Any:
        def gradient(upstream: Tensor) -> Any:
            return gradients_of_all(upstream, (features, kernel), scale, sys.modules[__name__])

        return products(features, kernel, scale, sys.modules[__name__]), gradient

    return values(features, kernel)


scaled_exp = portable.scaled_exp


def wide_product(a: Any, b: Any) -> Any:
    if under_xla():
        return tf.raw_ops.BatchMatMulV3(x=a, y=b, Tout=tf.float32)
    return portable.wide_product(a, b)


def parts(tensor: Any) -> list[Any]:
    return [tensor] if under_xla() else portable.parts(tensor)


def rows_from(tensor: Any, start: Any, count: int) -> Any:
    """A slice of known size, as XLA needs it."""
    nowhere = [0] * (len(tensor.shape) - 1)
    return tf.slice(tensor, [start, *nowhere], [count, *tensor.shape[1:]])


def fold(first: int, end: int, step: Any, start: Any) -> Any:
    """Runs one step after the other. Steps in parallel would need the memory that chunks save."""
    return tf.while_loop(
        lambda i, carry: i < end,
        lambda i, carry: (i + 1, step(i, carry)),
        (tf.constant(first), start),
        parallel_iterations=1,
    )[1]


def fold_keeping(count: int, step: Any, start: Any) -> tuple[Any, Any]:
    """Under XLA this is a loop: else XLA would compute all pieces at once.

    Without XLA there is no loop, so that each piece is freed after its use.
    """
    if not count or not under_xla():
        return portable.fold_keeping(count, lambda i, carry: after(carry, step, i, carry), start)

    def further(i: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        carry, made = step(i, state[0])
        return carry, state[1].write(i, made)

    array = tf.TensorArray(start[0].dtype, size=count, clear_after_read=False)
    carry, array = fold(0, count, further, (start, array))
    return carry, (array, count)


def after(earlier: Any, function: Any, *arguments: Any) -> Any:
    """function(*arguments), computed after the tensors in `earlier`, not in parallel."""
    with tf.control_dependencies(tf.nest.flatten(earlier)):
        return function(*arguments)


def fold_and_join(first: Any, kept: Any, count: int, step: Any, start: Any, like: Any) -> tuple[Any, Any]:
    if under_xla():
        return fold_in_place(first, kept, count, step, start, like)
    before = 0 if first is None else 1

    def noted(arrays: list[Any], place: Any, pieces: Any) -> list[Any]:
        return [array.write(place, piece) for array, piece in zip(arrays, pieces, strict=True)]

    def further(i: Any, logits: Tensor, state: Any) -> Any:
        carry, pieces = step(i, logits, state[0])
        return carry, noted(state[1], before + i, pieces)

    shapes = [[None, *one.shape[1:]] for one in like]
    arrays = [
        tf.TensorArray(one.dtype, before + count, infer_shape=False, element_shape=shape)
        for one, shape in zip(like, shapes, strict=True)
    ]
    state = start, noted(arrays, 0, first) if before else arrays
    for i, logits in enumerate(kept):
        state = after(state[0], further, i, logits, state)
    carry, arrays = fold(len(kept), count, lambda i, state: further(i, None, state), state)
    return carry, [array.concat() for array in arrays]


def fold_in_place(first: Any, kept: Any, count: int, step: Any, start: Any, like: Any) -> tuple[Any, Any]:
    """Writes each piece directly to its place, which works under XLA. Else the memory is needed twice."""
    joined = [tf.zeros_like(one) for one in like]
    before = 0 if first is None else first[0].shape[0]
    if before:
        joined = written(joined, first, 0)

    def further(i: Any, logits: Tensor, state: Any) -> Any:
        carry, pieces = step(i, logits, state[0])
        return carry, written(state[1], pieces, before + i * pieces[0].shape[0])

    state, counted = (start, joined), 0
    if kept:
        array, counted = kept
        state = fold(0, counted, lambda i, state: further(i, array.read(i), state), state)
    return fold(counted, count, lambda i, state: further(i, None, state), state)


def written(joined: list[Any], pieces: Any, place: Any) -> list[Any]:
    rows = (place + tf.range(pieces[0].shape[0]))[:, None]
    return [
        tf.tensor_scatter_nd_update(whole, rows, made) for whole, made in zip(joined, pieces, strict=True)
    ]


def pick(tensor: Any, labels: Tensor) -> Any:
    return tf.gather(tensor, labels, axis=-1, batch_dims=len(labels.shape))


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    shape = tf.shape(tensor)
    flat, rows = tf.reshape(labels, [-1]), tf.reshape(tensor, [-1, shape[-1]])
    changes = tf.broadcast_to(tf.reshape(tf.convert_to_tensor(change, tensor.dtype), [-1]), tf.shape(flat))
    places = tf.stack([tf.range(tf.size(flat)), flat], axis=-1)
    return tf.reshape(tf.tensor_scatter_nd_add(rows, places, changes), shape)


def multi_label_margin(labels: Tensor, scores: Tensor) -> Any:
    @tf.custom_gradient
    def values(scores: Tensor) -> Any:
        # The values are piecewise linear: the derivative of their derivative is 0.
        found = portable.margins_of_lists(labels, tf.stop_gradient(scores))
        return found.values, lambda upstream: along_rows(upstream, found.values, -1) * found.by_pred()

    return values(scores)


def take_rows(variable: Any, indices: Any) -> Any:
    if in_stateless_scope():
        return portable.take_rows(variable, indices)
    return tf.gather(raw_value(variable), indices)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    if in_stateless_scope():
        portable.add_to_rows(variable, indices, changes)
    else:
        raw_value(variable).scatter_add(tf.IndexedSlices(changes, indices))


def squared_differences(a: Any, b: Any) -> Any:
    return squared_differences_by_rows(tf.stop_gradient(a), tf.stop_gradient(b))


@tf.function(reduce_retracing=True)
def squared_differences_by_rows(a: Any, b: Any) -> Any:
    """One row of a after the other: an array of the differences of all pairs would be large."""
    return tf.map_fn(lambda row: tf.reduce_sum(tf.square(row - b), axis=-1), a)


def places_among(rows: Any, numbers: Any, side: str) -> Any:
    return tf.searchsorted(tf.stop_gradient(rows), tf.stop_gradient(numbers), side=side)
