"""All undocumented names of torch that this package uses. Each is used in a function of this module.

torch may change them in any release. `INTERNALS` says what each name is for. A test looks up each of them
and names those that do not exist.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch.autograd import forward_ad

from keraslosses.core.types import Tensor

INTERNALS = {
    "torch._C._functorch.is_functorch_wrapped_tensor": "to see whether `torch.func` transforms a tensor",
    "torch._C._are_functorch_transforms_active": "to see whether a transformation of `torch.func` is running",
    "torch._C._is_any_autocast_enabled": "to see quickly whether autocast is on for some device",
    "torch.autograd.forward_ad._current_level": "to see whether forward mode is running",
    "torch.autograd.forward_ad._set_fwd_grad_enabled": "to use forward mode inside a rule for forward mode",
    "torch._C._nn.mse_loss": "for the mean of torch's kernel, without the checks that the loss has done",
    "torch._C._nn.huber_loss": "likewise",
    "torch._C._nn.smooth_l1_loss": "likewise",
    "torch._log_softmax_backward_data": "to go back through log_softmax in one pass",
    "torch.ops.aten.threshold_backward": "to zero a gradient below a threshold in one pass",
    "torch.ops.aten.nll_loss_forward": "for the score at a label, and what its gradient needs",
    "torch.ops.aten.nll_loss_backward": "for the gradient of the score at a label",
    "torch.ops.aten.hardtanh_backward": "to zero a gradient at infinity in one pass",
    "torch.ops.aten.hardshrink_backward": "to zero a number where another is 0",
    "torch.ops.aten.huber_loss_backward": "to scale a difference by the upstream in one pass",
    "torch.ops.aten.softplus_backward": "to zero a gradient at infinity and make it NaN at NaN in one pass",
    "torch.ops.aten.multilabel_margin_loss_forward": "for MultiLabelMargin, and what its gradient needs",
    "torch.ops.aten.multilabel_margin_loss_backward": "for the gradient of MultiLabelMargin",
    "torch.ops.aten._ctc_loss.Tensor": "for CTC, and what its gradient needs",
    "torch.ops.aten._ctc_loss_backward.Tensor": "for the gradient of CTC",
    "torch._dynamo.maybe_mark_dynamic": "to compile, in the checks, before the size of the batch is known",
    "torch.utils._python_dispatch.TorchDispatchMode": "to count the kernels that a call launches",
}


def is_wrapped(tensor: Any) -> bool:
    """Whether a tensor is a placeholder of `torch.func`, as in `vmap` or `grad`."""
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def transforming() -> bool:
    """Whether a transformation of `torch.func` or forward mode is running now."""
    return torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0


def any_autocast() -> bool:
    """Whether autocast is on for some device."""
    return torch._C._is_any_autocast_enabled()


def with_changes_of_changes() -> Any:
    """A context in which forward mode works inside the forward-mode rule of a function."""
    return forward_ad._set_fwd_grad_enabled(True)


# The mean, in the code of a reduction.
MEAN = 1


def mean_squared_error(x: Tensor, y: Tensor) -> Any:
    return torch._C._nn.mse_loss(x, y, MEAN)


def huber(x: Tensor, y: Tensor, delta: float) -> Any:
    return torch._C._nn.huber_loss(x, y, MEAN, delta)


def smooth_l1(x: Tensor, y: Tensor, beta: float) -> Any:
    if not beta:  # The kernel divides by it.
        return F.l1_loss(x, y)
    return torch._C._nn.smooth_l1_loss(x, y, MEAN, beta)


def log_softmax_backward(upstream: Tensor, log_p: Tensor, axis: int) -> Any:
    """The gradient by the logits whose log_softmax is `log_p`."""
    return torch._log_softmax_backward_data(upstream, log_p, axis, log_p.dtype)


def zero_up_to(threshold: float, x: Any, gradient: Any) -> Any:
    """The gradient, but 0 where x is at most the threshold."""
    return torch.ops.aten.threshold_backward(gradient, x, threshold)


def nll(log_p: Tensor, labels: Tensor, weights: Any, ignored: int) -> tuple[Any, Any]:
    """-log_p[label] times the weight of the label for each row, and data that the gradient needs."""
    return torch.ops.aten.nll_loss_forward(log_p, labels, weights, 0, ignored)


def nll_backward(
    upstream: Tensor, log_p: Tensor, labels: Tensor, weights: Any, ignored: int, total: Tensor
) -> Any:
    """The gradient by log_p."""
    return torch.ops.aten.nll_loss_backward(upstream, log_p, labels, weights, 0, ignored, total)


def zero_at_infinity(gradient: Any, x: Any) -> Any:
    """The gradient, but 0 where x is infinite."""
    return torch.ops.aten.hardtanh_backward(gradient, x, float("-inf"), float("inf"))


def zero_at_minus_infinity(gradient: Any, x: Any) -> Any:
    """The gradient, but 0 where x is -inf, and NaN where x is NaN; x is at most 0.

    It is multiplied by sigmoid(tiny x), unless tiny x is above -10, as it is for all finite x.
    """
    return torch.ops.aten.softplus_backward(gradient, x, torch.finfo(x.dtype).tiny, -10.0)


def zero_at_plus_infinity(gradient: Any, x: Any) -> Any:
    """The same for inf, and an x of at least 0."""
    return torch.ops.aten.softplus_backward(gradient, x, -torch.finfo(x.dtype).tiny, -10.0)


def zero_at_0(numbers: Any, x: Any) -> Any:
    """The numbers, but 0 where x is 0."""
    return torch.ops.aten.hardshrink_backward(numbers, x, 0.0)


def fraction_of_difference(upstream: Tensor, a: Any, b: Any) -> Any:
    """(a - b) * upstream / the number of elements, as for a mean Huber loss with an infinite delta."""
    mean = 1
    return torch.ops.aten.huber_loss_backward(upstream, a, b, mean, float("inf"))


def multi_label_margin(scores: Tensor, lists: Tensor) -> tuple[Any, Any]:
    """The values for rows of scores, and the data that the gradient needs."""
    return torch.ops.aten.multilabel_margin_loss_forward(scores, lists, 0)


def multi_label_margin_backward(upstream: Tensor, scores: Tensor, lists: Tensor, listed: Any) -> Any:
    return torch.ops.aten.multilabel_margin_loss_backward(upstream, scores, lists, 0, listed)


def ctc(
    log_p: Tensor, labels: Tensor, frame_length: Tensor, label_length: Tensor, blank: int
) -> tuple[Any, Any]:
    """The values for log-probabilities (frames, batch, classes), and the data that the gradient needs."""
    return torch.ops.aten._ctc_loss.Tensor(log_p, labels, frame_length, label_length, blank, False)


def ctc_backward(
    upstream: Tensor,
    log_p: Tensor,
    labels: Tensor,
    frame_length: Tensor,
    label_length: Tensor,
    values: Any,
    log_alpha: Any,
    blank: int,
) -> Any:
    """The gradient by the logits, 0 where a value is inf."""
    return torch.ops.aten._ctc_loss_backward.Tensor(
        upstream, log_p, labels, frame_length, label_length, values, log_alpha, blank, True
    )


def of_any_batch(tensor: Any) -> None:
    """Marks a tensor: a function that is compiled for it is compiled for any size of its first axis."""
    torch._dynamo.maybe_mark_dynamic(tensor, 0)


def dispatch_mode() -> type[Any]:
    """The base class for a mode that sees each operation of torch; only the benchmark needs it."""
    from torch.utils._python_dispatch import TorchDispatchMode

    return TorchDispatchMode
