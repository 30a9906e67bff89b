"""What JAX does better than `keras.ops` says. What each function means stands in `portable`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def peek(tensor: Any) -> np.ndarray | None:
    if isinstance(tensor, np.ndarray):
        return tensor
    concrete = isinstance(tensor, jax.Array) and not isinstance(tensor, jax.core.Tracer)
    if not concrete or not tensor.is_fully_addressable:
        return None
    return np.asarray(tensor) if all(d.platform == "cpu" for d in tensor.devices()) else None


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    variable.assign(jnp.asarray(variable.value).at[indices].add(changes))
