"""What the processes of a `torch.distributed` group share. The docstrings in `portable` hold here."""

from typing import Any

import torch
from torch import distributed
from torch.autograd.function import once_differentiable


def in_a_group() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def gather_over_replicas(tensor: Any) -> Any:
    return Gathered.apply(tensor) if in_a_group() else tensor


def rows_before(rows: Any) -> Any:
    return sum(sizes_of_all(rows)[: distributed.get_rank()]) if in_a_group() else 0


def mean_over_replicas(number: Any) -> Any:
    if not in_a_group():
        return number
    total = number.detach().clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


class Gathered(torch.autograd.Function):
    """The rows of all processes. Each process needs the gradient of its own rows from all of them."""

    @staticmethod
    def forward(ctx: Any, tensor: Any) -> Any:
        sizes = sizes_of_all(tensor)
        first = sum(sizes[: distributed.get_rank()])
        ctx.own = slice(first, first + len(tensor))
        return joined(tensor, sizes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Any) -> Any:
        total = upstream.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total[ctx.own]


def sizes_of_all(tensor: Any) -> list[int]:
    """The number of rows that each process has, in their order."""
    size = torch.tensor(len(tensor), device=tensor.device)
    sizes = [torch.empty_like(size) for _ in range(distributed.get_world_size())]
    distributed.all_gather(sizes, size)
    return [int(one) for one in sizes]


def joined(tensor: Any, sizes: list[int]) -> Any:
    """all_gather for batches of different sizes: they are padded to the largest size and then cut."""
    padded = tensor.new_zeros((max(sizes), *tensor.shape[1:]))
    padded[: len(tensor)] = tensor
    parts = [torch.empty_like(padded) for _ in sizes]
    distributed.all_gather(parts, padded)
    return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
