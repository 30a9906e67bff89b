"""What JAX does better than `keras.ops` says. What each function means stands in `portable`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero


def peek(tensor: Any) -> np.ndarray | None:
    if isinstance(tensor, np.ndarray):
        return tensor
    concrete = isinstance(tensor, jax.Array) and not isinstance(tensor, jax.core.Tracer)
    if not concrete or not tensor.is_fully_addressable:
        return None
    return np.asarray(tensor) if all(d.platform == "cpu" for d in tensor.devices()) else None


def explicit(formula: Any, y_true: Any, y_pred: Any, axis: int | None) -> Any:
    @jax.custom_jvp
    def values(y_true: Any, y_pred: Any) -> Any:
        return formula(y_true, y_pred).values

    def change(primals: Any, tangents: Any) -> Any:
        found = formula(*primals)
        of_true, of_pred = (None if type(x) is SymbolicZero else x for x in tangents)
        total = jnp.zeros_like(found.values)
        if of_pred is not None:
            total += summed(found.by_pred() * of_pred, axis)
        if of_true is not None and found.by_true is not None:
            total += summed(found.by_true() * of_true, axis)
        elif of_true is not None:
            total += jax.jvp(lambda y_true: formula(y_true, primals[1]).values, primals[:1], (of_true,))[1]
        return found.values, total

    values.defjvp(change, symbolic_zeros=True)
    return values(y_true, y_pred)


def summed(changes: Any, axis: int | None) -> Any:
    return changes if axis is None else jnp.sum(changes, axis=axis)


def explicit_mean(formula: Any, y_true: Any, y_pred: Any, axis: int | None) -> Any:
    """By rows, and through a `where` that changes nothing: XLA on the CPU would take a product into the sum,
    and write down both of its factors first.
    """
    values = explicit(formula, y_true, y_pred, axis)
    values = jnp.where(values == values, values, jnp.nan)
    rows = values if values.ndim < 2 else jnp.sum(values, axis=-1) / max(values.shape[-1], 1)
    return jnp.sum(rows) / max(rows.size, 1)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    variable.assign(jnp.asarray(variable.value).at[indices].add(changes))
