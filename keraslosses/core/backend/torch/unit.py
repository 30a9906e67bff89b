"""Lengths on torch, and vectors of length 1 with the gradient written out: a third of the formula's kernels.

With n the length of a vector x and u = x / n, the derivative along g is (g - u (u·g)) / n. A vector that is
shorter than 1e-7 is divided by 1e-7, so the part along u stays.

If a look shows that no vector is that short and no square overflows, nothing needs to be scaled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.look import peek
from keraslosses.core.limits import EPSILON
from keraslosses.core.types import Tensor


def length(formula: Callable[[Any, float], Any], vectors: Any, p: float) -> Any:
    found = ordinary_length(vectors, -1) if p == 2 else None
    return formula(vectors, p) if found is None else found[..., 0]


def ordinary_length(x: Any, axis: int) -> Any:
    """The length of each vector; None if one is not seen, or so short or long that it must be scaled."""
    if peek(x) is None:
        return None
    found = torch.linalg.vector_norm(x, dim=axis, keepdim=True)
    seen: Any = peek(found)
    ordinary = np.min(seen, initial=1.0) > EPSILON and np.max(seen, initial=1.0) < np.inf
    return found if ordinary else None


def unit(formula: Callable[[Tensor, int], Any], x: Any, axis: int) -> Any:
    if torch.compiler.is_compiling() or transforming() or x.dtype not in (torch.float32, torch.float64):
        return formula(x, axis)
    return Unit.apply(x, axis, formula)


class Unit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, axis: int, formula: Callable[[Tensor, int], Any]) -> Any:
        ctx.axis, ctx.formula = axis, formula
        length = ordinary_length(x, axis)
        if length is not None:
            unit = x / length
            ctx.save_for_backward(x, unit, length)
            return unit
        scale = torch.threshold(x.abs().mean(axis, keepdim=True), 0.0, 1.0)
        scaled = x / scale
        length = torch.linalg.vector_norm(scaled, dim=axis, keepdim=True)
        least = EPSILON / scale
        divisor = torch.maximum(length, least)
        unit = scaled.div_(divisor)
        ctx.save_for_backward(x, unit, divisor, scale, length >= least, length != 0)
        return unit

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        x, unit, divisor, *scaled = ctx.saved_tensors
        if torch.is_grad_enabled():
            with torch.enable_grad():
                units = ctx.formula(x, ctx.axis)
            return torch.autograd.grad(units, x, upstream, create_graph=True)[0], None, None
        along = torch.linalg.vecdot(upstream, unit, dim=ctx.axis).unsqueeze(ctx.axis)
        if not scaled:
            return torch.addcmul(upstream, unit, along, value=-1.0).div_(divisor), None, None
        scale, long, some = scaled
        # In two steps: the product of both divisors may be too large.
        change = torch.addcmul(upstream, unit, along * long, value=-1.0).div_(divisor).div_(scale)
        return change.mul_(some), None, None
