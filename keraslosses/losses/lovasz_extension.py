"""The Lovász extension of the Jaccard loss: the Jaccard loss of a set of wrong pixels, made continuous.

Pixels become wrong one after the other, those with the largest error first. The share of a pixel in the loss
is the rise of the Jaccard loss 1 - |intersection| / |union| when it becomes wrong. It is a constant in the
gradient. Pixels with equal errors become wrong together: the members of the class first, or the others first,
and the shares are the mean of both orders. So they do not depend on how the pixels are sorted.
"""

from typing import Any

from keraslosses.core import backend, numerics
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


def lovasz_extension(errors: Tensor, inside: Tensor, outside: Tensor) -> Any:
    """The sum of share · max(error, 0) over the last axis, in which the pixels lie.

    `inside` is the weight of a pixel that belongs to the class, else 0. `outside` is that of the others. If
    no pixel belongs to the class, the sum is the largest error.
    """
    order = ops.argsort(-ops.stop_gradient(errors), axis=-1)
    errors, inside, outside = (ops.take_along_axis(x, order, axis=-1) for x in (errors, inside, outside))
    fixed = ops.stop_gradient(errors)
    # A NaN shows in the gradient too.
    share = ops.where(fixed == fixed, shares(fixed, inside, outside), fixed)
    return backend.total(numerics.times_unless_zero(share, backend.at_least(errors, 0.0)), axis=-1)


def shares(errors: Tensor, inside: Tensor, outside: Tensor) -> Any:
    """The share of each pixel in the loss. The errors fall along the last axis."""
    begin, end = bounds_of_ties(errors)
    none = ops.zeros_like(errors[..., :1])
    still_right = ops.concatenate([ops.flip(ops.cumsum(ops.flip(inside, -1), axis=-1), -1), none], axis=-1)
    joined = ops.sum(inside, axis=-1, keepdims=True) + ops.concatenate(
        [none, ops.cumsum(outside, axis=-1)], axis=-1
    )
    common, common_after = (ops.take_along_axis(still_right, place, axis=-1) for place in (begin, end))
    union, union_after = (ops.take_along_axis(joined, place, axis=-1) for place in (begin, end))
    overlap = numerics.divide(0.5 * (common + common_after), union)
    # The Jaccard index of two empty sets is 1.
    overlap = ops.where(union == 0, ops.ones_like(overlap), overlap)
    of_inside = 0.5 * (numerics.divide(inside, union) + numerics.divide(inside, union_after))
    return of_inside + numerics.divide(outside * overlap, union_after)


def bounds_of_ties(errors: Tensor) -> tuple[Any, Any]:
    """For each of some sorted numbers, the place of the first equal one, and that after the last one."""
    count = ops.shape(errors)[-1]
    places = ops.arange(count, dtype="int32")
    differs, edge = errors[..., 1:] != errors[..., :-1], errors[..., :1] == errors[..., :1]
    first = ops.where(ops.concatenate([edge, differs], axis=-1), places, ops.zeros_like(places))
    from_end = ops.where(ops.concatenate([differs, edge], axis=-1), ops.flip(places), ops.zeros_like(places))
    to_go = ops.flip(backend.running_max(ops.flip(from_end, -1)), -1)
    return backend.running_max(first), count - to_go
