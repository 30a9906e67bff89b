"""Whether a value can be looked at: without a wait, only on the CPU.

On an accelerator, a look would wait until the device has done all work before. There, the device itself
decides: a label out of range gives NaN by a factor, for example.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from keraslosses.core.backend.torch.internals import is_wrapped, transforming

# Where values may be looked at. Empty in `as_on_an_accelerator`.
DEVICES = {"cpu"}


def peek(tensor: Any) -> np.ndarray | None:
    if isinstance(tensor, np.ndarray):
        return tensor
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or torch.compiler.is_compiling():
        return None
    # In a transformation, even `detach` of a plain tensor makes a placeholder.
    if tensor.device.type not in DEVICES or is_wrapped(tensor) or transforming():
        return None
    seen = tensor.detach()
    # NumPy has no bfloat16.
    return (seen.float() if seen.dtype == torch.bfloat16 else seen).numpy()


def finite(seen: np.ndarray) -> bool:
    """Whether numbers that were looked at are all finite; their sum shows it in one pass."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(seen.sum()))


def to_device(tensor: Any, near: Any) -> Any:
    """A tensor of the CPU on the device of `near`, without a wait until that has done all work before."""
    # Only CUDA copies memory that is freed at once before it goes on.
    return tensor.to(near.device, non_blocking=near.device.type == "cuda")


@contextmanager
def as_on_an_accelerator() -> Iterator[None]:
    before = set(DEVICES)
    DEVICES.clear()
    try:
        yield
    finally:
        DEVICES.update(before)
