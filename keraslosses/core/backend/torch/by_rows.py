"""A function of rows, computed for a few rows at a time, on torch."""

from collections.abc import Callable
from typing import Any

import torch

from keraslosses.core.backend.torch.internals import transforming


def by_rows(function: Callable[..., Any], rows: tuple[Any, ...], shared: tuple[Any, ...], size: int) -> Any:
    if torch.compiler.is_compiling():  # A loop would be another graph for each number of chunks.
        return function(*rows, *shared)
    if transforming():  # The gradient is that of torch, which keeps what each chunk made.
        return values_of(function, rows, shared, size)
    return ByRows.apply(function, size, len(rows), *rows, *shared)


def values_of(function: Callable[..., Any], rows: Any, shared: Any, size: int) -> Any:
    return torch.cat([function(*part, *shared) for part in chunks(rows, size)])


def chunks(rows: Any, size: int) -> Any:
    return zip(*(tensor.split(size) for tensor in rows), strict=True)


class ByRows(torch.autograd.Function):
    """In the gradient, each chunk is computed again."""

    @staticmethod
    def forward(ctx: Any, function: Any, size: int, split: int, *inputs: Any) -> Any:
        ctx.save_for_backward(*inputs)
        ctx.function, ctx.size, ctx.split = function, size, split
        return values_of(function, inputs[:split], inputs[split:], size)

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> Any:
        inputs, needed = ctx.saved_tensors, ctx.needs_input_grad[3:]
        if torch.is_grad_enabled():  # The gradient is to have a gradient too.
            # The same tensor may be given twice: then each has its own gradient.
            inputs = [tensor.view_as(tensor) for tensor in inputs]
            values = values_of(ctx.function, inputs[: ctx.split], inputs[ctx.split :], ctx.size)
            found = slopes(values, inputs, needed, upstream, create_graph=True)
        else:
            found = by_chunks(ctx, inputs, needed, upstream)
        return None, None, None, *found


def by_chunks(ctx: Any, inputs: Any, needed: Any, upstream: Any) -> list[Any]:
    """The gradients by all inputs, chunk after chunk; None where none is needed."""
    found: list[Any] = [
        torch.zeros_like(x) if wanted else None for x, wanted in zip(inputs, needed, strict=True)
    ]
    first = 0
    for *part, of_values in chunks((*inputs[: ctx.split], upstream), ctx.size):
        own = slice(first, first + len(of_values))
        with torch.enable_grad():
            given = [
                x.detach().requires_grad_(wanted)
                for x, wanted in zip((*part, *inputs[ctx.split :]), needed, strict=True)
            ]
            changes = slopes(ctx.function(*given), given, needed, of_values)
        for n, change in enumerate(changes):
            if change is not None:
                (found[n][own] if n < ctx.split else found[n]).add_(change)
        first += len(of_values)
    return found


def slopes(values: Any, inputs: Any, needed: Any, upstream: Any, create_graph: bool = False) -> list[Any]:
    """The gradients by the inputs for which they are needed, and None for the others."""
    wanted = [x for x, one in zip(inputs, needed, strict=True) if one]
    found = iter(torch.autograd.grad(values, wanted, upstream, create_graph=create_graph, allow_unused=True))
    return [next(found) if one else None for one in needed]
