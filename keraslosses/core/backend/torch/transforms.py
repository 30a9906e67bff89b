"""Formulas with their own derivative under torch's transformations: `torch.func` and forward mode.

A function here has a rule for each transformation. The usual form, `Values`, keeps data for the derivative
and is faster, but it has a rule for the backward pass only.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.autograd import forward_ad

from keraslosses.core.backend import portable
from keraslosses.core.backend.alignments import alignments
from keraslosses.core.backend.torch.internals import with_changes_of_changes
from keraslosses.core.explicit import Explicit, along_rows
from keraslosses.core.types import Tensor


def transformed(formula: Callable[..., Explicit], y_true: Tensor, y_pred: Tensor, axis: Any) -> Any:
    """The values of a formula that returns `Explicit`, with the derivatives that it states, of any order.

    `axis` is the axis that the formula consumes, several axes, or None.
    """
    options = getattr(formula, "keywords", {})
    tensors = {name: value for name, value in options.items() if isinstance(value, torch.Tensor)}
    return Transformed.apply(formula, axis, tuple(tensors), y_true, y_pred, *tensors.values())


class Transformed(torch.autograd.Function):
    """Options that are tensors are separate arguments, because a transformation must see each tensor."""

    generate_vmap_rule = True

    @staticmethod
    def forward(formula: Any, axis: Any, names: Any, y_true: Tensor, y_pred: Tensor, *tensors: Any) -> Any:
        return formula(y_true, y_pred, **dict(zip(names, tensors, strict=True))).values

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.formula, ctx.axis, ctx.names, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        y_true, y_pred, *tensors = ctx.saved_tensors
        formula = functools.partial(ctx.formula, **dict(zip(ctx.names, tensors, strict=True)))
        found = formula(y_true, y_pred)
        along = along_rows(upstream, found.values, ctx.axis)
        by_true = None
        if ctx.needs_input_grad[3]:
            by_true = along * slope_by_true(formula, found, y_true, y_pred)
        return None, None, None, by_true, along * found.by_pred(), *[None] * len(tensors)

    @staticmethod
    def jvp(ctx: Any, *changes: Any) -> Any:
        of_true, of_pred = changes[3:5]
        # Removes the tangents of this level and keeps those of other levels, which torch would drop.
        y_true, y_pred, *tensors = (forward_ad.unpack_dual(x).primal for x in ctx.saved_tensors)
        formula = functools.partial(ctx.formula, **dict(zip(ctx.names, tensors, strict=True)))
        with with_changes_of_changes():
            found = formula(y_true, y_pred)
            change = torch.zeros_like(y_pred)
            if of_pred is not None:
                change = change + of_pred * found.by_pred()
            if of_true is not None:
                change = change + of_true * slope_by_true(formula, found, y_true, y_pred)
            if ctx.axis is None:
                return change
            return torch.where(found.values == float("inf"), 0.0, change.sum(ctx.axis))


def slope_by_true(formula: Any, found: Explicit, y_true: Tensor, y_pred: Tensor) -> Any:
    """The derivative of the values by y_true. If the formula does not state it, torch computes it."""
    if found.by_true is not None:
        return found.by_true()
    values, back = torch.func.vjp(lambda y_true: formula(y_true, y_pred).values, y_true)
    return back(torch.ones_like(values))[0]


def ctc(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    """Lengths and labels are joined in one tensor, because a transformation must see each tensor."""
    given = torch.cat([labels.long(), label_length.long()[:, None], frame_length.long()[:, None]], dim=1)

    def formula(given: Any, scores: Tensor) -> Explicit:
        labels, label_length, frame_length = given[:, :-2], given[:, -2], given[:, -1]
        found = alignments(scores, labels, label_length, frame_length, blank, softmax, portable)
        return Explicit(found.values, lambda: Once.apply(found.by_pred()))

    return transformed(formula, given, scores, (1, 2))


class Once(torch.autograd.Function):
    """A derivative. Differentiating it raises an error."""

    generate_vmap_rule = True

    @staticmethod
    def forward(slope: Any) -> Any:
        return slope.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        raise portable.no_second_derivative()

    @staticmethod
    def jvp(ctx: Any, change: Any) -> Any:
        raise portable.no_second_derivative()
