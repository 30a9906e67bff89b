"""Vectors of length 1 on torch, with the gradient written out: a third of the kernels of the formula.

With n the length of a vector x and u = x / n, the derivative along g is (g - u (u·g)) / n. A vector that is
shorter than 1e-7 is divided by 1e-7, so the part along u stays.
"""

from collections.abc import Callable
from typing import Any

import torch

from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.limits import EPSILON
from keraslosses.core.types import Tensor


def unit(formula: Callable[[Tensor, int], Any], x: Any, axis: int) -> Any:
    if torch.compiler.is_compiling() or transforming() or x.dtype not in (torch.float32, torch.float64):
        return formula(x, axis)
    return Unit.apply(x, axis, formula)


class Unit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int, formula: Callable[[Tensor, int], Any]) -> Any:
        scale = torch.threshold(x.abs().mean(axis, keepdim=True), 0.0, 1.0)
        scaled = x / scale
        length = torch.linalg.vector_norm(scaled, dim=axis, keepdim=True)
        least = EPSILON / scale
        divisor = torch.maximum(length, least)
        unit = scaled.div_(divisor)
        ctx.save_for_backward(x, unit, scale, divisor, length >= least, length != 0)
        ctx.axis, ctx.formula = axis, formula
        return unit

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        x, unit, scale, divisor, long, some = ctx.saved_tensors
        if torch.is_grad_enabled():
            with torch.enable_grad():
                units = ctx.formula(x, ctx.axis)
            return torch.autograd.grad(units, x, upstream, create_graph=True)[0], None, None
        along = torch.linalg.vecdot(upstream, unit, dim=ctx.axis).unsqueeze(ctx.axis) * long
        # In two steps: the product of both divisors may be too large.
        change = torch.addcmul(upstream, unit, along, value=-1.0).div_(divisor).div_(scale)
        return change.mul_(some), None, None
