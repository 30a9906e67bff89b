"""The mean of the scores at labels, on any device, without reading a value.

A label out of range gives NaN. A row whose loss is infinite has gradient 0. So has an ignored row, even if it
holds NaN.
"""

from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend.torch.internals import (
    log_softmax_backward,
    nll,
    nll_backward,
    zero_at_infinity,
    zero_at_plus_infinity,
)
from keraslosses.core.backend.torch.look import to_device
from keraslosses.core.backend.torch.ranges import NAN
from keraslosses.core.types import Options, Tensor

# A label that torch's kernels ignore: no class has this index.
NO_LABEL = -100


def mean_at_labels(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str, softmax: bool) -> Any:
    """The mean loss; None for inputs and options that it does not cover."""
    classes, weights = y_pred.shape[-1], options["class_weights"]
    if torch.compiler.is_compiling() or not one_label_each(y_true, y_pred):
        return None
    if options["axis"] not in (-1, y_pred.ndim - 1) or options.get("label_smoothing"):
        return None
    if weights is not None:
        # The kernel multiplies a weight of 0 with a cost that may be infinite.
        if len(weights) != classes or 0 in weights:
            return None
        weights = to_device(torch.as_tensor(weights, dtype=y_pred.dtype), y_pred)
    labels = y_true.reshape(-1).long()
    by_weight = weights is not None and reduction == "mean_with_sample_weight"
    scores = y_pred.reshape(-1, classes)
    return MeanAtLabels.apply(scores, labels, weights, options["ignore_class"], softmax, by_weight)


def one_label_each(y_true: Any, y_pred: Tensor) -> bool:
    """Whether y_true is one integer for each row. Not for one class: the loss must warn of it."""
    if type(y_true) is not torch.Tensor or y_true.dtype not in (torch.int32, torch.int64):
        return False
    rows, same_device = tuple(y_pred.shape[:-1]), y_true.device == y_pred.device
    return same_device and y_pred.shape[-1] > 1 and tuple(y_true.shape) in (rows, (*rows, 1))


class Judged:
    """Labels in range or ignored, and which were out of range (`broken`) or ignored (`silent`)."""

    def __init__(self, labels: Tensor, classes: int, ignored: int | None):
        # A label out of range must not become the ignored one: its gradient would be 0.
        lowest, highest = int(ignored == 0), classes - 1 - int(ignored == classes - 1)
        self.index, self.silent = labels.clamp(lowest, highest), None
        self.ignored = NO_LABEL if ignored is None else ignored
        if ignored is not None:
            self.silent = labels == ignored
            self.index = torch.where(self.silent, labels, self.index)
        self.broken = self.index != labels

    def divisor(self, scores: Tensor, weights: Any) -> Any:
        """The number of rows that count, or the sum of their weights."""
        if weights is None:
            return len(self.index) if self.silent is None else (~self.silent).sum().clamp_min_(1)
        negative, _ = nll(weights.expand_as(scores), self.index, None, self.ignored)
        # If the sum is 0, so is the sum that it divides.
        return negative.sum().neg_().clamp_min_(torch.finfo(weights.dtype).tiny)


class MeanAtLabels(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        labels: Tensor,
        weights: Any,
        ignored: int | None,
        softmax: bool,
        by_weight: bool,
    ) -> Any:
        log_p = F.log_softmax(scores, -1) if softmax else scores
        judged = Judged(labels, scores.shape[-1], ignored)
        values, total = nll(log_p, judged.index, weights, judged.ignored)
        values.masked_fill_(judged.broken, NAN)
        ctx.divisor = judged.divisor(scores, weights if by_weight else None)
        ctx.judged, ctx.softmax = judged, softmax
        ctx.save_for_backward(scores, log_p, values, weights, total)
        if isinstance(ctx.divisor, int):
            return values.mean()
        return values.sum() / ctx.divisor

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        scores, log_p, values, weights, total = ctx.saved_tensors
        judged = ctx.judged
        upstream = (upstream / ctx.divisor).expand_as(values)
        if torch.is_grad_enabled():
            return again(scores, judged, weights, upstream, ctx.softmax), *[None] * 5
        if ctx.softmax:  # No value is -inf, and that of a broken label is NaN.
            felt = zero_at_plus_infinity(upstream, values)
        else:
            felt = zero_at_infinity(upstream, values).masked_fill_(judged.broken, NAN)
        slope = nll_backward(felt, log_p, judged.index, weights, judged.ignored, total)
        if not ctx.softmax:
            return slope, *[None] * 5
        slope = log_softmax_backward(slope, log_p, 1)
        if judged.silent is not None:  # They may hold NaN.
            slope.masked_fill_(judged.silent[:, None], 0.0)
        return slope, *[None] * 5


def again(scores: Tensor, judged: Judged, weights: Any, upstream: Tensor, softmax: bool) -> Any:
    """The gradient, by operations that can be differentiated."""
    if judged.silent is not None:
        scores = scores.masked_fill(judged.silent[:, None], 0.0)
    log_p = F.log_softmax(scores, -1) if softmax else scores
    values = F.nll_loss(log_p, judged.index, weights, ignore_index=judged.ignored, reduction="none")
    values = F.hardtanh(values, -torch.inf, torch.inf) * torch.pow(NAN, judged.broken)
    return torch.autograd.grad(values, scores, upstream, create_graph=True)[0]
