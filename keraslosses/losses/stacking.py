"""What the losses of given pairs and triplets share: how their vectors are stacked, and a length."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating
from keraslosses.core.types import Tensor


def same_shape(**tensors: Tensor) -> list[Any]:
    """The tensors as floats; raises unless they have the shape of the first one."""
    found = {name: floating(tensor) for name, tensor in tensors.items()}
    first, *others = found
    if not len(found[first].shape):
        raise ValueError(f"`{first}` must have at least one axis. Received: {first}.shape=()")
    for name in others:
        if not checks.compatible(found[first].shape, found[name].shape):
            raise ValueError(
                f"`{name}` must have the shape of `{first}`. Received: "
                f"{first}.shape={tuple(found[first].shape)}, {name}.shape={tuple(found[name].shape)}"
            )
    return list(found.values())


def stacked(**tensors: Tensor) -> Any:
    """The tensors of one shape, stacked along axis 1: the y_pred of the class."""
    return ops.stack(same_shape(**tensors), axis=1)


def length(vectors: Tensor, p: float) -> Any:
    """The p-norm along the last axis, with derivative 0 for a vector of zeros. No power overflows."""
    return backend.length(length_formula, vectors, p)


def length_formula(vectors: Tensor, p: float) -> Any:
    """`length`, with operations that each backend has."""
    size = ops.abs(vectors)
    if p == float("inf"):
        return backend.largest(size)
    scale = backend.above_or_one(backend.largest(ops.stop_gradient(size)), 0.0)
    total = ops.sum(numerics.power(size / scale[..., None], p), axis=-1)
    return scale * numerics.power(total, 1.0 / p)


def cosine(a: Tensor, b: Tensor) -> Any:
    """The cosine of the angle between vectors of length 1 along the last axis; 0 for a vector of zeros.

    Rounding can carry it beyond 1 and -1, where its derivative is 0 anyway.
    """
    return ops.clip(ops.sum(a * b, axis=-1), -1.0, 1.0)
