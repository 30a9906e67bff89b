"""The base class of terms, and the functions that read their labels and sample weights."""

from typing import Any

import keras
import numpy as np

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.labels import class_indices, indices_of_rows
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import extend_to
from keraslosses.core.types import Tensor


class TermLayer(FixedOptions, keras.layers.Layer):
    """A layer that reads features `(batch, dim)`. `attach` reshapes features with more axes to rows."""

    takes_rows = True

    def __init__(self, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.has_given_name = kwargs.get("name") is not None


def labels_of(
    name: str, features: Tensor, labels: Tensor, num_classes: int, ignore_class: int | None = None
) -> tuple[Any, Any, Any]:
    """Class indices as int32, which of them are valid (None: all), and which are out of range.

    The last is None if the values were checked: then no index is out of range.
    """
    check_readable(name, features=features, labels=labels)
    if len(features.shape) != 2:
        raise ValueError(
            f"`features` must have shape (batch, dim) in {name}. "
            f"Received: features.shape={tuple(features.shape)}"
        )
    labels = labels if backend.peek(labels) is not None else ops.convert_to_tensor(labels)
    given = tuple(labels.shape)
    if len(given) == 2 and given[1] == num_classes > 1:
        labels = indices_of_rows(labels)
    elif len(given) == 2 and given[1] == 1:
        labels = labels[:, 0]
    if not checks.compatible(labels.shape, features.shape[:1]):
        raise ValueError(
            f"`labels` must have shape (batch,), (batch, 1) or (batch, {num_classes}) in {name}. "
            f"Received: labels.shape={given}, features.shape={tuple(features.shape)}"
        )
    return class_indices(name, "labels", labels, num_classes, ignore_class)


def per_sample(sample_weight: Tensor, values: Any) -> Tensor:
    """The sample weights as a tensor that can be multiplied with values of shape (batch,)."""
    check_readable(None, sample_weight=sample_weight)
    weight = ops.cast(ops.convert_to_tensor(sample_weight), values.dtype)
    return extend_to(weight, 1, "sample_weight", values.shape)


def kept_samples(labels: Tensor, sample_weight: Tensor) -> Tensor:
    """Which samples have a weight other than 0."""
    everything = ops.ones_like(labels, dtype="bool")
    if sample_weight is None:
        return everything
    check_readable(None, sample_weight=sample_weight)
    weight = ops.convert_to_tensor(sample_weight)
    return ops.logical_and(everything, extend_to(weight, 1, "sample_weight", labels.shape) != 0)


def rows(argument: str, features: Tensor, labels: Tensor, sample_weight: Tensor) -> tuple[Any, Any, Any, Any]:
    """Reshapes features `(batch, .., dim)` to rows; gives rows, their labels, weights, and unmasked rows.

    A masked row gets the weight 0, so that the term does not learn from it.
    """
    axes = len(features.shape) - 1
    # JAX would round large integers and float64.
    labels = labels if isinstance(labels, np.ndarray) else ops.convert_to_tensor(labels)
    if not axes <= len(labels.shape) <= axes + 1 or not checks.compatible(
        labels.shape[:axes], features.shape[:-1]
    ):
        raise ValueError(
            f"`{argument}` must hold a label for each row of the features that a term reads. "
            f"Received: labels.shape={tuple(labels.shape)}, features.shape={tuple(features.shape)}"
        )
    mask = keras_internals.mask_of(features)
    size = ops.shape(features)[:-1]
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight)
        sample_weight = extend_to(sample_weight, axes, "sample_weight", features.shape[:-1])
        sample_weight = ops.reshape(ops.broadcast_to(sample_weight, size), (-1,))
    if mask is not None:
        mask = extend_to(ops.cast(mask, "bool"), axes, "mask", features.shape[:-1])
        mask = ops.reshape(ops.broadcast_to(mask, size), (-1,))
        given = ops.ones_like(mask, dtype="float32") if sample_weight is None else sample_weight
        sample_weight = ops.where(mask, given, ops.zeros_like(given))
    features = ops.reshape(features, (-1, features.shape[-1]))
    reshape = np.reshape if isinstance(labels, np.ndarray) else ops.reshape
    labels = reshape(labels, (-1, *labels.shape[axes:]))
    return features, labels, sample_weight, mask
