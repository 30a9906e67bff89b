"""CTC with torch's kernel, as custom operations that work in compiled code and with `torch.func`."""

from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend import portable
from keraslosses.core.backend.alignments import IMPOSSIBLE
from keraslosses.core.backend.torch import internals, transforms
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.margins import OWN
from keraslosses.core.types import Tensor


def ctc(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    if not len(scores):  # The kernel raises an error for an empty batch.
        return scores.sum(dim=(1, 2))
    if transforming():
        return transforms.ctc(scores, labels, label_length, frame_length, blank, softmax)
    values = torch.ops.keraslosses.ctc(scores, labels.long(), label_length, frame_length, blank, softmax)[0]
    # By rounding, the kernel may give values below 0. Then the value becomes 0, but the gradient stays.
    return torch.where(values < 0, values - values.detach(), values)


# The kernel gives the derivative by logits; it gives NaN if there is no alignment.
OWN.define(
    "ctc(Tensor scores, Tensor labels, Tensor label_length, Tensor frame_length, int blank, bool softmax)"
    " -> (Tensor, Tensor, Tensor)"
)
OWN.define(
    "ctc_backward(Tensor upstream, Tensor log_p, Tensor labels, Tensor label_length, Tensor frame_length,"
    " Tensor values, Tensor log_alpha, int blank, bool softmax) -> Tensor"
)


def ctc_forward(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    scores = scores.contiguous()
    log_p = F.log_softmax(scores, dim=2) if softmax else scores.clone()
    log_p = log_p.clamp_min_(IMPOSSIBLE).transpose(0, 1)
    values, log_alpha = internals.ctc(log_p, labels, frame_length, label_length, blank)
    values = torch.where(values > -IMPOSSIBLE / 2, float("inf"), values)
    # The kernel leaves out places that no list of labels reaches. Compiled code must know the size before.
    missing = 2 * labels.shape[1] + 1 - log_alpha.shape[2]
    return values, log_p, F.pad(log_alpha, (0, missing)) if missing else log_alpha


def ctc_backward(
    upstream: Tensor,
    log_p: Tensor,
    labels: Tensor,
    label_length: Tensor,
    frame_length: Tensor,
    values: Any,
    log_alpha: Any,
    blank: int,
    softmax: bool,
) -> Any:
    slope = internals.ctc_backward(
        upstream, log_p, labels, frame_length, label_length, values, log_alpha, blank
    ).transpose(0, 1)
    if not softmax:
        slope.sub_(log_p.transpose(0, 1).exp() * upstream[:, None, None])
        behind = torch.arange(slope.shape[1], device=slope.device)[:, None] >= frame_length[:, None, None]
        slope.masked_fill_(behind | (values == float("inf"))[:, None, None], 0.0)
    return slope


def ctc_shapes(scores: Tensor, labels: Tensor, *others: Tensor) -> Any:
    batch, frames, _ = scores.shape
    log_alpha = scores.new_empty((batch, frames, 2 * labels.shape[1] + 1))
    return scores.new_empty((batch,)), scores.new_empty(scores.shape).transpose(0, 1), log_alpha


def ctc_setup(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.set_materialize_grads(False)
    _, labels, label_length, frame_length, ctx.blank, ctx.softmax = inputs
    values, log_p, log_alpha = output
    ctx.save_for_backward(log_p, labels, label_length, frame_length, values, log_alpha)


def refuse(ctx: Any, upstream: Tensor) -> Any:
    raise portable.no_second_derivative()


OWN.impl("ctc", ctc_forward, "CompositeExplicitAutograd")
OWN.impl("ctc_backward", ctc_backward, "CompositeExplicitAutograd")
OWN.impl("ctc", ctc_shapes, "Meta")
OWN.impl(
    "ctc_backward", lambda upstream, log_p, *others: log_p.new_empty(log_p.shape).transpose(0, 1), "Meta"
)
torch.library.register_autograd(
    "keraslosses::ctc",
    lambda ctx, upstream, *others: (
        None
        if upstream is None
        else torch.ops.keraslosses.ctc_backward(upstream, *ctx.saved_tensors, ctx.blank, ctx.softmax),
        *[None] * 5,
    ),
    setup_context=ctc_setup,
    lib=OWN,
)
torch.library.register_autograd("keraslosses::ctc_backward", refuse, lib=OWN)
