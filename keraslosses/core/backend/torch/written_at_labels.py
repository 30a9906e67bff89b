"""Mean losses of the probability of a label, written out as in `written_out`."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend.torch.at_labels import Judged
from keraslosses.core.backend.torch.internals import zero_up_to
from keraslosses.core.backend.torch.ranges import NAN
from keraslosses.core.backend.torch.written_out import (
    ABOVE_ONE,
    BELOW_EPSILON,
    ROUNDING,
    Mean,
    of_labels,
    with_gradient_of,
)
from keraslosses.core.limits import EPSILON, NOTHING
from keraslosses.core.types import Options, Tensor

BELOW_NOTHING = NOTHING * (1 - 1e-7)


@of_labels
def share_of_label(options: Options) -> Mean | None:
    """The sparse cross-entropy of probabilities, which are divided by the sum of their row."""
    return None if options["label_smoothing"] else Mean(of_share, slope_of_share)


def of_share(labels: Tensor, rows: Tensor) -> Any:
    """A row of zeros counts as uniform, with gradient 0: its sum counts as inf."""
    judged = Judged(labels, rows.shape[-1], None)
    near = F.threshold(rows.detach(), -ROUNDING, NAN).clamp_min_(0.0)
    rows = with_gradient_of(near, rows, 1.0)
    total = rows.sum(-1)
    total = total * torch.pow(NAN, judged.broken | total.isinf())
    empty = total <= BELOW_NOTHING
    whole = total.masked_fill(empty, math.inf)
    p = (pick(rows, judged.index) / whole).masked_fill_(empty, 1.0 / rows.shape[-1])
    return p.clamp_min(EPSILON).log_().mean().neg_(), [labels, judged.index, whole, p]


def slope_of_share(
    upstream: Tensor, rows: Tensor, labels: Tensor, index: Tensor, whole: Tensor, p: Tensor
) -> Any:
    """(1 - 1 / p) / sum for the label and 1 / sum for the others, but 0 if p is below 1e-7."""
    if torch.is_grad_enabled():
        return differentiated(of_share, upstream, labels, rows)
    felt = zero_up_to(BELOW_EPSILON, p, (upstream / len(p)).expand_as(p)) / whole
    of_label = (felt / p.clamp_min(EPSILON)).neg_()
    return felt[:, None].expand_as(rows).scatter_add(1, index[:, None], of_label[:, None])


def pick(rows: Tensor, labels: Tensor) -> Any:
    return rows.gather(1, labels[:, None]).squeeze(1)


def differentiated(value: Callable[..., Any], upstream: Tensor, y_true: Tensor, y_pred: Tensor) -> Any:
    """The gradient by torch, which can be differentiated again."""
    return torch.autograd.grad(value(y_true, y_pred)[0], y_pred, upstream, create_graph=True)[0]


@of_labels
def categorical_generalized_cross_entropy(options: Options) -> Mean | None:
    power = options["q"]
    covered = not options["from_logits"] and options["truncation"] is None
    return Mean(of_power(power), slope_of_power(power)) if covered else None


def of_power(q: float) -> Callable[..., Any]:
    """(1 - p^q) / q; NaN for a row that holds a number out of range."""

    def value(labels: Tensor, rows: Tensor) -> Any:
        judged = Judged(labels, rows.shape[-1], None)
        lowest, highest = rows.aminmax(dim=-1)
        broken = judged.broken | (lowest <= -ROUNDING) | (highest >= ABOVE_ONE)
        p = pick(rows, judged.index).clamp_(0.0, 1.0).masked_fill_(broken, NAN)
        return (1.0 - p**q).mean() / q, [judged.index, p]

    return value


def slope_of_power(q: float) -> Callable[..., Any]:
    def slope(upstream: Tensor, rows: Tensor, index: Tensor, p: Tensor) -> Any:
        """-max(p, 1e-7)^(q - 1)."""
        if torch.is_grad_enabled():
            p = with_gradient_of(p, pick(rows, index), 1.0)
        by_p = p.clamp_min(EPSILON) ** (q - 1.0) * (upstream / -len(p))
        return torch.zeros_like(rows).scatter(1, index[:, None], by_p[:, None])

    return slope
