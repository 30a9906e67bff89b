"""The functions that are better on torch than in `portable`. The docstrings in `portable` hold here."""

import math
from contextlib import ExitStack, nullcontext
from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.core.backend import ops, portable
from keraslosses.core.backend.torch.by_rows import by_rows as by_rows
from keraslosses.core.backend.torch.chunks import class_sums as class_sums
from keraslosses.core.backend.torch.chunks import memory_of_device as memory_of_device
from keraslosses.core.backend.torch.chunks import products_of_all as products_of_all
from keraslosses.core.backend.torch.ctc_kernel import ctc as ctc
from keraslosses.core.backend.torch.distances import root as root
from keraslosses.core.backend.torch.distances import squared_differences as squared_differences
from keraslosses.core.backend.torch.distances import squared_distances as squared_distances
from keraslosses.core.backend.torch.draws import uniform as uniform
from keraslosses.core.backend.torch.internals import (
    any_autocast,
    is_wrapped,
    transforming,
    zero_at_infinity,
)
from keraslosses.core.backend.torch.kinds import unreadable as unreadable
from keraslosses.core.backend.torch.log_sum_exp import log_sum_exp_where as log_sum_exp_where
from keraslosses.core.backend.torch.look import as_on_an_accelerator as as_on_an_accelerator
from keraslosses.core.backend.torch.look import finite, to_device
from keraslosses.core.backend.torch.look import peek as peek
from keraslosses.core.backend.torch.margins import multi_label_margin as multi_label_margin
from keraslosses.core.backend.torch.margins import multi_margin as multi_margin
from keraslosses.core.backend.torch.processes import gather_over_replicas as gather_over_replicas
from keraslosses.core.backend.torch.processes import mean_over_replicas as mean_over_replicas
from keraslosses.core.backend.torch.processes import rows_before as rows_before
from keraslosses.core.backend.torch.ranges import NAN
from keraslosses.core.backend.torch.ranges import repaired as repaired
from keraslosses.core.backend.torch.transforms import transformed
from keraslosses.core.backend.torch.unit import length as length
from keraslosses.core.backend.torch.unit import unit as unit
from keraslosses.core.explicit import Explicit, along_rows
from keraslosses.core.keras_internals import device_of_keras, in_stateless_scope
from keraslosses.core.types import DType, Tensor

DTYPES = {torch.float32: "float32", torch.float64: "float64"}


NO_SCOPE = nullcontext()


def as_tensor(x: Any) -> Any:
    """Keras moves each tensor to its device, even if it is there. This takes as long as a small kernel."""
    at_home = type(x) is torch.Tensor and x.device.type == device_of_keras()
    return x if at_home else ops.convert_to_tensor(x)


# A look has moved the numbers into their range, or two operations have: see `ranges`.
CHECKS_ROWS = False


def non_negative(numbers: Any) -> Any:
    return numbers


def positive_total(numbers: Any, axis: int) -> Any:
    return numbers.sum(axis, keepdim=True)


def dtype_name(tensor: Any) -> str:
    return DTYPES.get(tensor.dtype) or portable.dtype_name(tensor)


def name_scope(name: str) -> Any:
    return NO_SCOPE


def full_precision() -> Any:
    """Switches off torch's autocast, which computes products in half precision."""
    if not any_autocast():
        return None
    without = ExitStack()
    for kind in ("cpu", "cuda", "mps", "xpu"):
        if torch.is_autocast_enabled(kind):
            without.enter_context(torch.autocast(kind, enabled=False))
    return without


def computed(tensor: Any) -> bool:
    if torch.compiler.is_compiling() or getattr(tensor, "is_meta", False):
        return False
    return not is_wrapped(tensor)


def constant(numbers: Tensor, dtype: DType, near: Any) -> Any:
    return to_device(torch.as_tensor(numbers, dtype=dtype), near)


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
        return mean_of(found.values, found.values.numel()) if mean else found.values

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        y_true, y_pred = ctx.saved_tensors
        again = ctx.found is None or torch.is_grad_enabled()
        found = ctx.formula(y_true, y_pred) if again else ctx.found
        upstream = upstream if ctx.count is None else upstream / ctx.count
        along = along_rows(upstream, found.values, ctx.axis) if again else felt(upstream, found, ctx.axis)
        by_true = None
        if ctx.needs_input_grad[4] and found.by_true is not None:
            by_true = along * found.by_true()
        elif ctx.needs_input_grad[4]:
            by_true = found_by_torch(ctx.formula, y_true, y_pred, upstream.expand(found.values.shape), again)
        slope = found.by_pred()
        by_pred = slope.mul_(along) if ctx.in_place and not again else slope * along
        return None, None, None, None, by_true, by_pred


def felt(upstream: Tensor, found: Explicit, axis: int | None) -> Any:
    """As `along_rows`, in one operation."""
    if axis is None:
        return upstream
    return zero_at_infinity(upstream.expand_as(found.values), found.values).unsqueeze(axis)


def quick(formula: Any, faster: Any, y_true: Tensor, y_pred: Tensor) -> Explicit | None:
    """The result of the faster form; None if it has none, or if a look shows that it is not finite."""
    if faster is None or torch.compiler.is_compiling():
        return None
    found = faster(y_true, y_pred, **formula.keywords)
    if found is None or peek(y_pred) is None:
        return found
    return found if math.isfinite(found.values.sum()) else None


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
    """From -inf to inf, hardtanh is the identity, and its gradient is 0 at both ends."""
    seen = peek(values)
    if seen is not None and finite(seen):
        return values
    return F.hardtanh(values, -math.inf, math.inf)


def times_unless_zero(formula: Any, factor: Tensor, values: Tensor) -> Any:
    """Of finite values, the product is 0 anyway. Its gradient by a factor of 0 is not."""
    seen = peek(values)
    if seen is None or factor.requires_grad or not finite(seen):
        return formula(factor, values)
    return factor * values


def nan_where(condition: Tensor, dtype: DType) -> Any:
    return ops.cast(torch.xlogy(condition, -1.0), dtype)


def one_or_nan(broken: Tensor, dtype: DType) -> Any:
    return ops.cast(torch.pow(NAN, broken), dtype)


def as_indices(labels: Tensor) -> Any:
    """In the dtype that torch's kernels take."""
    return labels.long()


def take(numbers: Tensor, indices: Tensor) -> Any:
    return numbers[indices]


# For a finite number far below 0, torch's exponential takes three times as long.
FAR_BELOW = float("-inf")


def size_and_sign(x: Any) -> tuple[Any, Any]:
    sign = torch.copysign(torch.ones((), dtype=x.dtype, device=x.device), x.detach())
    return x * sign, sign


def at_least(x: Any, low: float) -> Any:
    return F.threshold(x, low, low)


def above_or_one(x: Any, low: float) -> Any:
    return F.threshold(x, low, 1.0)


def mean_of(values: Any, count: int) -> Any:
    return values.mean() if count else values.sum()


# For equal numbers, each has half of the gradient.
smaller, larger = torch.minimum, torch.maximum


def extremes(pair: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
    """The gradients of amin and amax are shared by equal numbers."""
    all_four = torch.stack([*pair, *other])
    return torch.amin(all_four, dim=0), torch.amax(all_four, dim=0)


def largest_along(tensor: Any, axis: int) -> Any:
    """The max of Keras cannot be compiled, and raises an error for an empty batch."""
    return torch.amax(tensor, dim=axis)


def smallest_along(tensor: Any, axis: int) -> Any:
    return torch.amin(tensor, dim=axis)


def largest(tensor: Any) -> Any:
    return torch.amax(tensor, dim=-1)


def pick(tensor: Any, labels: Tensor) -> Any:
    return torch.gather(tensor, -1, labels.long().unsqueeze(-1)).squeeze(-1)


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    labels = labels.long()[..., None]
    changes = torch.as_tensor(change, dtype=tensor.dtype, device=tensor.device)
    changes = (changes[..., None] if changes.ndim else changes).expand(labels.shape)
    return torch.scatter_add(tensor, -1, labels, changes)


def running_max(tensor: Any) -> Any:
    # Of no numbers, torch does not compute it.
    return torch.cummax(tensor, dim=-1).values if tensor.shape[-1] else tensor


def take_rows(variable: Any, indices: Any) -> Any:
    return torch.index_select(variable.value.detach(), 0, indices.long())


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    if in_stateless_scope():
        portable.add_to_rows(variable, indices, changes)
        return
    with torch.no_grad():
        # index_add_ does the same, but reads the whole tensor: 83 ms for a million rows, not 0.05 ms.
        variable.value.data.index_put_((indices.long(),), changes, accumulate=True)


def places_among(rows: Any, numbers: Any, side: str) -> Any:
    fixed = (tensor.detach().contiguous() for tensor in (rows, numbers))
    return torch.searchsorted(*fixed, side=side, out_int32=True)
