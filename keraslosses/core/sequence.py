"""Sequences of different lengths in one tensor: the lengths, the masks that they make, and the blank."""

from typing import Any

import numpy as np
from keras import ops
from keras.backend import is_int_dtype

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.labels import comparable


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


def labels_before_padding(
    owner: str, argument: str, labels: Any, blank: int, classes: int | None = None
) -> tuple[Any, Any]:
    """Labels `(batch, longest)` as int32 with -1 for their padding, and which samples are broken, `(batch,)`.

    Padding is negative or the blank, and stands behind the labels. Anything else raises ValueError where it
    can be looked at: padding before a label, a label from `classes` on, a number that is not whole.
    """
    labels = ops.convert_to_tensor(labels)
    if len(labels.shape) != 2:
        raise ValueError(
            f"`{argument}` must have shape (batch, longest) in {owner}. "
            f"Received: {argument}.shape={tuple(labels.shape)}"
        )
    given = comparable(labels)
    labels = ops.cast(given, "int32")
    named = ops.logical_and(labels >= 0, labels != blank)
    named_from_here = ops.cumsum(ops.cast(ops.flip(named, axis=1), "int32"), axis=1)
    before_the_end = ops.flip(named_from_here, axis=1) > 0
    wrong = ops.logical_or(before_the_end != named, ops.cast(labels, given.dtype) != given)
    if classes is not None:
        wrong = ops.logical_or(wrong, labels >= classes)
    seen = backend.peek(wrong)
    if seen is not None and seen.any():
        place = tuple(int(i) for i in np.argwhere(seen)[0])
        limit = "" if classes is None else f" below {classes}"
        raise ValueError(
            f"`{argument}` must hold labels from 0{limit}, and padding (negative, or the blank {blank}) only "
            f"behind them, in {owner}. Received: {argument}={ops.convert_to_numpy(given)[place]} at {place}"
        )
    return ops.where(before_the_end, labels, -1), ops.any(wrong, axis=1)


def frame_lengths(owner: str, y_pred: Any, logit_length: Any = None) -> tuple[Any, Any]:
    """How many frames of each sample count, `(batch,)`, and whether what says so makes no sense.

    They are `logit_length`, else the frames that the Keras mask on y_pred leaves, else all of them. A mask
    must be a prefix: one that is not raises ValueError where it can be looked at.
    """
    mask = keras_internals.mask_of(y_pred)
    if logit_length is not None:
        lengths = lengths_of(owner, "logit_length", logit_length, y_pred)
        frames = ops.cast(ops.shape(y_pred)[1], "int32")
        return lengths, ops.logical_or(lengths < 0, lengths > frames)
    if mask is None:
        lengths = ops.sum(ops.cast(ops.ones_like(y_pred[:, :, 0]), "int32"), axis=1)
        return lengths, ops.zeros_like(lengths, dtype="bool")
    mask = ops.cast(mask, "bool")
    if not checks.compatible(mask.shape, y_pred.shape[:2]):
        raise ValueError(
            f"The Keras mask on `y_pred` must have its shape (batch, frames) in {owner}. "
            f"Received: mask.shape={tuple(mask.shape)}, y_pred.shape={tuple(y_pred.shape)}"
        )
    lengths = ops.sum(ops.cast(mask, "int32"), axis=1)
    broken = ops.any(mask != prefix_mask(lengths, ops.shape(mask)[1]), axis=1)
    seen = backend.peek(broken)
    if seen is not None and seen.any():
        raise ValueError(
            f"The Keras mask on `y_pred` must leave a prefix of the frames in {owner}. "
            f"Received: frames after a masked one in sample {int(np.argmax(seen))}"
        )
    return lengths, broken
