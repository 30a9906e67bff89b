"""The kind `Sequences`, and functions for sequences of different lengths: lengths, masks, and the blank."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras.backend import is_int_dtype

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.domain import SHARES
from keraslosses.core.kinds.kind import Kind, Pair
from keraslosses.core.kinds.labels import comparable
from keraslosses.core.precision import floating
from keraslosses.core.readable import check_readable
from keraslosses.core.types import Options, Tensor


def prefix_mask(lengths: Tensor, size: Any) -> Tensor:
    """A mask (batch, size) of bool: True in the first `lengths` places of each row."""
    return ops.arange(size, dtype="int32")[None] < ops.cast(lengths, "int32")[:, None]


def lengths_of(owner: str, argument: str, lengths: Tensor, tensor: Any) -> Tensor:
    """The lengths of rows in axis 1 of a tensor, `(batch,)`, int32, from integers `(batch,)` or `(batch, 1)`.

    If the values can be read, a length outside [0, size of the axis] raises ValueError.
    """
    check_readable(owner, **{argument: lengths})
    lengths = backend.as_tensor(lengths)
    given = tuple(lengths.shape)
    column = len(given) == 2 and given[1] == 1
    if not is_int_dtype(lengths.dtype) or not checks.compatible(given[: 2 - column], tensor.shape[:1]):
        raise ValueError(
            f"`{argument}` must hold one integer for each sample in {owner}. "
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
    """The class of the blank, counted from the first class."""
    if not checks.is_integer(blank_index) or not -classes <= blank_index < classes:
        raise checks.invalid("blank_index", f"be an integer in [-{classes}, {classes})", blank_index)
    return int(blank_index) % classes


def labels_before_padding(
    owner: str, argument: str, labels: Tensor, blank: int, classes: int | None = None, lengths: Tensor = None
) -> tuple[Any, Any]:
    """Labels `(batch, longest)` as int32 with -1 as padding, and which samples are broken, `(batch,)`.

    Padding comes after the labels. It is negative or the blank. With `lengths`, all numbers after the length
    are padding. A sample is broken if padding comes before a label, if a label is `classes` or above, or if a
    number is not whole. If the values can be read, a broken sample raises ValueError.
    """
    check_readable(owner, **{argument: labels})
    labels = backend.as_tensor(labels)
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
    if lengths is not None:
        before_the_end = prefix_mask(lengths, ops.shape(labels)[1])
    wrong = ops.logical_or(ops.logical_not(named), labels >= (2**31 - 1 if classes is None else classes))
    wrong = ops.logical_and(before_the_end, wrong)
    no_number = ops.cast(labels, given.dtype) != given
    wrong = ops.logical_or(
        wrong, no_number if lengths is None else ops.logical_and(before_the_end, no_number)
    )
    seen = backend.peek(wrong)
    if seen is not None and seen.any():
        place = tuple(int(i) for i in np.argwhere(seen)[0])
        limit = "" if classes is None else f" below {classes}"
        raise ValueError(
            f"`{argument}` must hold labels from 0{limit}, and padding (negative, or the blank {blank}) only "
            f"after them, in {owner}. Received: {argument}={ops.convert_to_numpy(given)[place]} at {place}"
        )
    return ops.where(before_the_end, labels, -1), ops.any(wrong, axis=1)


def frame_lengths(owner: str, y_pred: Tensor, mask: Tensor, logit_length: Tensor = None) -> tuple[Any, Any]:
    """How many frames of each sample count, `(batch,)`, and which samples have an invalid length or mask.

    The number is `logit_length`. If it is None, the frames that the mask keeps count. Without a mask, all
    frames count. A mask must keep the first frames. If the values can be read, another mask raises
    ValueError.
    """
    if logit_length is not None:
        lengths = lengths_of(owner, "logit_length", logit_length, y_pred)
        frames = ops.cast(ops.shape(y_pred)[1], "int32")
        return ops.clip(lengths, 0, frames), ops.logical_or(lengths < 0, lengths > frames)
    if mask is None:
        lengths = ops.sum(ops.cast(ops.ones_like(y_pred[:, :, 0]), "int32"), axis=1)
        return lengths, ops.zeros_like(lengths, dtype="bool")
    mask = ops.cast(mask, "bool")
    if not checks.compatible(mask.shape, y_pred.shape[:2]):
        raise ValueError(
            f"The Keras mask on `y_pred` must have the shape (batch, frames) in {owner}. "
            f"Received: mask.shape={tuple(mask.shape)}, y_pred.shape={tuple(y_pred.shape)}"
        )
    lengths = ops.sum(ops.cast(mask, "int32"), axis=1)
    broken = ops.any(mask != prefix_mask(lengths, ops.shape(mask)[1]), axis=1)
    seen = backend.peek(broken)
    if seen is not None and seen.any():
        raise ValueError(
            f"The Keras mask on `y_pred` must keep the first frames of each sample in {owner}. "
            f"Received: frames after a masked frame in sample {int(np.argmax(seen))}"
        )
    return lengths, broken


def frames_of(owner: str, y_pred: Tensor) -> tuple[Any, Any]:
    """y_pred as a tensor `(batch, frames, classes)`, and a mask of the frames that count (None: all).

    The mask is the Keras mask of y_pred, or it shows the frames of a ragged tensor. The Keras mask is read
    first, because in compiled code a new tensor does not get the mask of the old one.
    """
    mask = keras_internals.mask_of(y_pred)
    y_pred, lengths = backend.filled_up(y_pred)
    check_readable(owner, y_pred=y_pred)
    y_pred = backend.as_tensor(y_pred)
    if len(y_pred.shape) != 3 or not y_pred.shape[2]:
        raise ValueError(
            f"`y_pred` must have shape (batch, frames, classes) in {owner}. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}"
        )
    return y_pred, mask if lengths is None else prefix_mask(lengths, ops.shape(y_pred)[1])


@dataclass(eq=False, repr=False)
class SequencePair(Pair):
    """Labels and frames, and how many of each count in a sample: `(batch,)`, int32."""

    label_length: Tensor = None
    logit_length: Tensor = None


class Sequences(Kind):
    """A sequence of labels for each sample in y_true, and scores for each frame in y_pred.

    The formula gets the options `label_length` and `logit_length`: how many labels and frames count.
    """

    pred = SHARES
    reads_ragged = True

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> SequencePair:
        """Gives labels that are all valid classes, and both lengths. A mask on y_pred keeps the frames."""
        frames, mask = frames_of(name, y_pred)
        classes = frames.shape[2]
        blank = blank_class(options.get("blank_index", 0), classes)
        y_true = backend.as_tensor(y_true)
        if len(y_true.shape) != 2 or not checks.compatible(y_true.shape[:1], frames.shape[:1]):
            expected = "have shape (batch, longest), with y_pred (batch, frames, classes)"
            raise checks.shapes_differ(y_true, y_pred, name, expected)
        length, broken = options.get("label_length"), False
        if length is not None:
            length = lengths_of(name, "label_length", length, y_true)
            broken = ops.logical_or(length < 0, length > ops.shape(y_true)[1])
        labels, wrong = labels_before_padding(name, "y_true", y_true, blank, classes, length)
        frame_length, undefined = frame_lengths(name, frames, mask, options.get("logit_length"))
        label_length = ops.sum(ops.cast(labels >= 0, "int32"), axis=1)
        labels = ops.where(ops.logical_and(labels >= 0, labels < classes), labels, 0)
        broken = ops.logical_or(ops.logical_or(wrong, undefined), broken)
        return SequencePair(
            labels,
            floating(frames),
            (1, 2),
            broken=broken,
            label_length=label_length,
            logit_length=frame_length,
        )

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """Does nothing: `read` has already read the mask of y_pred, which says which frames count."""
        return pair, None

    def silence(self, pair: Any, keep: Tensor) -> Pair:
        """Gives samples that are not kept uniform frames and no labels."""
        frames = ops.where(keep[:, None, None], pair.y_pred, ops.ones((), pair.y_pred.dtype))
        return replace(pair, y_pred=frames, label_length=ops.where(keep, pair.label_length, 0))

    def counting(self, pair: Any, keep: Tensor) -> Pair:
        """Frames after the last one that counts may hold any numbers, so they become ones here."""
        counts = prefix_mask(pair.logit_length, ops.shape(pair.y_pred)[1])
        frames = ops.where(counts[..., None], pair.y_pred, ops.ones((), pair.y_pred.dtype))
        return super().counting(replace(pair, y_pred=frames), keep)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return pair

    def evaluate(self, formula: Callable[..., Any], pair: Any, faster: Any = None) -> Any:
        return formula(
            pair.y_true, pair.y_pred, label_length=pair.label_length, logit_length=pair.logit_length
        )
