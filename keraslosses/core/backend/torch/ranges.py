"""Numbers moved into their range on any device, with few operations and no look at values."""

from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.types import Tensor

NAN = float("nan")


def repaired(repair: Any, tensors: Any, bounds: Any, whole_rows: bool) -> Any:
    if whole_rows or torch.compiler.is_compiling() or transforming():
        return repair(*tensors)
    return [
        IntoRange.apply(tensor, *bound) if bound else tensor
        for tensor, bound in zip(tensors, bounds, strict=True)
    ]


class IntoRange(torch.autograd.Function):
    """Moves numbers into [0, high], and makes NaN of those that are outside by more than `rounding`.

    The gradient passes through unchanged.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float | None, rounding: float) -> Any:
        if high is None:
            return F.threshold(x, -rounding, NAN).clamp_min_(0.0)
        near = x.clamp(0.0, high)
        far = F.hardshrink(near - x, rounding)
        return near.add_(torch.xlogy(far, -1.0))  # 0 for 0, else NaN.

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        return upstream, None, None
