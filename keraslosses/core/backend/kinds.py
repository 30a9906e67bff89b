"""Finds inputs that no loss can read: tensors that are not dense, and inputs without numbers, by type."""

from typing import Any, NamedTuple


class Unreadable(NamedTuple):
    """Parts of an error message: what a loss expects in place of a value, and how the user makes it."""

    expected: str
    advice: str


def padded(how: str) -> Unreadable:
    return Unreadable(
        "be a dense tensor",
        f"Pad it with {how}. A Keras mask on y_pred takes the padding out of the loss: "
        "keraslosses.SequenceMask makes a mask from lengths.",
    )


def dense(how: str) -> Unreadable:
    return Unreadable("be a dense tensor", f"Make it dense with {how}.")


# By the names of the classes, so that their packages need not be imported.
NOT_DENSE = {
    "RaggedTensor": padded("to_tensor()"),
    "SparseTensor": dense("tf.sparse.to_dense"),
    **dict.fromkeys(("BCOO", "BCSR"), dense("todense()")),
    **{
        f"{kind}_{what}": dense("toarray()") for kind in ("coo", "csc", "csr") for what in ("array", "matrix")
    },
}
# The kinds of NumPy dtypes that are not numbers: bytes, strings, objects, dates and differences of dates.
NO_NUMBERS = tuple("SUTOMm")
TEXT = Unreadable(
    "hold numbers",
    "keras.layers.StringLookup(vocabulary=names, num_oov_indices=0) turns class names into class indices.",
)
OBJECTS = Unreadable("hold numbers", f'Use .astype("float32") if the objects are numbers. {TEXT.advice}')


def unreadable(value: Any) -> Unreadable | None:
    """Why a loss cannot read an array, a tensor or a list, and what to do; None if it can read it.

    Only the first entry of a list is checked.
    """
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        if isinstance(value, list | tuple):
            return unreadable(value[0]) if value else None
        return TEXT if isinstance(value, str | bytes) else None
    kind = type(value).__name__
    if kind in NOT_DENSE:
        return NOT_DENSE[kind]
    letter = getattr(dtype, "kind", None)
    if letter is None:
        return TEXT if getattr(dtype, "name", None) == "string" else None
    if letter in NO_NUMBERS:
        return OBJECTS if letter == "O" else TEXT
    return None
