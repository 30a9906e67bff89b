"""Finds the tensors of torch that no loss can read, as the module `kinds` does for all backends."""

from typing import Any

import torch

from keraslosses.core.backend import kinds

SPARSE = kinds.dense("to_dense()")
NESTED = kinds.padded("to_padded_tensor(0.0)")


def unreadable(value: Any) -> kinds.Unreadable | None:
    if type(value) is torch.Tensor and value.layout is torch.strided:
        return NESTED if value.is_nested else None
    if not isinstance(value, torch.Tensor):
        return kinds.unreadable(value)
    if value.layout is torch.strided and not value.is_nested:
        return None
    return NESTED if value.is_nested else SPARSE
