"""torch's own operations, in place of those of Keras.

Keras computes some in float32 for every input, and one compiles anew for every size of the batch.
"""

from typing import Any

import torch


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


OWN = {
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
