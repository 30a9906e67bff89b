"""Signed distances from the boundary of a mask: the targets of `Boundary`, made before training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keraslosses.core import checks
from keraslosses.core.types import Tensor


def signed_distance(mask: Tensor, sampling: float | Sequence[float] | None = None) -> np.ndarray:
    """The distance of each pixel from the boundary of one mask: above 0 outside, 0 or less inside.

    Outside, it is the distance to the nearest pixel of the mask. Inside, it is 1 minus the distance to the
    nearest pixel outside, so pixels of the mask at its edge have 0.

    Args:
        mask: A mask of any rank: bools, or numbers 0 and 1.
        sampling: The size of a pixel along each axis, or one number for all axes. Default: None, 1.

    Returns:
        An array of float32 with the shape of the mask. It is 0 if the mask is empty or covers everything,
            because it has no boundary then.

    Shapes: the mask has at least one axis. The result has its shape.

    Raises:
        ValueError: for numbers other than 0 and 1, or a `sampling` that does not fit the mask.
        ImportError: if SciPy is not installed.

    Example:

    >>> print(keraslosses.signed_distance([0, 0, 1, 1, 1, 0]).tolist())
    [2.0, 1.0, 0.0, -1.0, 0.0, 1.0]
    """
    distance_transform = of_scipy()
    given = np.asarray(mask)
    if not given.ndim or not np.isin(given, (0, 1)).all():
        raise checks.invalid("mask", "hold only 0 and 1, or bools, in at least one axis", mask)
    sampling = sampling_of(sampling, given.ndim)
    inside = given.astype(bool)
    if inside.all() or not inside.any():
        return np.zeros(given.shape, "float32")
    to_inside = distance_transform(~inside, sampling=sampling)
    to_outside = distance_transform(inside, sampling=sampling)
    return np.where(inside, 1.0 - to_outside, to_inside).astype("float32")


def signed_distances(
    masks: Tensor, sampling: float | Sequence[float] | None = None, class_axis: int | None = -1
) -> np.ndarray:
    """The signed distances of a batch of masks, each for itself: the y_true of `Boundary`.

    Args:
        masks: Masks with a batch axis: bools, or numbers 0 and 1.
        sampling: As in `signed_distance`, for the axes of one mask. Default: None, 1.
        class_axis: The axis with a mask for each class. None: there is no such axis. Default: -1.

    Returns:
        An array of float32 with the shape of `masks`.

    Shapes: `masks` and the result `(batch, d0, .. dN, classes)`, or with the classes in another axis.

    Raises:
        ValueError: for a `class_axis` out of range, and as `signed_distance`.
        ImportError: if SciPy is not installed.

    Example:

    >>> masks = [[[0], [1], [1]], [[1], [0], [0]]]
    >>> print(keraslosses.signed_distances(masks)[..., 0].tolist())
    [[1.0, 0.0, -1.0], [0.0, 1.0, 2.0]]
    """
    given = np.asarray(masks)
    checks.optional_integer("class_axis", class_axis)
    if class_axis is None:
        of_classes = given[:, None]
    else:
        of_classes = np.moveaxis(given, checks.axis_in_range(class_axis, given.ndim, "class_axis"), 1)
    found = [[signed_distance(mask, sampling) for mask in image] for image in of_classes]
    distances = np.reshape(np.asarray(found, "float32"), of_classes.shape)
    return distances[:, 0] if class_axis is None else np.moveaxis(distances, 1, class_axis)


def of_scipy() -> Any:
    """SciPy's Euclidean distance transform. SciPy is an extra, so it is imported where it is needed."""
    try:
        from scipy.ndimage import distance_transform_edt
    except ImportError as error:
        raise ImportError(
            "Distances from a mask need SciPy: python -m pip install 'keraslosses[distances]'"
        ) from error
    return distance_transform_edt


def sampling_of(sampling: Any, rank: int) -> list[float] | None:
    """The size of a pixel along each axis; None if all sizes are 1."""
    if sampling is None:
        return None
    sizes = list(sampling) if checks.is_sequence(sampling) else [sampling] * rank
    if len(sizes) != rank or not all(checks.is_number(size) and 0 < size < float("inf") for size in sizes):
        expected = f"be None, a positive number, or {rank} of them, one for each axis of a mask,"
        raise checks.invalid("sampling", expected, sampling)
    return [float(size) for size in sizes]
