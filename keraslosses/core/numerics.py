"""Numerically safe functions that two or more losses use. Each docstring describes the singular point."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.limits import EPSILON, NOTHING
from keraslosses.core.types import Tensor


def root(x: Tensor) -> Tensor:
    """sqrt(x) for x >= 0, with derivative 0 at 0, where the true derivative is infinite."""
    return backend.root(root_formula, x)


def root_formula(x: Tensor) -> Tensor:
    """`root`, with operations that each backend has."""
    zero = x == 0
    return ops.where(zero, ops.zeros_like(x), ops.sqrt(ops.where(zero, ops.ones_like(x), x)))


def divide(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator, but 0 with derivative 0 where the denominator is 0.

    Both are divided by the denominator as a constant, so that its square is in no gradient: it could
    underflow.
    """
    zero = denominator == 0
    safe = ops.where(zero, ops.ones_like(denominator), denominator)
    scale = ops.stop_gradient(safe)
    # The compiler XLA would make one quotient of the three, with that square, without this `where`.
    relative = ops.where(zero, ops.ones_like(denominator), safe / scale)
    return ops.where(zero, 0.0, numerator / scale / relative)


def fraction(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, but 0 with derivative 0 where the whole is almost 0; for a whole of at least 0.

    Both are divided by the whole as a constant, so that its square is in no gradient: it could underflow.
    """
    nothing = whole < NOTHING
    scale = ops.stop_gradient(ops.where(nothing, ops.ones_like(whole), whole))
    relative = ops.where(nothing, ops.ones_like(whole), whole / scale)
    return ops.where(nothing, ops.zeros_like(whole), part / scale / relative)


def softmax(logits: Tensor, axis: int) -> Tensor:
    """The softmax; a NaN shows in all classes of its row. TensorFlow's shows it in its own place only."""
    broken = ops.any(ops.isnan(logits), axis=axis, keepdims=True)
    return ops.softmax(logits, axis=axis) * backend.one_or_nan(broken, logits.dtype)


def log_probability(p: Tensor) -> Tensor:
    """log(max(p, 1e-7)): exact at 1, and constant with derivative 0 below 1e-7."""
    return ops.log(ops.where(p < EPSILON, ops.cast(EPSILON, p.dtype), p))


def distribution(p: Tensor, axis: int) -> Tensor:
    """Non-negative numbers divided by their sum; a row of zeros counts as uniform, with gradient 0."""
    return share(p, ops.sum(p, axis=axis, keepdims=True), ops.shape(p)[axis])


def share(part: Tensor, total: Tensor, classes: Any) -> Tensor:
    """part / total, but 1 / classes with gradient 0 where the total is almost 0.

    First both are divided by the total as a constant. Else the gradient of the quotient would contain the
    square of the total, and this square underflows for a small total.
    """
    nothing = ops.abs(total) < NOTHING
    scale = ops.stop_gradient(ops.where(nothing, ops.ones_like(total), total))
    whole = ops.where(nothing, ops.ones_like(total), total / scale)
    return ops.where(nothing, 1.0 / ops.cast(classes, part.dtype), part / scale / whole)


def scale_of(x: Tensor, axis: int) -> Tensor:
    """The mean absolute value along an axis (1 if all values are 0), constant in the gradient.

    Divide by it before you square: then the squares neither overflow nor underflow.
    """
    size = ops.mean(ops.abs(ops.stop_gradient(x)), axis=axis, keepdims=True)
    return backend.above_or_one(size, 0.0)


def unit(x: Tensor, axis: int) -> Tensor:
    """Vectors divided by their length, or by 1e-7 if it is smaller; zeros stay 0, with derivative 0."""
    return backend.unit(unit_formula, x, axis)


def unit_formula(x: Tensor, axis: int) -> Tensor:
    """`unit`, with operations that each backend has."""
    scale = scale_of(x, axis)
    scaled = x / scale
    length = root(ops.sum(ops.square(scaled), axis=axis, keepdims=True))
    return divide(scaled, ops.where(length == 0, length, ops.maximum(length, EPSILON / scale)))


# Of a sum of squares between these, no square that matters over- or underflows.
SAFE_SQUARES = 1e-20, 1e30


def scale_and_length(x: Tensor, axis: int) -> tuple[Any, Any]:
    """A number for each vector by which it may be divided before its elements are squared, and its length.

    It is 1 if the squares of all vectors are safe anyway.
    """
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    low, high = SAFE_SQUARES
    safe = ops.all(ops.logical_and(squares > low, squares < high))

    def careful() -> tuple[Any, Any]:
        scale = scale_of(x, axis)
        return scale, ops.sqrt(ops.sum(ops.square(x / scale), axis=axis, keepdims=True)) * scale

    return backend.either(safe, lambda: (ops.ones_like(squares), ops.sqrt(squares)), careful)


def mean(values: Tensor, axis: int | tuple[int, ...], weights: Tensor = None) -> Tensor:
    """The mean along one axis or several axes, or the weighted mean; 0 where all weights are 0."""
    if weights is None:
        # Not ops.mean: on torch, it computes float64 in float32.
        count = 1
        for one in axis if isinstance(axis, tuple) else (axis,):
            count = count * ops.shape(values)[one]
        return backend.total(values, axis) / ops.cast(count, values.dtype)
    return divide(backend.total(values * weights, axis), backend.total(weights, axis))


def root_mean_square(values: Tensor, axis: int, weights: Tensor = None) -> Tensor:
    """sqrt(mean(values²)) along an axis, with derivative 0 where every value is 0."""
    scale = scale_of(values, axis)
    return ops.squeeze(scale, axis) * root(mean(ops.square(values / scale), axis, weights))


def along(axis: int, vector: Sequence[float], like: Tensor) -> Tensor:
    """A vector, reshaped to lie along one axis of a tensor, so that it can be multiplied with the tensor."""
    shape = [1] * len(like.shape)
    shape[axis] = len(vector)
    return ops.reshape(backend.constant(vector, like.dtype, like), shape)


def per_output(name: str, weights: Tensor, like: Tensor, axis: int) -> Tensor:
    """One weight for all outputs, or one for each along `axis`."""
    if not checks.is_sequence(weights):
        return weights
    checks.vector_length(name, weights, like.shape[axis])
    return along(axis, weights, like)


def power(base: Tensor, exponent: float) -> Tensor:
    """base^exponent for a base of at least 0; at 0 it is 0 with derivative 0, unless the exponent is 0.

    A base below the smallest normal number counts as 0, because its derivatives would overflow.
    """
    if exponent in (0, 1, 2):
        return (ops.ones_like(base), base, base * base)[int(exponent)]
    zero = base < np.finfo(standardize_dtype(base.dtype)).tiny
    powered = ops.power(ops.where(zero, ops.ones_like(base), base), exponent)
    return ops.where(zero, ops.zeros_like(base), powered)


def times_unless_zero(factor: Tensor, values: Tensor) -> Tensor:
    """factor * values, but 0 where the factor is 0, even if the value is infinite."""
    if isinstance(factor, int | float):
        return factor * values if factor else ops.zeros_like(values)
    return backend.times_unless_zero(times_unless_zero_formula, factor, values)


def times_unless_zero_formula(factor: Tensor, values: Tensor) -> Tensor:
    """`times_unless_zero`, with operations that each backend has."""
    return ops.where(factor == 0, ops.zeros_like(values), factor * values)


def weighed(values: Tensor, weights: Tensor, given: Any) -> Tensor:
    """values * weights, which are made of the numbers `given`. A weight of 0 removes inf; NaN stays."""
    if 0 in (given if checks.is_sequence(given) else (given,)):
        silent = (weights == 0) & ops.isinf(values)
        values = ops.where(silent, ops.zeros_like(values), values)
    return values * weights


def last(x: Tensor, axis: int) -> Tensor:
    """The tensor with this axis moved to the end."""
    rank = len(x.shape)
    axis = axis % rank
    # Not ops.moveaxis: on torch, it does not work under `torch.vmap`.
    return x if axis == rank - 1 else ops.transpose(x, (*(i for i in range(rank) if i != axis), axis))


def log1mexp(x: Tensor) -> Tensor:
    """log(1 - exp(-x)) for x > 0: keeps the digits for small and for large x."""
    small = x < math.log(2.0)
    one = ops.ones_like(x)
    near = ops.log(-ops.expm1(-ops.where(small, x, one)))
    return ops.where(small, near, ops.log1p(-ops.exp(-ops.where(small, one, x))))
