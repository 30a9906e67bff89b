"""Sums and means in the form that the compilers of most backends take well."""

from collections.abc import Callable
from typing import Any

from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


def mean(values: Any) -> Any:
    """The mean over all axes; 0 if there are no values."""
    return ops.sum(values) / ops.maximum(ops.cast(ops.size(values), values.dtype), 1)


def mean_of(values: Any, count: int) -> Any:
    """The mean of all values, of which there are `count`; 0 if there are none."""
    return total(values) / max(count, 1)


def total(values: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """The sum, written so that a compiler need not store the factors of products, and many numbers sum well.

    `keepdims` works for one axis only.
    """
    return ops.sum(values, axis=axis, keepdims=keepdims)


def sums_of_both(a: Tensor, b: Tensor, axis: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """The sums of a b, of a, and of b, as `total` makes them."""
    return total(a * b, axis), total(a, axis), total(b, axis)


def non_negative(numbers: Any) -> Any:
    """The numbers, but 0 for those that rounding carried below 0."""
    return ops.maximum(numbers, 0.0)


def between(numbers: Any, low: float, high: float) -> Any:
    """The numbers, moved to the nearest bound if they are outside. At a bound the gradient passes through."""
    return ops.clip(numbers, low, high)


def positive_total(numbers: Any, axis: int) -> Any:
    """The sum along an axis, which it keeps. Numbers that rounding carried below 0 count as 0."""
    return ops.sum(non_negative(numbers), axis=axis, keepdims=True)


def apart(sums: Any) -> Any:
    """The sums, which a compiler computes before the operations that read them."""
    return sums


def either(condition: Any, plain: Callable[[], Any], careful: Callable[[], Any]) -> Any:
    """plain() if the condition, a scalar, is true, else careful(). Both give tensors of the same shapes.

    Where no value can be read and no compiler chooses, it is careful().
    """
    return careful()


def unit(formula: Any, x: Tensor, axis: int) -> Any:
    """formula(x, axis), which gives vectors of length 1. A backend may compute value and gradient faster."""
    return formula(x, axis)


def length(formula: Any, vectors: Tensor, p: float) -> Any:
    """formula(vectors, p), which gives the p-norm along the last axis. A backend may compute it faster."""
    return formula(vectors, p)


def times_unless_zero(formula: Any, factor: Tensor, values: Tensor) -> Any:
    """formula(factor, values), the product that is 0 where the factor is 0, even if the value is infinite."""
    return formula(factor, values)


def shown_unless_zero(formula: Any, factor: Tensor, values: Tensor) -> Any:
    """The same, but NaN where the value is NaN, if the compiler may leave a NaN out of a maximum."""
    return formula(factor, values)


def shown_unless_zero_formula(factor: Tensor, values: Tensor) -> Any:
    nothing = ops.logical_and(factor == 0, values == values)
    return ops.where(nothing, ops.zeros_like(values), factor * values)
