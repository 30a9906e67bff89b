"""The sums over the logits of very many classes on torch, with a gradient function for torch."""

import sys
from typing import Any

import torch

from keraslosses.core.backend import portable
from keraslosses.core.backend.class_chunks import Classes, Sums, gradients, gradients_of_all, products, sums
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.types import Tensor

fold, fold_keeping, rows_from = portable.fold, portable.fold_keeping, portable.rows_from


def fold_and_join(first: Any, kept: Any, count: int, step: Any, start: Any, like: Any) -> tuple[Any, Any]:
    """Writes each piece directly to its place. Joining pieces at the end would need the memory twice."""
    joined = [torch.empty_like(one) for one in like]

    def write(pieces: Any, place: int) -> int:
        end = place + len(pieces[0])
        for whole, piece in zip(joined, pieces, strict=True):
            whole[place:end] = piece
        return end

    carry, place = start, 0 if first is None else write(first, 0)
    for i in range(count):
        carry, pieces = step(i, kept[i] if i < len(kept) else None, carry)
        place = write(pieces, place)
    return carry, joined


def scaled_exp(a: Any, b: Any, factor: Any, half: str | None) -> Any:
    powers = torch.sub(a, b).exp_()
    if half is None:
        return powers.mul_(factor)
    # On an accelerator, one kernel multiplies and rounds.
    return torch.mul(powers, factor, out=torch.empty_like(powers, dtype=getattr(torch, half)))


def memory_of_device(near: Any) -> int | None:
    return torch.cuda.get_device_properties(near.device).total_memory if near.is_cuda else None


def has_wide_product(tensor: Any) -> bool:
    """Whether torch has products of half precision with a float32 result on the device of the tensor."""
    return tensor.is_cuda and torch.version.hip is None


def wide_product(a: Any, b: Any) -> Any:
    if not has_wide_product(a):
        return portable.wide_product(a, b)
    return (torch.mm if a.ndim == 2 else torch.bmm)(a, b, out_dtype=torch.float32)


def parts(tensor: Any) -> list[Any]:
    return [tensor] if has_wide_product(tensor) else portable.parts(tensor)


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    """Works in place, because no other code uses these logits."""
    return tensor.scatter_add_(-1, labels.long()[:, None], change[:, None])


class ClassSums(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        labels: Tensor,
        classes: Classes,
        weights: Any,
        kernel: Any,
        bias: Any,
        own: Any,
    ) -> Any:
        trained = kernel, bias, own
        found, (of_rest, kept) = sums(
            features, labels, classes.holding(weights, *trained), sys.modules[__name__]
        )
        ctx.save_for_backward(features, labels, weights, *trained, found.others, found.own, of_rest, *kept)
        ctx.classes = classes
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise portable.no_second_derivative()
        features, labels, weights, kernel, bias, own, others, of_label, of_rest, *kept = ctx.saved_tensors
        by_features, *by_trained = gradients(
            features,
            labels,
            ctx.classes.holding(weights, kernel, bias, own),
            (of_rest, kept),
            Sums(others, of_label, None),
            Sums(*upstream),
            sys.modules[__name__],
        )
        return by_features, None, None, None, *by_trained


def class_sums(features: Tensor, labels: Tensor, classes: Classes) -> Sums:
    if transforming():
        return portable.class_sums(features, labels, classes)
    options = classes.holding(None, None, None, None)
    return Sums(*ClassSums.apply(features, labels, options, classes.weights, *classes.trained))


class Products(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, kernel: Any, scale: float | None) -> Any:
        ctx.save_for_backward(features, kernel)
        ctx.scale = scale
        return products(features, kernel, scale, sys.modules[__name__])

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise portable.no_second_derivative()
        return *gradients_of_all(upstream, ctx.saved_tensors, ctx.scale, sys.modules[__name__]), None


def products_of_all(features: Tensor, kernel: Any, scale: float | None) -> Any:
    if transforming():
        return portable.products_of_all(features, kernel, scale)
    return Products.apply(features, kernel, scale)
