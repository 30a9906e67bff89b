"""All functions of this folder's interface, written with `keras.ops`. Their docstrings hold for all backends.

A backend uses a function of this module unless its own module has one with the same name.
"""

import sys
from contextlib import nullcontext
from typing import Any

import keras
import numpy as np

from keraslosses.core.backend import ops
from keraslosses.core.backend.alignments import alignments
from keraslosses.core.backend.class_chunks import Classes, Sums, products, sums
from keraslosses.core.backend.kinds import unreadable as unreadable
from keraslosses.core.backend.maxima import larger as larger
from keraslosses.core.backend.maxima import largest as largest
from keraslosses.core.backend.maxima import largest_along as largest_along
from keraslosses.core.backend.maxima import running_max as running_max
from keraslosses.core.backend.maxima import smaller as smaller
from keraslosses.core.backend.maxima import smallest_along as smallest_along
from keraslosses.core.backend.of_labels import add_to_picked as add_to_picked
from keraslosses.core.backend.of_labels import is_class as is_class
from keraslosses.core.backend.of_labels import margins_of_lists as margins_of_lists
from keraslosses.core.backend.of_labels import multi_label_margin as multi_label_margin
from keraslosses.core.backend.of_labels import multi_margin as multi_margin
from keraslosses.core.backend.of_labels import pick as pick
from keraslosses.core.backend.one_replica import gather_over_replicas as gather_over_replicas
from keraslosses.core.backend.one_replica import mean_over_replicas as mean_over_replicas
from keraslosses.core.backend.one_replica import replicas as replicas
from keraslosses.core.backend.one_replica import rows_before as rows_before
from keraslosses.core.backend.pairs import log_sum_exp_where as log_sum_exp_where
from keraslosses.core.backend.pairs import places_among as places_among
from keraslosses.core.backend.pairs import root as root
from keraslosses.core.backend.pairs import squared_differences as squared_differences
from keraslosses.core.backend.pairs import squared_distances as squared_distances
from keraslosses.core.backend.totals import apart as apart
from keraslosses.core.backend.totals import between as between
from keraslosses.core.backend.totals import either as either
from keraslosses.core.backend.totals import length as length
from keraslosses.core.backend.totals import mean as mean
from keraslosses.core.backend.totals import mean_of as mean_of
from keraslosses.core.backend.totals import non_negative as non_negative
from keraslosses.core.backend.totals import positive_total as positive_total
from keraslosses.core.backend.totals import shown_unless_zero as shown_unless_zero
from keraslosses.core.backend.totals import sums_of_both as sums_of_both
from keraslosses.core.backend.totals import times_unless_zero as times_unless_zero
from keraslosses.core.backend.totals import total as total
from keraslosses.core.backend.totals import unit as unit
from keraslosses.core.backend.wide_products import parts as parts
from keraslosses.core.backend.wide_products import wide_product as wide_product
from keraslosses.core.limits import LOWEST
from keraslosses.core.nonfinite import nan_where as nan_where
from keraslosses.core.nonfinite import one_or_nan as one_or_nan
from keraslosses.core.types import DType, Tensor


def as_tensor(x: Any) -> Tensor:
    """A tensor of the backend, on the device of Keras."""
    return ops.convert_to_tensor(x)


def dtype_name(tensor: Any) -> str:
    """The name of a tensor's dtype in Keras."""
    return keras.backend.standardize_dtype(tensor.dtype)


def name_scope(name: str) -> Any:
    """A context in which the operations of a graph are named after a loss."""
    return keras.name_scope(name)


def peek(tensor: Any) -> np.ndarray | None:
    """The value as a NumPy array, if it can be read without a transfer or a trace; else None.

    It can be read if it is already computed, in this process and on the CPU.
    """
    return np.asarray(tensor)


def as_on_an_accelerator() -> Any:
    """A context in which `peek` reads no tensor, for tests and for the benchmark.

    It has a meaning on torch only: the other backends trace a step, so nothing is read in it anyway.
    """
    return nullcontext()


def repaired(repair: Any, tensors: Any, bounds: Any, whole_rows: bool) -> Any:
    """repair(*tensors), which moves numbers into their ranges, and makes NaN of those that are far outside.

    `bounds` has a pair for each tensor: the largest number of its range, and the largest rounding error; None
    if the tensor has no range. A number far outside becomes NaN in each tensor; with `whole_rows`, its whole
    row does. Gradients pass through unchanged. A compiler fuses the repair with the operations after it.
    """
    return repair(*tensors)


# Whether compiled code only finds the rows with a number out of range, if the kind of a loss is `clipped`.
CHECKS_ROWS = True


def computed(tensor: Any) -> bool:
    """Whether a tensor already has a value, on any device. In compiled code it has none."""
    return True


def uniform(count: int, generator: Any) -> Any:
    """`count` random numbers in [0, 1), from a `keras.random.SeedGenerator`."""
    return keras.random.uniform((count,), seed=generator)


def constant(numbers: Tensor, dtype: DType, near: Any) -> Any:
    """A number or a list of numbers as a tensor on the device of the tensor `near`.

    It is made from a NumPy array, because Keras reads a list number by number, which is slow.
    """
    return ops.convert_to_tensor(np.asarray(numbers, "float64"), dtype=dtype)


def has_float64() -> bool:
    """Whether float64 tensors exist. On JAX they must be switched on."""
    return True


def full_precision() -> Any:
    """A context in which the backend does not reduce the precision; None if it does not reduce it anyway."""
    return None


def may_warn() -> bool:
    """Whether code may warn here. While torch traces a function, it cannot compile the call of a warning."""
    return True


def explicit(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    """The values of a formula that returns `Explicit`, with the derivatives that it states.

    `axis` is the axis that the formula consumes, or None. `faster` computes the same values faster for some
    inputs; it returns None for other inputs.
    """
    return formula(y_true, y_pred).values


def explicit_mean(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    """The mean of the values of a formula over all axes; 0 if there are no values."""
    return mean(explicit(formula, y_true, y_pred, axis))


def negative_log_likelihood(logits: Tensor, labels: Tensor) -> Any:
    """-log softmax(logits)[label] along the last axis, without one-hot rows; no gradient where it is inf.

    Labels must be in range. A compiler can fuse this into one pass. The logit of the label is shifted before
    the logarithm is subtracted from it: the other order loses digits for large logits.
    """
    shifted = logits - ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    log_p = pick(shifted, labels) - ops.log(ops.sum(ops.exp(shifted), axis=-1))
    return without_gradient_at_infinity(-log_p)


def without_gradient_at_infinity(values: Any) -> Any:
    """The values, with gradient 0 where a value is +inf."""
    return ops.where(ops.isinf(values), ops.stop_gradient(values), values)


def as_indices(labels: Tensor) -> Any:
    """Whole numbers in the dtype in which the backend takes indices."""
    return ops.cast(labels, "int32")


def take(numbers: Any, indices: Tensor) -> Any:
    """numbers[index] for each index. Indices must be in range."""
    return ops.take(numbers, indices, axis=0)


def filled_up(tensor: Any) -> tuple[Any, Any]:
    """A dense tensor, and the lengths of the rows of a ragged tensor (None for other tensors).

    Only TensorFlow has ragged tensors. Their rows are padded with zeros.
    """
    return tensor, None


def ctc(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    """-log P(labels), (batch,), over all alignments with the frames; inf with gradient 0 if there are none.

    `scores` (batch, frames, classes) are logits if `softmax` is True, else logarithms of probabilities. There
    is at least one frame. `labels` (batch, N) are classes; the first `label_length` of them count. There is
    no second derivative.
    """
    return alignments(
        scores, labels, label_length, frame_length, blank, softmax, sys.modules[__name__]
    ).values


def log_add(a: Any, b: Any) -> Any:
    """log(e^a + e^b) of finite numbers."""
    return ops.maximum(a, b) + ops.log(1.0 + ops.exp(-ops.abs(a - b)))


def highest(tensor: Any, axis: int) -> Any:
    """The maximum along an axis; the axis stays, with size 1. Other axes may be empty."""
    return ops.max(tensor, axis=axis, keepdims=True)


def take_classes(scores: Tensor, places: Any) -> Any:
    """scores[b, t, places[b, n]] as (batch, frames, n)."""
    return ops.take_along_axis(scores, places[:, None], axis=2)


def by_class(of_places: Any, labels: Tensor, classes: Any) -> Any:
    """The sum of of_places[t, n, b] over the places whose labels[b, n] is c, as (batch, frames, c)."""
    one_hot = ops.cast(labels[:, :, None] == ops.arange(classes, dtype="int32")[None, None], of_places.dtype)
    return ops.matmul(ops.transpose(of_places, (2, 0, 1)), one_hot)


def states(step: Any, start: Any, frames: Any) -> Any:
    """Runs state = step(state, frame) for each frame along the first axis; returns all states, stacked."""

    def twice(state: Any, frame: Any) -> tuple[Any, Any]:
        after = step(state, frame)
        return after, after

    return ops.scan(twice, start, frames)[1]


def no_second_derivative() -> ValueError:
    return ValueError(
        "This loss (CTC, or a loss over chunks of classes) has no second derivative. Received: a request for "
        "the gradient of its gradient, such as in a gradient penalty or a Hessian."
    )


def class_sums(features: Tensor, labels: Tensor, classes: Classes) -> Sums:
    """The sums over the logits of all classes that cross-entropy needs. There is no second derivative."""
    return sums(features, labels, classes, sys.modules[__name__])[0]


def products_of_all(features: Tensor, kernel: Any, scale: float | None) -> Any:
    """The products of features and a kernel of half precision, (batch, classes), in float32.

    With a `scale`, they are this number times the cosines.
    """
    return products(features, kernel, scale, sys.modules[__name__])


def memory_of_device(near: Any) -> int | None:
    """The memory in bytes of the accelerator that holds the tensor `near`; None on a CPU, and if unknown."""
    return None


def scaled_exp(a: Any, b: Any, factor: Any, half: str | None) -> Any:
    """factor · exp(a - b), in this half precision if it is given."""
    scaled = factor * ops.exp(a - b)
    return scaled if half is None else ops.cast(scaled, half)


def rows_from(tensor: Any, start: Any, count: int) -> Any:
    """`count` rows, from the row `start`."""
    return tensor[start : start + count]


def fold(first: int, end: int, step: Any, start: Any) -> Any:
    """carry = step(i, carry) for i from `first` to end - 1."""
    carry = start
    for i in range(first, end):
        carry = step(i, carry)
    return carry


def fold_keeping(count: int, step: Any, start: Any) -> tuple[Any, Any]:
    """carry, made = step(i, carry) for i from 0 to count - 1. Returns the last carry, and each `made`."""
    carry, kept = start, []
    for i in range(count):
        carry, made = step(i, carry)
        kept.append(made)
    return carry, kept


def fold_and_join(first: Any, kept: Any, count: int, step: Any, start: Any, like: Any) -> tuple[Any, Any]:
    """carry, pieces = step(i, kept[i] or None, carry) for i from 0 to count - 1.

    Returns the last carry and the joined pieces. The pieces are joined along their first axis, after those of
    `first`, to arrays like those in `like`.
    """
    carry, pieces = start, [] if first is None else [first]
    for i in range(count):
        carry, made = step(i, kept[i] if i < len(kept) else None, carry)
        pieces.append(made)
    return carry, [ops.concatenate(parts, axis=0) for parts in zip(*pieces, strict=True)]


# A number whose exponential is 0. It is finite, so that the graph contains no infinity.
FAR_BELOW = LOWEST


def size_and_sign(x: Any) -> tuple[Any, Any]:
    """abs(x) and the sign of x; the sign is 1 or -1 at 0.

    So sign · f(abs(x)) has the derivative of f at 0.
    """
    negative = x < 0
    return ops.where(negative, -x, x), ops.where(negative, -1.0, ops.ones_like(x))


def at_least(x: Any, low: float) -> Any:
    """max(x, low), with derivative 0 where x is at most `low`. NaN stays NaN."""
    return ops.where(x <= low, ops.cast(low, x.dtype), x)


def above_or_one(x: Any, low: float) -> Any:
    """x where it is above `low`, else 1 with derivative 0. NaN stays NaN."""
    return ops.where(x <= low, ops.ones_like(x), x)


def extremes(pair: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
    """The smallest and the largest of four tensors, element by element. Equal numbers share the gradient."""
    return smaller(smaller(*pair), smaller(*other)), larger(larger(*pair), larger(*other))


def take_rows(variable: Any, indices: Any) -> Any:
    """Rows of a variable, read without copying the whole variable."""
    return ops.take(variable.value, indices, axis=0)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    """variable[indices[i]] += changes[i] for each i, in place. The changes of a repeated index are summed."""
    variable.assign(variable.value + ops.segment_sum(changes, indices, num_segments=variable.shape[0]))


def by_rows(function: Any, rows: tuple[Any, ...], shared: tuple[Any, ...], size: int) -> Any:
    """function(*rows, *shared), computed for `size` rows at a time. It is computed again for the gradient.

    So no array of all rows with all shared ones is stored. The first axis of the tensors in `rows` and of the
    result are the rows. The result has the dtype of the first tensor of `rows` that is not an integer.
    """
    return function(*rows, *shared)
