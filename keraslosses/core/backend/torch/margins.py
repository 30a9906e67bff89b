"""The margin losses for which torch has a kernel, with derivatives that the kernels do not have."""

from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend import portable
from keraslosses.core.backend.torch import internals
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.types import Tensor


def multi_margin(labels: Tensor, scores: Tensor, p: int, margin: float) -> Any:
    # When torch compiles, it replaces its kernel by code with another gradient at the margin.
    if torch.compiler.is_compiling() or transforming():
        return portable.multi_margin(labels, scores, p, margin)
    # The kernel subtracts the score of the label from the margin, which loses digits for a large score.
    own = torch.gather(scores.detach(), -1, labels.long().unsqueeze(-1))
    scores = scores - own.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
    targets = labels.reshape(-1).long()
    values = ByKernel.apply(
        lambda rows: F.multi_margin_loss(rows, targets, p=p, margin=margin, reduction="none"),
        lambda rows: portable.multi_margin(targets, rows, p, margin),
        scores.reshape(-1, scores.shape[-1]),
    )
    return undefined_rows_shown(values, scores.reshape(-1, scores.shape[-1])).reshape(labels.shape)


class ByKernel(torch.autograd.Function):
    """The result of a kernel that has only a first derivative. A formula gives higher derivatives."""

    @staticmethod
    def forward(ctx: Any, kernel: Any, formula: Any, scores: Tensor) -> Any:
        ctx.save_for_backward(scores)
        ctx.formula, ctx.own = formula, scores.detach().requires_grad_(ctx.needs_input_grad[2])
        with torch.enable_grad():
            ctx.found = kernel(ctx.own)
        return ctx.found.detach()

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        if not torch.is_grad_enabled():
            return None, None, torch.autograd.grad(ctx.found, ctx.own, upstream, retain_graph=True)[0]
        (scores,) = ctx.saved_tensors
        return None, None, torch.autograd.grad(ctx.formula(scores), scores, upstream, create_graph=True)[0]


def undefined_rows_shown(values: Any, rows: Tensor) -> Any:
    """The values, but NaN for a row with NaN: the kernels find no violated margin there."""
    undefined = torch.isnan(torch.amax(rows.detach(), dim=-1))
    return values.masked_fill(undefined, float("nan"))


def multi_label_margin(labels: Tensor, scores: Tensor) -> Any:
    if transforming():
        return margins_at_once(labels, scores)
    rows = scores.reshape(-1, scores.shape[-1])
    return torch.ops.keraslosses.margins_of_lists(rows, labels.reshape(rows.shape).long())[0].reshape(
        scores.shape[:-1]
    )


def margins_at_once(labels: Tensor, scores: Tensor) -> Any:
    """Computes all pairs of a label and a class at once: in a loop over places, one row decides for all."""
    own = torch.gather(scores, -1, labels.long().clamp_min(0))
    listed = (labels[..., None] == torch.arange(scores.shape[-1], device=scores.device)).any(dim=-2)
    asked = (labels >= 0)[..., None] & ~listed[..., None, :]
    excess = 1.0 + (scores[..., None, :] - own[..., None])
    shortfall = torch.where(asked & ~(excess <= 0), excess, 0.0)
    return shortfall.sum(dim=(-2, -1)) / scores.shape[-1]


# Custom operations around the kernels, because torch 2.13 compiles other code in their place, which gives
# other values. `Library` is used, because `custom_op` searches the sources of all loaded modules: this would
# add 60 ms to each import.
OWN = torch.library.Library("keraslosses", "DEF")
OWN.define("margins_of_lists(Tensor rows, Tensor lists) -> (Tensor, Tensor)")
OWN.define("margins_of_lists_backward(Tensor upstream, Tensor rows, Tensor lists, Tensor listed) -> Tensor")


def forward(rows: Tensor, lists: Tensor) -> Any:
    values, listed = internals.multi_label_margin(rows, lists)
    return torch.where(lists[:, 0] >= 0, undefined_rows_shown(values, rows), values), listed


def backward(upstream: Tensor, rows: Tensor, lists: Tensor, listed: Any) -> Any:
    return internals.multi_label_margin_backward(upstream, rows, lists, listed)


def keep_lists(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.set_materialize_grads(False)  # The second output gets no gradient, so no zeros are made for it.
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(*inputs, output[1])


OWN.impl("margins_of_lists", forward, "CompositeExplicitAutograd")
OWN.impl("margins_of_lists_backward", backward, "CompositeExplicitAutograd")
OWN.impl(
    "margins_of_lists", lambda rows, lists: (rows.new_empty(rows.shape[:1]), torch.empty_like(rows)), "Meta"
)
OWN.impl("margins_of_lists_backward", lambda upstream, rows, *others: torch.empty_like(rows), "Meta")
torch.library.register_autograd(
    "keraslosses::margins_of_lists",
    lambda ctx, upstream, _: (
        None
        if upstream is None
        else torch.ops.keraslosses.margins_of_lists_backward(upstream, *ctx.saved_tensors),
        None,
    ),
    setup_context=keep_lists,
    lib=OWN,
)


def of_what_flows_back(ctx: Any, change: Any) -> Any:
    """The second derivative: 0 by the scores, because the values are piecewise linear in the scores."""
    rows, lists, listed = ctx.saved_tensors
    ones = torch.ones_like(rows[:, 0])
    slope = torch.ops.keraslosses.margins_of_lists_backward(ones, rows, lists, listed)
    return (change * slope).sum(dim=1), torch.zeros_like(rows), None, None


def keep_slope(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.save_for_backward(*inputs[1:])


torch.library.register_autograd(
    "keraslosses::margins_of_lists_backward", of_what_flows_back, setup_context=keep_slope, lib=OWN
)
