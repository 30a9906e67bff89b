"""log(sum(exp)) over some pairs of each row, from the softmax of the row, which is its gradient too.

For this, torch on a CPU needs one exponential in place of two. In its softmax, that of -inf takes no longer
than others; in its logsumexp it takes six times as long, and that of a number below -87 a hundred times.
"""

from collections.abc import Callable
from typing import Any

import torch

from keraslosses.core.backend.torch.look import peek
from keraslosses.core.types import Tensor


def log_sum_exp_where(
    formula: Callable[..., Any], condition: Tensor, values: Tensor, complete: Tensor
) -> Any:
    if not values.numel() or peek(values) is None:
        return formula(condition, values, complete)
    return LogSumExpWhere.apply(formula, condition, values, complete)


class LogSumExpWhere(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, formula: Callable[..., Any], condition: Tensor, values: Tensor, complete: Tensor
    ) -> Any:
        otherwise = torch.zeros_like(complete, dtype=values.dtype).masked_fill_(complete, -torch.inf)
        shown = torch.where(condition & complete[:, None], values, otherwise[:, None])
        shares = torch.softmax(shown, 1)
        highest = shown.amax(1)
        ctx.save_for_backward(condition, values, complete, shares)
        ctx.formula = formula
        # The largest share is exp(0) / sum.
        return torch.where(highest.isinf(), highest, highest - shares.amax(1).log())

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        condition, values, complete, shares = ctx.saved_tensors
        if torch.is_grad_enabled():
            with torch.enable_grad():
                found = ctx.formula(condition, values, complete)
            return None, None, torch.autograd.grad(found, values, upstream, create_graph=True)[0], None
        return None, None, shares * (upstream * complete)[:, None], None
