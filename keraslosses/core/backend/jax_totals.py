"""Sums on JAX, in the form that XLA on the CPU takes well."""

from typing import Any

import jax
import jax.numpy as jnp

from keraslosses.core.backend import totals
from keraslosses.core.types import Tensor


def written_once(values: Any) -> Any:
    """The values, through a `where` that changes nothing.

    Without it, XLA on the CPU fuses a product with the sum after it, and stores both factors first. It also
    leaves NaN out of a maximum that it fuses with the sum.
    """
    return jnp.where(values == values, values, -values)


def total(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return jnp.sum(written_once(values), axis=axis, keepdims=keepdims)


def sums_of_both(a: Tensor, b: Tensor, axis: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Without the `where` of `total`: both tensors are stored anyway for their own sums."""
    return tuple(jnp.sum(values, axis=axis) for values in (a * b, a, b))


@jax.custom_jvp
def non_negative(numbers: Any) -> Any:
    """The gradient passes through. That of a maximum would be halved at 0, where most targets are."""
    return jnp.maximum(numbers, 0.0)


@non_negative.defjvp
def change_of_non_negative(primals: Any, tangents: Any) -> tuple[Any, Any]:
    return non_negative(*primals), tangents[0]


def between(numbers: Any, low: float, high: float) -> Any:
    """Not `jnp.clip`: it halves the gradient at a bound."""
    return jnp.where(numbers > high, high, jnp.where(numbers < low, low, numbers))


def positive_total(numbers: Any, axis: int) -> Any:
    """XLA on the CPU would store the larger of each number and 0 before it sums them."""
    return either(
        jnp.all(jnp.min(numbers, axis=axis) >= 0),
        lambda: jnp.sum(numbers, axis=axis, keepdims=True),
        lambda: jnp.sum(non_negative(numbers), axis=axis, keepdims=True),
    )


def apart(sums: Any) -> Any:
    """In one fusion with a sum, XLA on the CPU would store all that is read with it."""
    return jax.lax.optimization_barrier(sums)


def shown_unless_zero(formula: Any, factor: Tensor, values: Tensor) -> Any:
    return totals.shown_unless_zero_formula(factor, values)


def either(condition: Any, plain: Any, careful: Any) -> Any:
    if not isinstance(condition, jax.core.Tracer):
        return plain() if condition else careful()
    return jax.lax.cond(condition, plain, careful)


def mean_of(values: Any, count: int) -> Any:
    return total(values) / max(count, 1)


def mean_of_rows(values: Any) -> Any:
    rows = values if values.ndim < 2 else jnp.sum(values, axis=-1) / max(values.shape[-1], 1)
    return jnp.sum(rows) / max(rows.size, 1)
