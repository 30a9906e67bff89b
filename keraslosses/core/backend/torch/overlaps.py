"""Mean Dice, Tversky and Jaccard losses of masks and probabilities, with the gradient written out.

With the sums t of y p, a of (1 - y) p, and b of y (1 - p), the loss of a region is

    1 - t / w,  w = t + alpha a + beta b + small

Its derivative by p is (alpha t / w - (1 - k t / w) y) / w, with k = 1 - alpha - beta. That by y is the same,
with beta and p in the place of alpha and y.
"""

from collections.abc import Callable
from typing import Any

import torch

from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.look import peek
from keraslosses.core.domain import PROBABILITIES, ROUNDING, TARGETS
from keraslosses.core.limits import EPSILON, NOTHING
from keraslosses.core.types import Options, Tensor

# The options under which a loss is that of masks and probabilities alone.
PLAIN = {"squared": False, "smooth": 0.0, "from_logits": False, "class_weights": None, "ignore_class": None}

# The numbers of a block: two arrays of as many and their products fit into the cache of a core.
BLOCK = 2**16


def dice(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    return mean_overlap(y_true, y_pred, options, 0.5, 0.5, 0.5 * EPSILON)


def tversky(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    return mean_overlap(y_true, y_pred, options, options["alpha"], options["beta"], EPSILON)


def jaccard(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    return mean_overlap(y_true, y_pred, options, 1.0, 1.0, exact=True)


def focal_tversky(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    weights = options["alpha"], options["beta"]
    return mean_overlap(y_true, y_pred, options, *weights, exact=True, gamma=options["gamma"])


def mean_overlap(
    y_true: Tensor,
    y_pred: Tensor,
    options: Options,
    alpha: float,
    beta: float,
    small: float = 0.0,
    exact: bool = False,
    gamma: float = 1.0,
) -> Any:
    """The mean loss, or that of its powers; None for inputs and options that it does not cover.

    `small` is added to both parts of the fraction. With `exact`, nearly equal masks keep their digits.
    """
    plain = all(options.get(option, usual) == usual for option, usual in PLAIN.items())
    if not plain or options["absent"] != "count" or not alpha or not beta:
        return None
    if not alike(y_true, y_pred) or torch.compiler.is_compiling() or transforming():
        return None
    axes = axes_of(options["axis"], y_pred.ndim)
    if axes is None:
        return None
    true, pred = peek(y_true), peek(y_pred)
    looked = true is not None and pred is not None
    if true is not None and pred is not None and not (TARGETS.holds(true) and PROBABILITIES.holds(pred)):
        return None
    found = exact_sums if exact else sums
    values = powers(Overlap.apply(y_true, y_pred, axes, alpha, beta, small, looked, found), gamma)
    return values.mean() if values.numel() > 1 else values.reshape(())


def powers(values: Tensor, gamma: float) -> Any:
    """values^gamma; at 0 it is 0 with derivative 0."""
    if gamma == 1.0:
        return values
    zero = values < torch.finfo(values.dtype).tiny
    return torch.where(zero, 0.0, torch.where(zero, 1.0, values) ** gamma)


def alike(y_true: Tensor, y_pred: Tensor) -> bool:
    """Whether both are tensors of the same shape, precision and device, with at least one element."""
    if type(y_true) is not torch.Tensor or not isinstance(y_pred, torch.Tensor):
        return False
    if y_pred.dtype not in (torch.float32, torch.float64) or y_true.dtype != y_pred.dtype:
        return False
    if y_true.shape != y_pred.shape or y_true.device != y_pred.device:
        return False
    return y_pred.ndim > 1 and bool(y_pred.numel())


def axes_of(axis: Any, rank: int) -> tuple[int, ...] | None:
    """The axes of a region; None if they do not fit the rank: the formula raises the error."""
    if axis is None:
        return tuple(range(rank))
    given = [axis] if isinstance(axis, int) else [int(one) for one in axis]
    axes = {one % rank for one in given if -rank <= one < rank}
    return tuple(sorted(axes)) if len(axes) == len(given) else None


class Overlap(torch.autograd.Function):
    """The loss of each region. A number out of range makes its region NaN, in value and gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        y: Tensor,
        p: Tensor,
        axes: Any,
        alpha: float,
        beta: float,
        small: float,
        looked: bool,
        sums: Callable[..., Any],
    ) -> Any:
        ctx.options = axes, alpha, beta, small, looked, sums
        near_y, near_p = (y, p) if looked else (y.clamp(0.0, 1.0), p.clamp(0.0, 1.0))
        common, wrong = sums(near_y, near_p, axes, alpha, beta)
        whole = wrong + common
        # 0 for an empty region. With `small`, no divisor is 0; without it, that of an empty region becomes 1.
        some = whole.sign() if small else (whole > NOTHING).to(whole.dtype)
        whole.add_(small if small else 1.0 - some)
        if not looked:
            far = torch.maximum(distance(y, near_y, axes), distance(p, near_p, axes))
            whole.masked_fill_(far > ROUNDING, float("nan"))
        ctx.save_for_backward(y, p, near_y, near_p, common, whole, some)
        part = wrong.add_(some, alpha=small) if small else wrong.mul_(some)
        return part.div_(whole)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        y, p, near_y, near_p, common, whole, some = ctx.saved_tensors
        axes, alpha, beta, small, looked, sums = ctx.options
        if torch.is_grad_enabled():
            upstream = torch.add(upstream, whole, alpha=0.0)  # NaN for a region out of range.
            with torch.enable_grad():
                values = formula(sums(moved(y, near_y), moved(p, near_p), axes, alpha, beta), small)
            needed = [x for x, need in zip((y, p), ctx.needs_input_grad, strict=False) if need]
            found = iter(torch.autograd.grad(values, needed, upstream, create_graph=True))
            return *(next(found) if need else None for need in ctx.needs_input_grad[:2]), *[None] * 6
        rate = (upstream * some).div_(whole).neg_()
        slope: Callable[..., Any] = slope_with(common, whole, rate, 1.0 - alpha - beta, looked)
        by_y = slope(near_p, beta) if ctx.needs_input_grad[0] else None
        by_p = slope(near_y, alpha) if ctx.needs_input_grad[1] else None
        return by_y, by_p, None, None, None, None, None, None


def distance(x: Tensor, near: Tensor, axes: tuple[int, ...]) -> Any:
    """How far the farthest number of each region is from its range."""
    return torch.linalg.vector_norm(x - near, float("inf"), axes, keepdim=True)


def slope_with(common: Tensor, whole: Tensor, rate: Tensor, k: float, looked: bool) -> Callable[..., Any]:
    """On an accelerator the number of kernels decides, on a CPU the number of passes over all numbers."""

    def slope(other: Tensor, weight: float) -> Any:
        if not k and not looked:
            return torch.addcdiv(other, common, whole, value=-weight).mul_(rate)
        part = common / whole * rate
        return (other * torch.sub(rate, part, alpha=k)).sub_(part, alpha=weight)

    return slope


def moved(x: Tensor, near: Tensor) -> Any:
    """The numbers in their range, with the gradient of `x`."""
    return x + (near - x).detach()


def sums(y: Any, p: Any, axes: tuple[int, ...], alpha: float, beta: float) -> tuple[Any, Any]:
    """The sum of y p, and alpha times that of (1 - y) p plus beta times that of y (1 - p)."""
    (common,) = totals(lambda y, p: [y * p], y, p, axes)
    true, predicted = (x.sum(axes, keepdim=True) for x in (y, p))
    return common, torch.add(alpha * predicted, true, alpha=beta).sub(common, alpha=alpha + beta)


def exact_sums(y: Any, p: Any, axes: tuple[int, ...], alpha: float, beta: float) -> tuple[Any, Any]:
    """The same without a difference of sums: `lerp` is exact for a target of 0 and of 1."""

    def products(y: Tensor, p: Tensor) -> list[Any]:
        return [y * p, torch.lerp(p if alpha == 1.0 else alpha * p, torch.rsub(p, beta, alpha=beta), y)]

    common, wrong = totals(products, y, p, axes)
    return common, wrong


def totals(products: Callable[..., Any], y: Tensor, p: Tensor, axes: tuple[int, ...]) -> Any:
    """The sums of products. Those of many numbers on a CPU by blocks, whose products stay in its cache."""
    flat = len(axes) == y.ndim and y.is_contiguous() and p.is_contiguous()
    if not flat or y.numel() < 4 * BLOCK or y.device.type != "cpu":
        return [product.sum(axes, keepdim=True) for product in products(y, p)]
    blocks = zip(y.view(-1).split(BLOCK), p.view(-1).split(BLOCK), strict=True)
    of_blocks = [torch.stack([product.sum() for product in products(*block)]) for block in blocks]
    return torch.stack(of_blocks).sum(0).view(-1, *[1] * y.ndim)


def formula(sums: tuple[Any, Any], small: float) -> Any:
    common, wrong = sums
    whole = wrong + common
    nothing = whole <= NOTHING
    return torch.where(nothing, 0.0, (wrong + small) / (torch.where(nothing, 1.0, whole) + small))
