"""torch's own operations, in place of those of Keras.

Keras computes some in float32 for every input, and one compiles anew for every size of the batch. It also
looks at each argument first, which takes longer than the kernel of a small tensor.
"""

from collections.abc import Callable
from typing import Any

import keras
import torch

from keraslosses.core.types import DType


def maximum(a: Any, b: Any) -> Any:
    return torch.clamp_min(a, b) if isinstance(b, int | float) else torch.maximum(a, b)


def minimum(a: Any, b: Any) -> Any:
    return torch.clamp_max(a, b) if isinstance(b, int | float) else torch.minimum(a, b)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.mean(x, dim=axis, keepdim=keepdims)


def cumsum(x: Any, axis: int) -> Any:
    return torch.cumsum(x, dim=axis, dtype=x.dtype)


def softplus(x: Any) -> Any:
    """Keras uses x itself above 20, an error of 2e-9, which float64 shows."""
    return torch.nn.functional.softplus(x, threshold=40)


def take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    """Keras uses `torch.take_along_dim`, which a compiler can only trace for one size of each axis."""
    shape = list(x.shape)
    shape[axis] = indices.shape[axis]
    return torch.gather(x, axis, indices.long().expand(shape))


def is_floating(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.is_floating_point()


def of_floats(name: str) -> Callable[[Any], Any]:
    """torch's function for floats. Keras converts other numbers, each function in its way."""
    own, of_keras = getattr(torch, name), getattr(keras.ops, name)
    return lambda x: own(x) if is_floating(x) else of_keras(x)


def of_tensors(name: str) -> Callable[..., Any]:
    """torch's function if all arguments are tensors."""
    own, of_keras = getattr(torch, name), getattr(keras.ops, name)

    def operation(*given: Any) -> Any:
        for x in given:
            if not isinstance(x, torch.Tensor):
                return of_keras(*given)
        return own(*given)

    return operation


def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if isinstance(x, torch.Tensor) and (x.is_floating_point() or x.dtype == torch.int32) and axis != ():
        return torch.sum(x, dim=axis, keepdim=keepdims, dtype=x.dtype)
    return keras.ops.sum(x, axis=axis, keepdims=keepdims)


def some(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """On a CPU, `torch.any` takes ten times as long as the largest of the bytes."""
    if not isinstance(x, torch.Tensor) or x.dtype != torch.bool or axis == () or not x.numel():
        return keras.ops.any(x, axis=axis, keepdims=keepdims)
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return torch.any(x, dim=axis, keepdim=keepdims)
    return torch.amax(x.view(torch.uint8), () if axis is None else axis, keepdims).view(torch.bool)


def reshape(x: Any, shape: Any) -> Any:
    return torch.reshape(x, shape) if isinstance(x, torch.Tensor) else keras.ops.reshape(x, shape)


def expand_dims(x: Any, axis: Any) -> Any:
    plain = isinstance(x, torch.Tensor) and isinstance(axis, int)
    return torch.unsqueeze(x, axis) if plain else keras.ops.expand_dims(x, axis)


def transpose(x: Any, axes: Any = None) -> Any:
    plain = isinstance(x, torch.Tensor) and axes is None and x.ndim == 2
    return x.T if plain else keras.ops.transpose(x, axes)


def shape(x: Any) -> tuple[Any, ...]:
    return tuple(x.shape) if isinstance(x, torch.Tensor) else keras.ops.shape(x)


DTYPES = {"float32": torch.float32, "int32": torch.int32, "bool": torch.bool}


def cast(x: Any, dtype: DType) -> Any:
    own = DTYPES.get(dtype, dtype)
    plain = isinstance(x, torch.Tensor) and isinstance(own, torch.dtype)
    return x.to(own) if plain else keras.ops.cast(x, dtype)


def like(name: str) -> Callable[..., Any]:
    own, of_keras = getattr(torch, name), getattr(keras.ops, name)

    def operation(x: Any, dtype: DType = None) -> Any:
        return own(x) if dtype is None and isinstance(x, torch.Tensor) else of_keras(x, dtype=dtype)

    return operation


OWN = {
    **{name: of_floats(name) for name in ("square", "abs", "exp", "log", "log1p", "expm1", "sqrt")},
    **{name: of_tensors(name) for name in ("logical_and", "logical_or", "logical_not", "isnan", "isinf")},
    **{name: like(name) for name in ("zeros_like", "ones_like")},
    "sum": total,
    "any": some,
    "reshape": reshape,
    "expand_dims": expand_dims,
    "transpose": transpose,
    "shape": shape,
    "cast": cast,
    "where": torch.where,
    "maximum": maximum,
    "minimum": minimum,
    "clip": torch.clamp,
    "power": torch.pow,
    "mean": mean,
    "matmul": torch.matmul,
    "logaddexp": torch.logaddexp,
    "arctan2": torch.arctan2,
    "cumsum": cumsum,
    "softplus": softplus,
    "take_along_axis": take_along_axis,
}
