"""Distances between all rows of two sets: exact for near rows, with finite gradients for equal ones.

|a - b|² = |a|² + |b|² - 2 a·b needs one product of matrices, but the difference of near rows is lost in the
rounding of these squares. So the value is the sum of the squared differences, and only the derivative is
that of the products. Their rows are measured from a corner of the references, which keeps digits if all rows
are far from 0. (A compiler may round a mean in two ways, and rows that take no part are zeros.) No array
`(anchors, references, dim)` is stored.
"""

from typing import Any

from keraslosses.core import backend, numerics
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor


def squared_distances(anchors: Tensor, references: Tensor) -> Any:
    """The squared distance of each anchor to each reference."""
    return backend.squared_distances(squared_distances_formula, anchors, references)


def squared_distances_formula(anchors: Tensor, references: Tensor) -> Any:
    """`squared_distances`, with operations that each backend has."""
    exact = backend.squared_differences(anchors, references)
    origin = farthest_from_zero(ops.stop_gradient(references))[None]
    anchors, references = anchors - origin, references - origin
    by_products = squares(anchors)[:, None] + squares(references)[None, :] - 2 * products(anchors, references)
    return exact + (by_products - ops.stop_gradient(by_products))


def farthest_from_zero(rows: Tensor) -> Any:
    """In each column, the number with the largest absolute value."""
    columns = ops.transpose(rows)
    most, least = backend.largest(columns), -backend.largest(-columns)
    return ops.where(most >= -least, most, least)


def euclidean_distances(anchors: Tensor, references: Tensor) -> Any:
    """The distance of each anchor to each reference. Equal rows have distance 0 with derivative 0."""
    return numerics.root(squared_distances(anchors, references))


def cosine_distances(anchors: Tensor, references: Tensor) -> Any:
    """1 - cosine of each anchor with each reference. A row of zeros has the cosine 0 with every row."""
    anchors, references = units(anchors, references)
    halves = 0.5 * squared_distances(anchors, references)
    return halves + shortfall(anchors)[:, None] + shortfall(references)[None, :]


def shortfall(units: Tensor) -> Any:
    """(1 - |u|²) / 2, which is 0 but for rounding, or for a row shorter than 1e-7."""
    missing = 0.5 * (1 - squares(units))
    return ops.where(missing < 1e-3, ops.zeros_like(missing), missing)


DISTANCES = {
    "euclidean": euclidean_distances,
    "squared_euclidean": squared_distances,
    "cosine": cosine_distances,
}


def squares(rows: Tensor) -> Any:
    return ops.sum(ops.square(rows), axis=-1)


def products(anchors: Tensor, references: Tensor) -> Any:
    """The scalar product of each anchor with each reference."""
    return ops.matmul(anchors, ops.transpose(references))


def cosines(anchors: Tensor, references: Tensor) -> Any:
    """The cosine of each anchor with each reference; 0 for a row of zeros."""
    return products(*units(anchors, references))


def units(anchors: Tensor, references: Tensor) -> tuple[Any, Any]:
    """Both sets with vectors of length 1. A set that is compared with itself is computed once."""
    found = numerics.unit(anchors, -1)
    return found, found if references is anchors else numerics.unit(references, -1)
