"""Squared distances and roots on torch: their gradients need fewer passes over all pairs."""

from collections.abc import Callable
from typing import Any

import torch

from keraslosses.core.backend import portable
from keraslosses.core.backend.torch.by_rows import slopes
from keraslosses.core.backend.torch.internals import transforming, zero_up_to
from keraslosses.core.types import Tensor


def squared_differences(a: Any, b: Any) -> Any:
    """torch compiles `cdist` again for each size, but a sum of differences once, without storing them."""
    if torch.compiler.is_compiling():
        return portable.squared_differences(a, b)
    exact = "donot_use_mm_for_euclid_dist"
    return torch.square(torch.cdist(a.detach(), b.detach(), compute_mode=exact))


def squared_distances(formula: Callable[[Any, Any], Any], anchors: Any, references: Any) -> Any:
    if torch.compiler.is_compiling() or transforming():
        return formula(anchors, references)
    return SquaredDistances.apply(anchors, references, formula)


class SquaredDistances(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchors: Tensor, references: Tensor, formula: Callable[[Any, Any], Any]) -> Any:
        ctx.save_for_backward(anchors, references)
        ctx.formula = formula
        return squared_differences(anchors, references)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        both, needed = ctx.saved_tensors, ctx.needs_input_grad[:2]
        if torch.is_grad_enabled():
            # The same tensor may be given twice: then each has its own gradient.
            both = [rows.view_as(rows) for rows in both]
            return *slopes(ctx.formula(*both), both, needed, upstream, create_graph=True), None
        anchors, references = from_corner(*both)
        by_anchors = change(anchors, references, upstream) if needed[0] else None
        return by_anchors, change(references, anchors, upstream.T) if needed[1] else None, None


def from_corner(anchors: Tensor, references: Tensor) -> tuple[Any, Any]:
    """Both, measured from a corner of the references: sums of products keep more digits."""
    low, high = references.aminmax(dim=0)
    corner = torch.where(high >= -low, high, low)
    return anchors - corner, references - corner


def change(rows: Tensor, others: Tensor, upstream: Tensor) -> Any:
    """2 Σ upstream (row - other)."""
    return torch.addmm(rows * upstream.sum(1, keepdim=True), upstream, others, beta=2.0, alpha=-2.0)


def root(formula: Callable[[Any], Any], x: Any) -> Any:
    if torch.compiler.is_compiling() or transforming():
        return formula(x)
    return Root.apply(x, formula)


class Root(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, formula: Callable[[Any], Any]) -> Any:
        found = torch.sqrt(x)
        ctx.save_for_backward(x, found)
        ctx.formula = formula
        return found

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        x, found = ctx.saved_tensors
        if torch.is_grad_enabled():
            return torch.autograd.grad(ctx.formula(x), x, upstream, create_graph=True)[0], None
        return zero_up_to(0.0, x, (upstream / found).mul_(0.5)), None
