"""Every function of the seam in `keras.ops`: what it means, and how it runs where a backend has no better."""

import sys
from typing import Any

import numpy as np

from keraslosses.core.backend import ops
from keraslosses.core.backend.alignments import alignments
from keraslosses.core.backend.class_chunks import Classes, Sums, sums
from keraslosses.core.backend.kinds import unreadable as unreadable
from keraslosses.core.explicit import Explicit
from keraslosses.core.limits import LOWEST
from keraslosses.core.types import DType, Tensor


def peek(tensor: Any) -> np.ndarray | None:
    """The value as a NumPy array where reading it costs no transfer and no trace, else None.

    That is: computed already, in this process, and on the CPU.
    """
    return np.asarray(tensor)


def repaired(repair: Any, tensors: Any, bounds: Any) -> Any:
    """repair(*tensors), which changes nothing where each tensor of `bounds` lies between 0 and its bound.

    Their gradients flow through unchanged. A compiler makes it part of what comes after.
    """
    return repair(*tensors)


def computed(tensor: Any) -> bool:
    """Whether a tensor has its value already, on whatever device: it has none where code is compiled."""
    return True


def constant(numbers: Tensor, dtype: DType, near: Any) -> Any:
    """One number, or a list of them, as a tensor on the device of another.

    Through an array: Keras walks through a list number by number.
    """
    return ops.convert_to_tensor(np.asarray(numbers, "float64"), dtype=dtype)


def has_float64() -> bool:
    """Whether there are tensors of float64: JAX has none unless it is told to."""
    return True


def full_precision() -> Any:
    """A context in which the backend narrows nothing by itself; None where it does not anyway."""
    return None


def may_warn() -> bool:
    """Whether a warning can be raised here: where torch traces a function, the call cannot be compiled."""
    return True


def replicas() -> int:
    """How many replicas share a step and sum their gradients (only TensorFlow's strategies do)."""
    return 1


def explicit(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    """The values of a formula that returns `Explicit`, with the derivatives that it states.

    `axis` is the one that the formula consumes, or None. `faster` gives the same values faster for some
    inputs, and None for others.
    """
    return formula(y_true, y_pred).values


def explicit_mean(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    """The mean of the values over everything, and 0 if there are none."""
    return mean(explicit(formula, y_true, y_pred, axis))


def mean(values: Any) -> Any:
    """The mean over everything, and 0 of nothing."""
    return ops.sum(values) / ops.maximum(ops.cast(ops.size(values), values.dtype), 1)


def total(values: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The sum, in the form in which a compiler adds up products without writing their factors down, and keeps
    the digits of many numbers. `keepdims` is for one axis.
    """
    return ops.sum(values, axis=axis, keepdims=keepdims)


def negative_log_likelihood(logits: Tensor, labels: Tensor) -> Any:
    """-log softmax(logits)[label] along the last axis, without a one-hot; where it is inf nothing flows back.

    Labels must lie in range.

    This is one pass where a compiler fuses it. The label's logit is shifted before the logarithm is taken
    from it: at large logits the other order loses its digits.
    """
    shifted = logits - ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    log_p = pick(shifted, labels) - ops.log(ops.sum(ops.exp(shifted), axis=-1))
    return without_gradient_at_infinity(-log_p)


def without_gradient_at_infinity(values: Any) -> Any:
    """The values themselves; where one is +inf nothing flows back."""
    return ops.where(ops.isinf(values), ops.stop_gradient(values), values)


def filled_up(tensor: Any) -> tuple[Any, Any]:
    """A tensor of rows of one length, and how long the rows of a ragged one were, else None.

    Only TensorFlow has ragged tensors; theirs are filled up with zeros.
    """
    return tensor, None


def ctc(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    """-log P(labels) (batch,) over all their alignments with the frames; inf, without a gradient, for none.

    `scores` (batch, frames, classes) are logits if `softmax`, else logarithms of probabilities; there is at
    least one frame. `labels` (batch, N) are classes, of which the first `label_length` count. There is no
    second derivative.
    """
    return alignments(
        scores, labels, label_length, frame_length, blank, softmax, sys.modules[__name__]
    ).values


def log_add(a: Any, b: Any) -> Any:
    """log(e^a + e^b) of finite numbers."""
    return ops.maximum(a, b) + ops.log(1.0 + ops.exp(-ops.abs(a - b)))


def highest(tensor: Any, axis: int) -> Any:
    """The maximum along an axis, which stays with size 1; other axes may be empty."""
    return ops.max(tensor, axis=axis, keepdims=True)


def take_classes(scores: Tensor, places: Any) -> Any:
    """scores[b, t, places[b, n]] as (batch, frames, n)."""
    return ops.take_along_axis(scores, places[:, None], axis=2)


def by_class(of_places: Any, labels: Tensor, classes: Any) -> Any:
    """The sum of of_places[t, n, b] over the places whose labels[b, n] is c, as (batch, frames, c)."""
    one_hot = ops.cast(labels[:, :, None] == ops.arange(classes, dtype="int32")[None, None], of_places.dtype)
    return ops.matmul(ops.transpose(of_places, (2, 0, 1)), one_hot)


def states(step: Any, start: Any, frames: Any) -> Any:
    """What `step(state, frame)` makes of the state, frame by frame along the first axis: all, stacked."""

    def twice(state: Any, frame: Any) -> tuple[Any, Any]:
        after = step(state, frame)
        return after, after

    return ops.scan(twice, start, frames)[1]


def no_second_derivative() -> ValueError:
    return ValueError(
        "This loss (CTC, or one over chunks of classes) has a first derivative, but no second one. Received: "
        "a request for the gradient of its gradient (as gradient penalties and Hessians make)."
    )


def class_sums(features: Tensor, labels: Tensor, classes: Classes) -> Sums:
    """What cross-entropy reads off the logits of the classes. There is no second derivative."""
    return sums(features, labels, classes, sys.modules[__name__])[0]


def exp_of_difference(a: Any, b: Any) -> Any:
    return ops.exp(a - b)


def rows_from(tensor: Any, start: Any, count: int) -> Any:
    """The rows from `start` on, as many as `count`."""
    return tensor[start : start + count]


def added_to_rows(tensor: Any, indices: Any, changes: Any) -> Any:
    """A tensor like this one, which nobody needs any more, with the changes added to its rows."""
    return ops.scatter_update(tensor, indices[:, None], changes, reduction="add")


def fold(first: int, end: int, step: Any, start: Any) -> Any:
    """carry = step(i, carry) for i from `first` to end - 1."""
    carry = start
    for i in range(first, end):
        carry = step(i, carry)
    return carry


def fold_keeping(count: int, step: Any, start: Any) -> tuple[Any, Any]:
    """carry, made = step(i, carry) for i from 0 to count - 1: the last carry, and all that was made."""
    carry, kept = start, []
    for i in range(count):
        carry, made = step(i, carry)
        kept.append(made)
    return carry, kept


def fold_and_join(first: Any, kept: Any, count: int, step: Any, start: Any, like: Any) -> tuple[Any, Any]:
    """carry, pieces = step(i, what was kept for i or None, carry) for i from 0 to count - 1.

    Gives the last carry, and the pieces, with those of `first` before them, joined along their first axis:
    arrays like those of `like`.
    """
    carry, pieces = start, [] if first is None else [first]
    for i in range(count):
        carry, made = step(i, kept[i] if i < len(kept) else None, carry)
        pieces.append(made)
    return carry, [ops.concatenate(parts, axis=0) for parts in zip(*pieces, strict=True)]


# Whose exponential is 0, and which is no infinity in the graph.
FAR_BELOW = LOWEST


def size_and_sign(x: Any) -> tuple[Any, Any]:
    """abs(x) and the sign of x, 1 or -1 at 0: there the derivative of their product with a function of size
    is that of the function.
    """
    negative = x < 0
    return ops.where(negative, -x, x), ops.where(negative, -1.0, ops.ones_like(x))


def largest(tensor: Any) -> Any:
    """The maximum along the last axis; those that tie for it share the gradient."""
    return ops.max(tensor, axis=-1)


def pick(tensor: Any, labels: Tensor) -> Any:
    """tensor[..., label] along the last axis. Labels must lie in range."""
    return ops.take_along_axis(tensor, labels[..., None], axis=-1)[..., 0]


def is_class(labels: Tensor, scores: Tensor) -> Any:
    """Whether each place along the last axis of the scores is that of the row's label."""
    classes = ops.arange(ops.shape(scores)[-1], dtype="int32")
    return ops.reshape(classes, (*[1] * len(labels.shape), -1)) == labels[..., None]


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    """A tensor like this one with `change` (a number, or one for each label) added at [..., label]."""
    here = is_class(labels, tensor)
    change = ops.convert_to_tensor(change, dtype=tensor.dtype)
    return ops.where(here, tensor + (change[..., None] if len(change.shape) else change), tensor)


def multi_margin(labels: Tensor, scores: Tensor, p: int, margin: float) -> Any:
    """Σ over classes i that are not the label of max(margin - score[label] + score[i], 0)^p, by their number.

    Scores are subtracted from each other before the margin comes in, which would lose its digits in a large
    one. The `where` between keeps TensorFlow's graph from changing that order.
    """
    others = ops.logical_not(is_class(labels, scores))
    lead = scores - pick(scores, labels)[..., None]
    excess = margin + ops.where(others, lead, ops.cast(-margin, lead.dtype))
    shortfall = ops.where(excess <= 0, ops.zeros_like(excess), excess)
    total = ops.sum(shortfall if p == 1 else ops.square(shortfall), axis=-1)
    return total / ops.cast(ops.shape(scores)[-1], scores.dtype)


def multi_label_margin(labels: Tensor, scores: Tensor) -> Any:
    """Σ over labels j and classes i that are none of max(1 - score[j] + score[i], 0), by their number.

    A label of -1 stands for none.
    """
    return margins_of_lists(labels, scores).values


def margins_of_lists(labels: Tensor, scores: Tensor) -> Explicit:
    """`multi_label_margin`, place by place of the lists: nothing larger than the scores is made."""
    longest = ops.max(ops.sum(ops.cast(labels >= 0, "int32"), axis=-1), initial=0)
    zeros = ops.zeros_like(scores)

    def at(place: Any) -> Any:
        return is_class(ops.take(labels, place, axis=-1), scores)

    free = ops.while_loop(
        lambda place, free: place < longest,
        lambda place, free: (place + 1, ops.where(at(place), zeros, free)),
        (ops.zeros((), dtype="int32"), zeros + 1.0),
    )[1]

    def add_place(place: Any, values: Any, slope: Any) -> Any:
        here = at(place)
        own = ops.sum(ops.where(here, scores, zeros), axis=-1, keepdims=True)
        asked = ops.logical_and(ops.any(here, axis=-1, keepdims=True), free > 0)
        excess = 1.0 + (scores - own)
        short = ops.logical_and(asked, ops.logical_not(excess <= 0))
        count = ops.cast(short, scores.dtype)
        values = values + ops.sum(ops.where(short, excess, zeros), axis=-1)
        return (
            place + 1,
            values,
            slope + count - ops.where(here, ops.sum(count, axis=-1, keepdims=True), zeros),
        )

    _, values, slope = ops.while_loop(
        lambda place, values, slope: place < longest,
        add_place,
        (ops.zeros((), dtype="int32"), ops.sum(zeros, axis=-1), zeros),
    )
    count = ops.cast(ops.shape(scores)[-1], scores.dtype)
    return Explicit(values / count, lambda: slope / count)


def take_rows(variable: Any, indices: Any) -> Any:
    """Rows of a variable, read without copying the whole of it."""
    return ops.take(variable.value, indices, axis=0)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    """variable[indices[i]] += changes[i] for every i, in place; an index that repeats adds up."""
    variable.assign(variable.value + ops.segment_sum(changes, indices, num_segments=variable.shape[0]))


def gather_over_replicas(tensor: Any) -> Any:
    """The tensors of all replicas, one after the other along the first axis; the tensor itself on one.

    Replicas are those of a `tf.distribute` strategy, or the processes of an initialised `torch.distributed`
    group. JAX needs no gathering: it computes on the global batch whatever its sharding.
    """
    return tensor
