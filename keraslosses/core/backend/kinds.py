"""What no loss can read: tensors that are not dense, and what holds no numbers. It is told by types alone."""

from typing import Any, NamedTuple


class Unreadable(NamedTuple):
    """What is expected in place of a value that no loss can read, and how the user makes it."""

    expected: str
    advice: str


def padded(how: str) -> Unreadable:
    return Unreadable(
        "be a dense tensor",
        f"Pad it with {how}. A Keras mask on y_pred takes the padding out of the loss: "
        "keraslosses.SequenceMask makes one from lengths.",
    )


def dense(how: str) -> Unreadable:
    return Unreadable("be a dense tensor", f"Make it dense with {how}.")


# By the names of their classes, so that nothing is imported for it.
NOT_DENSE = {
    "RaggedTensor": padded("to_tensor()"),
    "SparseTensor": dense("tf.sparse.to_dense"),
    **dict.fromkeys(("BCOO", "BCSR"), dense("todense()")),
    **{
        f"{kind}_{what}": dense("toarray()") for kind in ("coo", "csc", "csr") for what in ("array", "matrix")
    },
}
# The kinds of NumPy's dtypes that are no numbers: bytes, strings, objects, dates and differences of dates.
NO_NUMBERS = tuple("SUTOMm")
TEXT = Unreadable(
    "hold numbers",
    "keras.layers.StringLookup(vocabulary=names, num_oov_indices=0) makes class indices of class names.",
)
OBJECTS = Unreadable(
    "hold numbers", f'.astype("float32") does it where the objects are numbers. {TEXT.advice}'
)


def unreadable(value: Any) -> Unreadable | None:
    """Why a loss cannot read an array, a tensor or a list, and what to do; None for what it can read.

    The first entry stands for all of a list.
    """
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        if isinstance(value, list | tuple):
            return unreadable(value[0]) if value else None
        return TEXT if isinstance(value, str | bytes) else None
    if type(value).__name__ in NOT_DENSE:
        return NOT_DENSE[type(value).__name__]
    kind = getattr(dtype, "kind", None)
    if kind is None:
        return TEXT if getattr(dtype, "name", None) == "string" else None
    if kind in NO_NUMBERS:
        return OBJECTS if kind == "O" else TEXT
    return None
