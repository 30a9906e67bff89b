"""Sequences of different lengths in one tensor: the lengths, the masks that they make, and the blank."""

from typing import Any

import numpy as np
from keras import ops
from keras.backend import is_int_dtype

from keraslosses.core import backend, checks


def prefix_mask(lengths: Any, size: Any) -> Any:
    """(batch, size) of bool: the first `lengths` places of each row."""
    return ops.arange(size, dtype="int32") < ops.cast(lengths, "int32")[:, None]


def lengths_of(owner: str, argument: str, lengths: Any, tensor: Any) -> Any:
    """Lengths `(batch,)` as int32, from `(batch,)` or `(batch, 1)` integers, for axis 1 of a tensor.

    Where they can be looked at, one outside [0, size of the axis] raises ValueError.
    """
    lengths = ops.convert_to_tensor(lengths)
    given = tuple(lengths.shape)
    column = len(given) == 2 and given[1] == 1
    if not is_int_dtype(lengths.dtype) or not checks.compatible(given[: 2 - column], tensor.shape[:1]):
        raise ValueError(
            f"`{argument}` must hold one integer for each of the batch in {owner}. "
            f"Received: {argument}.shape={given}, {argument}.dtype={lengths.dtype}, "
            f"for a tensor of shape {tuple(tensor.shape)}"
        )
    lengths = ops.cast(lengths[:, 0] if column else lengths, "int32")
    seen, size = backend.peek(lengths), tensor.shape[1]
    if seen is not None and size is not None and ((seen < 0) | (seen > size)).any():
        place = int(np.argmax((seen < 0) | (seen > size)))
        raise ValueError(
            f"`{argument}` must lie between 0 and {size} in {owner}. Received: {seen[place]} at {place}"
        )
    return lengths


def blank_class(blank_index: Any, classes: int) -> int:
    """The class of the blank, counted from the front."""
    if not checks.is_integer(blank_index) or not -classes <= blank_index < classes:
        raise checks.invalid("blank_index", f"be an integer in [-{classes}, {classes})", blank_index)
    return int(blank_index) % classes
