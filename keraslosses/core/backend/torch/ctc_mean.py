"""The mean CTC loss on an accelerator, in few kernels: all frames count, and padding ends the labels.

torch's kernel needs the lengths in the memory of the CPU, and copies them there itself.
"""

import functools
from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend.alignments import IMPOSSIBLE
from keraslosses.core.backend.torch import internals
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.look import peek
from keraslosses.core.backend.torch.ranges import NAN
from keraslosses.core.backend.torch.written_out import WIDE, Mean, WrittenOut
from keraslosses.core.types import Options, Tensor


def ctc(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    """The mean loss; None for inputs and options that it does not cover."""
    if torch.compiler.is_compiling() or transforming() or not fit(y_true, y_pred):
        return None
    if not options["from_logits"] or options["normalize"] is not None or peek(y_pred) is not None:
        return None
    if options.get("label_length") is not None or options.get("logit_length") is not None:
        return None
    blank, classes = options["blank_index"], y_pred.shape[2]
    if not -classes <= blank < classes:
        return None
    value = functools.partial(mean_of_alignments, blank % classes, options["zero_infinity"])
    return WrittenOut.apply(Mean(value, functools.partial(slope, blank % classes)), y_true, y_pred)


def fit(y_true: Any, y_pred: Any) -> bool:
    if type(y_true) is not torch.Tensor or not isinstance(y_pred, torch.Tensor):
        return False
    if y_true.dtype not in (torch.int32, torch.int64) or y_pred.dtype not in WIDE:
        return False
    if y_true.ndim != 2 or y_pred.ndim != 3 or not y_true.numel() or not y_pred.numel():
        return False
    # The kernel has no form that only computes shapes.
    return len(y_true) == len(y_pred) and y_true.device == y_pred.device and not y_pred.is_meta


def mean_of_alignments(blank: int, zero_infinity: bool, y_true: Tensor, scores: Tensor) -> Any:
    _, frames, classes = scores.shape
    named = y_true > 0 if blank == 0 else (y_true >= 0) & (y_true != blank)
    # Labels end where padding begins.
    broken = (named[:, 1:] > named[:, :-1]).any(1) | (y_true.amax(1) >= classes)
    labels, label_length = y_true.clamp(0, classes - 1).long(), named.sum(1)
    frame_length = torch.full_like(label_length, frames)
    log_p = F.log_softmax(scores, dim=2).clamp_min_(IMPOSSIBLE).transpose(0, 1)
    found, log_alpha = internals.ctc(log_p, labels, frame_length, label_length, blank)
    # What is NaN here makes the gradient of its sample NaN too.
    found.masked_fill_(found > -IMPOSSIBLE / 2, float("inf")).masked_fill_(broken, NAN)
    values = found.clamp_min(0.0)  # By rounding, the kernel may give values below 0.
    if zero_infinity:
        values.masked_fill_(values.isinf(), 0.0)
    return values.mean(), [log_p, labels, frame_length, label_length, found, log_alpha]


def slope(
    blank: int,
    upstream: Tensor,
    scores: Tensor,
    log_p: Tensor,
    labels: Tensor,
    frame_length: Tensor,
    label_length: Tensor,
    values: Tensor,
    log_alpha: Tensor,
) -> Any:
    share = (upstream / len(scores)).expand(len(scores))
    if torch.is_grad_enabled():  # This operation refuses a second derivative.
        log_p = F.log_softmax(scores, dim=2).clamp_min(IMPOSSIBLE).transpose(0, 1)
        return torch.ops.keraslosses.ctc_backward(
            share, log_p, labels, label_length, frame_length, values, log_alpha, blank, True
        )
    return internals.ctc_backward(
        share, log_p, labels, frame_length, label_length, values, log_alpha, blank
    ).transpose(0, 1)
