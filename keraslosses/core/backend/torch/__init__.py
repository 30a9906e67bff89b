"""The functions that are better on torch than in `portable`. The docstrings in `portable` hold here."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from keraslosses.core.backend import portable
from keraslosses.core.backend.torch.chunks import class_sums as class_sums
from keraslosses.core.backend.torch.chunks import memory_of_device as memory_of_device
from keraslosses.core.backend.torch.chunks import products_of_all as products_of_all
from keraslosses.core.backend.torch.ctc_kernel import ctc as ctc
from keraslosses.core.backend.torch.internals import any_autocast, is_wrapped, transforming
from keraslosses.core.backend.torch.kinds import unreadable as unreadable
from keraslosses.core.backend.torch.margins import multi_label_margin as multi_label_margin
from keraslosses.core.backend.torch.margins import multi_margin as multi_margin
from keraslosses.core.backend.torch.transforms import transformed
from keraslosses.core.explicit import Explicit, along_rows
from keraslosses.core.keras_internals import in_stateless_scope
from keraslosses.core.types import DType, Tensor


def peek(tensor: Any) -> np.ndarray | None:
    if isinstance(tensor, np.ndarray):
        return tensor
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or torch.compiler.is_compiling():
        return None
    if tensor.device.type != "cpu" or is_wrapped(tensor):
        return None
    seen = tensor.detach()
    # NumPy has no bfloat16.
    return (seen.float() if seen.dtype == torch.bfloat16 else seen).numpy()


def full_precision() -> Any:
    """Switches off torch's autocast, which computes products in half precision."""
    if any_autocast():
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                return torch.autocast(kind, enabled=False)
    return None


def computed(tensor: Any) -> bool:
    if torch.compiler.is_compiling() or getattr(tensor, "is_meta", False):
        return False
    return not is_wrapped(tensor)


def constant(numbers: Tensor, dtype: DType, near: Any) -> Any:
    return torch.as_tensor(numbers, dtype=dtype, device=near.device)


def may_warn() -> bool:
    return not torch.compiler.is_compiling()


class Values(torch.autograd.Function):
    """The values of a formula that returns `Explicit`, or their mean.

    If the gradient is itself differentiated or compiled, the derivative is computed again from the inputs.
    """

    @staticmethod
    def forward(
        ctx: Any, formula: Any, faster: Any, axis: int | None, mean: bool, y_true: Tensor, y_pred: Tensor
    ) -> Any:
        own = quick(formula, faster, y_true, y_pred)
        found = own or formula(y_true, y_pred)
        ctx.formula, ctx.axis, ctx.count = formula, axis, max(found.values.numel(), 1) if mean else None
        ctx.found = None if torch.compiler.is_compiling() else found
        ctx.in_place = own is not None
        ctx.save_for_backward(y_true, y_pred)
        return found.values.sum() / ctx.count if mean else found.values

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        y_true, y_pred = ctx.saved_tensors
        again = ctx.found is None or torch.is_grad_enabled()
        found = ctx.formula(y_true, y_pred) if again else ctx.found
        upstream = upstream if ctx.count is None else upstream / ctx.count
        along = along_rows(upstream, found.values, ctx.axis)
        by_true = None
        if ctx.needs_input_grad[4] and found.by_true is not None:
            by_true = along * found.by_true()
        elif ctx.needs_input_grad[4]:
            by_true = found_by_torch(ctx.formula, y_true, y_pred, upstream.expand(found.values.shape), again)
        slope = found.by_pred()
        by_pred = slope.mul_(along) if ctx.in_place and not again else slope * along
        return None, None, None, None, by_true, by_pred


def quick(formula: Any, faster: Any, y_true: Tensor, y_pred: Tensor) -> Explicit | None:
    """The result of the faster form for finite inputs; None if there is no form or its sum is not finite."""
    if faster is None or peek(y_pred) is None:
        return None
    found = faster(y_true, y_pred, **formula.keywords)
    return found if found is not None and math.isfinite(found.values.sum()) else None


def found_by_torch(formula: Any, y_true: Tensor, y_pred: Tensor, upstream: Tensor, again: bool) -> Any:
    """The gradient by y_true of a formula that does not state it. With `again`, it can be differentiated."""
    with torch.enable_grad():
        y_true = y_true if again else y_true.detach().requires_grad_()
        values = formula(y_true, y_pred).values
    return torch.autograd.grad(values, y_true, upstream, create_graph=again)[0]


def explicit(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    if transforming():
        return transformed(formula, y_true, y_pred, axis)
    return Values.apply(formula, faster, axis, False, y_true, y_pred)


def explicit_mean(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    """The upstream gradient is one number, so no array of the size of the values is made for it."""
    if transforming():
        return portable.mean(transformed(formula, y_true, y_pred, axis))
    return Values.apply(formula, faster, axis, True, y_true, y_pred)


def negative_log_likelihood(logits: Tensor, labels: Tensor) -> Any:
    """Uses the kernel that keeps the softmax for the gradient. It needs the classes in the second axis."""
    if logits.ndim == 2:
        values = F.cross_entropy(logits, labels.long(), reduction="none")
    else:
        rows = logits.reshape(-1, logits.shape[-1])
        values = F.cross_entropy(rows, labels.reshape(-1).long(), reduction="none").reshape(labels.shape)
    return without_gradient_at_infinity(values)


def without_gradient_at_infinity(values: Any) -> Any:
    """Checks the sum first: this takes less time than the three small operations of `portable`."""
    seen = peek(values)
    if seen is not None and math.isfinite(seen.sum()):
        return values
    return portable.without_gradient_at_infinity(values)


# For a finite number far below 0, torch's exponential takes three times as long.
FAR_BELOW = float("-inf")


def size_and_sign(x: Any) -> tuple[Any, Any]:
    sign = torch.copysign(torch.ones((), dtype=x.dtype, device=x.device), x.detach())
    return x * sign, sign


def largest(tensor: Any) -> Any:
    """Uses torch.amax: the max of Keras cannot be compiled, and raises an error for an empty batch."""
    return torch.amax(tensor, dim=-1)


def pick(tensor: Any, labels: Tensor) -> Any:
    return torch.gather(tensor, -1, labels.long().unsqueeze(-1)).squeeze(-1)


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    labels = labels.long()[..., None]
    changes = torch.as_tensor(change, dtype=tensor.dtype, device=tensor.device)
    changes = (changes[..., None] if changes.ndim else changes).expand(labels.shape)
    return torch.scatter_add(tensor, -1, labels, changes)


def take_rows(variable: Any, indices: Any) -> Any:
    return torch.index_select(variable.value.detach(), 0, indices.long())


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    if in_stateless_scope():
        portable.add_to_rows(variable, indices, changes)
        return
    with torch.no_grad():
        # index_add_ does the same, but reads the whole tensor: 83 ms for a million rows, not 0.05 ms.
        variable.value.data.index_put_((indices.long(),), changes, accumulate=True)


def gather_over_replicas(tensor: Any) -> Any:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return gather_over_processes(tensor)
    return tensor


def gather_over_processes(tensor: Any) -> Any:
    """all_gather for batches of different sizes: they are padded to the largest size and then cut."""
    sizes = [
        torch.zeros((), dtype=torch.long, device=tensor.device)
        for _ in range(torch.distributed.get_world_size())
    ]
    torch.distributed.all_gather(sizes, torch.tensor(len(tensor), device=tensor.device))
    longest = int(max(sizes))
    padded = tensor.new_zeros((longest, *tensor.shape[1:]))
    padded[: len(tensor)] = tensor
    parts = [torch.empty_like(padded) for _ in sizes]
    torch.distributed.all_gather(parts, padded)
    return torch.cat([part[: int(size)] for part, size in zip(parts, sizes, strict=True)])
