"""torch's own operations, in place of those that Keras computes in float32 for every input."""

from typing import Any

import torch


def maximum(a: Any, b: Any) -> Any:
    return torch.clamp_min(a, b) if isinstance(b, int | float) else torch.maximum(a, b)


def minimum(a: Any, b: Any) -> Any:
    return torch.clamp_max(a, b) if isinstance(b, int | float) else torch.minimum(a, b)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.mean(x, dim=axis, keepdim=keepdims)


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
}
