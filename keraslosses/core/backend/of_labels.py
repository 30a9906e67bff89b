"""What reads scores at labels, written with `keras.ops`: `portable` offers these functions too."""

from typing import Any

from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.types import Tensor


def pick(tensor: Any, labels: Tensor) -> Any:
    """tensor[..., label] along the last axis. Labels must be in range."""
    return ops.take_along_axis(tensor, labels[..., None], axis=-1)[..., 0]


def is_class(labels: Tensor, scores: Tensor) -> Any:
    """Whether each place along the last axis of the scores is the label of the row."""
    classes = ops.arange(ops.shape(scores)[-1], dtype="int32")
    return ops.reshape(classes, (*[1] * len(labels.shape), -1)) == labels[..., None]


def add_to_picked(tensor: Any, labels: Tensor, change: Any) -> Any:
    """The tensor with `change` (a number, or one number for each label) added at [..., label]."""
    here = is_class(labels, tensor)
    change = ops.convert_to_tensor(change, dtype=tensor.dtype)
    return ops.where(here, tensor + (change[..., None] if len(change.shape) else change), tensor)


def multi_margin(labels: Tensor, scores: Tensor, p: int, margin: float) -> Any:
    """Σ max(margin - score[label] + score[i], 0)^p over all classes i but the label, / number of classes.

    Scores are subtracted from each other before the margin is added. Added to a large score first, the margin
    would lose digits. The `where` prevents that TensorFlow's graph changes this order.
    """
    others = ops.logical_not(is_class(labels, scores))
    lead = scores - pick(scores, labels)[..., None]
    excess = margin + ops.where(others, lead, ops.cast(-margin, lead.dtype))
    shortfall = ops.where(excess <= 0, ops.zeros_like(excess), excess)
    total = ops.sum(shortfall if p == 1 else ops.square(shortfall), axis=-1)
    return total / ops.cast(ops.shape(scores)[-1], scores.dtype)


def multi_label_margin(labels: Tensor, scores: Tensor) -> Any:
    """Σ max(1 - score[j] + score[i], 0) over labels j and classes i that are not labels, / number of classes.

    Entries of -1 are not labels.
    """
    return margins_of_lists(labels, scores).values


def margins_of_lists(labels: Tensor, scores: Tensor) -> Explicit:
    """`multi_label_margin`, computed label by label, so that no tensor is larger than the scores."""
    longest = ops.max(ops.sum(ops.cast(labels >= 0, "int32"), axis=-1), initial=0)
    zeros = ops.zeros_like(scores)

    def at(place: Any) -> Any:
        return is_class(ops.take(labels, place, axis=-1), scores)

    free = ops.while_loop(
        lambda place, free: place < longest,
        lambda place, free: (place + 1, ops.where(at(place), zeros, free)),
        (ops.zeros((), dtype="int32"), zeros + 1.0),
    )[1]

    def add_place(place: Any, values: Any, slope: Any) -> Any:
        here = at(place)
        own = ops.sum(ops.where(here, scores, zeros), axis=-1, keepdims=True)
        asked = ops.logical_and(ops.any(here, axis=-1, keepdims=True), free > 0)
        excess = 1.0 + (scores - own)
        short = ops.logical_and(asked, ops.logical_not(excess <= 0))
        count = ops.cast(short, scores.dtype)
        values = values + ops.sum(ops.where(short, excess, zeros), axis=-1)
        return (
            place + 1,
            values,
            slope + count - ops.where(here, ops.sum(count, axis=-1, keepdims=True), zeros),
        )

    _, values, slope = ops.while_loop(
        lambda place, values, slope: place < longest,
        add_place,
        (ops.zeros((), dtype="int32"), ops.sum(zeros, axis=-1), zeros),
    )
    count = ops.cast(ops.shape(scores)[-1], scores.dtype)
    return Explicit(values / count, lambda: slope / count)
