"""Sums over the logits of very many classes on torch: its own gradient around the common computation."""

from typing import Any

import torch

from keraslosses.core.backend import portable
from keraslosses.core.backend.class_chunks import Classes, Sums, gradients, sums


class ClassSums(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        features: Any,
        kernel: Any,
        bias: Any,
        weights: Any,
        labels: Any,
        size: int,
        directions: bool,
    ) -> Any:
        found = sums(features, labels, Classes(kernel, bias, weights, size, directions), portable)
        ctx.save_for_backward(features, kernel, bias, weights, labels, found.others)
        ctx.size, ctx.directions = size, directions
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            raise portable.no_second_derivative()
        features, kernel, bias, weights, labels, others = ctx.saved_tensors
        classes = Classes(kernel, bias, weights, ctx.size, ctx.directions)
        found = gradients(features, labels, classes, others, Sums(*upstream), portable)
        return *found, None, None, None, None


def class_sums(
    features: Any, kernel: Any, bias: Any, weights: Any, labels: Any, size: int, directions: bool
) -> Sums:
    return Sums(*ClassSums.apply(features, kernel, bias, weights, labels, size, directions))
