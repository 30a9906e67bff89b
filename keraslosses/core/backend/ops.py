"""`keras.ops` with changes: a Python number takes the dtype of the tensor, and float64 stays float64.

Keras gives a Python number the dtype `floatx`, and computes some operations on float64 in float32. In their
place, `torch_ops` and `jax_ops` have the operations of the backend. `torch_ops` also has an operation that
torch compiles once for all sizes of a batch. All others are those of `keras.ops`.
"""

from importlib import import_module
from typing import Any

import keras

from keraslosses.core.types import DType, Tensor

BACKEND = keras.backend.backend()
OWN: dict[str, Any] = {}
if BACKEND in ("jax", "torch"):
    OWN = import_module(f"keraslosses.core.backend.{BACKEND}_ops").OWN

native_where = OWN.get("where", keras.ops.where)
native_cast = OWN.get("cast", keras.ops.cast)


def where(condition: Tensor, chosen: Any, otherwise: Any) -> Any:
    """As `keras.ops.where`, but one of the choices must be a tensor, because two numbers have no dtype."""
    if isinstance(chosen, int | float) and isinstance(otherwise, int | float):
        raise TypeError(f"where needs a tensor beside a number. Received: {chosen!r} and {otherwise!r}")
    return native_where(condition, chosen, otherwise)


def cast(x: Any, dtype: DType) -> Any:
    """As `keras.ops.cast`, but a Python number gets the dtype directly, on TensorFlow too."""
    if isinstance(x, int | float):
        return keras.ops.convert_to_tensor(x, dtype=dtype)
    return native_cast(x, dtype)


def __getattr__(name: str) -> Any:
    return OWN[name] if name in OWN else getattr(keras.ops, name)
