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
    made = [
        IntoRange.apply(tensor, *bound) if bound else tensor
        for tensor, bound in zip(tensors, bounds, strict=True)
    ]
    return both_undefined(made[0], made[1], bounds[1] is not None) if len(made) == 2 else made


def both_undefined(true: Tensor, pred: Tensor, pred_has_range: bool) -> list[Any]:
    """A NaN in one tensor makes the other NaN there too: 0 times a number of a range is 0, else NaN."""
    by_pred = torch.add(true, pred.detach(), alpha=0.0) if pred_has_range else true
    return [by_pred, torch.add(pred, true.detach(), alpha=0.0)]


class IntoRange(torch.autograd.Function):
    """Moves numbers into [0, high], and makes NaN of those that are outside by more than `rounding`.

    The gradient passes through unchanged.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float | None, rounding: float) -> Any:
        if high is None:
            # `threshold` replaces its bound too.
            return F.threshold(x, -rounding * (1 + 1e-6), NAN).clamp_min_(0.0)
        near = x.clamp(0.0, high)
        far = F.hardshrink(near - x, rounding)
        return near.add_(torch.xlogy(far, -1.0))  # 0 for 0, else NaN.

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        return upstream, None, None
