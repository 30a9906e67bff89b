"""The sums over the logits of very many classes on torch, with a gradient function for torch."""

import sys
from typing import Any

import torch

from keraslosses.core.backend import portable
from keraslosses.core.backend.class_chunks import Classes, Sums, gradients, sums
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


def exp_of_difference(a: Any, b: Any) -> Any:
    return torch.sub(a, b).exp_()


def added_to_rows(tensor: Any, indices: Any, changes: Any) -> Any:
    return tensor.index_add_(0, indices, changes)


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    """Works in place, because no other code uses these logits."""
    return tensor.scatter_add_(-1, labels.long()[:, None], change[:, None])


class ClassSums(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, kernel: Any, bias: Any, weights: Any, labels: Tensor, classes: Classes
    ) -> Any:
        those = classes._replace(kernel=kernel, bias=bias, weights=weights)
        found, (of_rest, kept) = sums(features, labels, those, sys.modules[__name__])
        ctx.save_for_backward(features, kernel, bias, weights, labels, found.others, of_rest, *kept)
        ctx.classes = classes._replace(kernel=None, bias=None, weights=None)
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise portable.no_second_derivative()
        features, kernel, bias, weights, labels, others, of_rest, *kept = ctx.saved_tensors
        those = ctx.classes._replace(kernel=kernel, bias=bias, weights=weights)
        by_features, by_kernel, *by_bias = gradients(
            features, labels, those, (of_rest, kept), others, Sums(*upstream), sys.modules[__name__]
        )
        return by_features, by_kernel, by_bias[0] if by_bias else None, None, None, None


def class_sums(features: Tensor, labels: Tensor, classes: Classes) -> Sums:
    if transforming():
        return portable.class_sums(features, labels, classes)
    kernel, bias, weights = classes.kernel, classes.bias, classes.weights
    return Sums(*ClassSums.apply(features, kernel, bias, weights, labels, classes))
