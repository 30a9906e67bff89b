"""`ctc_collapse` finds the labels of a path: a path has one symbol for each frame."""

from keras.backend import is_int_dtype

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.readable import check_readable
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import Tensor


@takes_symbols
def ctc_collapse(path: Tensor, blank_index: int = 0) -> Tensor:
    """The labels of a path: repeated symbols are merged, then blanks are dropped.

    If a blank lies between two equal labels, both are kept. A negative entry is padding; it is dropped like a
    blank.

    Args:
        path: Integers, `(frames,)` or `(batch, frames)`: one symbol for each frame.
        blank_index: The symbol of the blank, at least 0. Default: 0. It cannot be counted from the end,
            because a path does not contain the number of classes.

    Returns:
        The labels, int32, in the shape of `path`, with -1 after the last label.

    Raises:
        ValueError: If `blank_index` is negative, or if `path` has another shape or dtype.

    Source: Graves et al., Connectionist Temporal Classification, 2006, section 3.1: the map B.

    Example:

    >>> labels = keraslosses.ctc_collapse([[1, 1, 0, 1, 2, 2], [0, 3, 3, 0, 0, 4]])
    >>> print(keras.ops.convert_to_numpy(labels).tolist())
    [[1, 1, 2, -1, -1, -1], [3, 4, -1, -1, -1, -1]]
    """
    if not (checks.is_integer(blank_index) and blank_index >= 0):
        raise checks.invalid("blank_index", "be an integer of at least 0", blank_index)
    check_readable("ctc_collapse", path=path)
    path = ops.convert_to_tensor(path)
    rank = len(path.shape)
    if rank not in (1, 2) or not is_int_dtype(path.dtype):
        raise ValueError(
            "`path` must hold integers in the shape (frames,) or (batch, frames) in ctc_collapse. "
            f"Received: path.shape={tuple(path.shape)}, path.dtype={path.dtype}"
        )
    path = ops.cast(path, "int32")
    return collapsed(path, blank_index) if rank == 2 else collapsed(path[None], blank_index)[0]


def collapsed(path: Tensor, blank: int) -> Tensor:
    """The labels of paths `(batch, frames)`."""
    first = ops.ones_like(path[:, :1], dtype="bool")
    changes = ops.concatenate([first, path[:, 1:] != path[:, :-1]], axis=1)
    kept = ops.logical_and(changes, ops.logical_and(path != blank, path >= 0))
    return moved_to_the_front(ops.where(kept, path, -ops.ones_like(path)))


def moved_to_the_front(labels: Tensor) -> Tensor:
    """Moves the entries of each row that are not -1 to its start, in their order."""
    length = ops.shape(labels)[1]
    places = ops.arange(length, dtype="int32")
    order = ops.argsort(ops.where(labels >= 0, places, places + length), axis=1)
    return ops.take_along_axis(labels, order, axis=1)
