"""Losses that are added: the operators, the sum that they make, and its components as metrics."""

import functools
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import tree

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.precision import floating
from keraslosses.core.reduction import Entries, mean_of_each_sample
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor


class Addable:
    """The operators of a loss, and its metric: `a + 0.5 * b` and `(a + b) / 2` are a `WeightedSum`.

    A foreign type gets `NotImplemented`, so that Python raises `TypeError`; a bool is no weight.
    """

    # NumPy's numbers leave `np.float32(0.5) * loss` to the loss, instead of making an array of objects.
    __array_ufunc__ = None

    def metric(self, name: str | None = None) -> "Component":
        """A metric that shows this loss over an epoch, for `compile(metrics=[...])`; named after the loss."""
        return Component(self, name)

    def __add__(self, other: Any) -> Any:
        return WeightedSum([self, other]) if isinstance(other, keras.losses.Loss) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        if is_real(other) and other == 0:
            return self  # sum([a, b]) starts with 0
        return WeightedSum([other, self]) if isinstance(other, keras.losses.Loss) else NotImplemented

    def __mul__(self, weight: Any) -> Any:
        return WeightedSum([self], [weight]) if is_real(weight) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        if not is_real(divisor):
            return NotImplemented
        checks.positive("divisor", divisor)
        return self * (1.0 / divisor)


@saved
class WeightedSum(Addable, FixedOptions, keras.losses.Loss):
    """A sum of losses, each with its weight: `loss_a + 0.5 * loss_b`.

    ```
    Σ_i weights[i] · losses[i](y_true, y_pred, sample_weight)
    ```

    Every part gets the same tensors, sample weights and mask, and is reduced by its own reduction over the
    entries that it counts; only then are the results added. Parts of reduction `"none"` give one value for
    each sample: the mean over the other axes, of a loss of this package over the valid entries only.

    The operators `+`, `*` and `/` of a loss of this package make such a sum, and so does `sum([a, b])`. A
    part may be any `keras.losses.Loss`. A sum among the parts is taken apart: its parts enter with the
    product of the weights, its own name and dtype are dropped.

    Args:
        losses: The parts, one or more instances of `keras.losses.Loss`.
        weights: A finite number of at least 0 for each part. All 1 by default.
        name: Name of the loss.
        dtype: Dtype of the result. The parts are added in float32, or in float64 if one of them is.

    Shapes: whatever every part takes. The result is a scalar, or `(batch,)` where the parts have reduction
    `"none"`.

    Raises:
        ValueError: for no losses or something else among them, for weights that do not fit, or where some
            parts have reduction `"none"` and others do not.

    Example:

    >>> loss = keraslosses.MeanSquaredError() + 0.5 * keraslosses.MeanAbsoluteError()
    >>> print(loss)
    1.0 * mean_squared_error + 0.5 * mean_absolute_error
    >>> print(float(loss([[0.0], [0.0]], [[1.0], [3.0]])))
    6.0
    """

    # That of the parts acts.
    fixed_options = frozenset({"reduction"})

    def __init__(
        self,
        losses: Sequence[Any],
        weights: Sequence[float] | None = None,
        name: str | None = "weighted_sum",
        dtype: DType = None,
    ):
        weights = checked_weights(losses, weights)
        parts = [pair for pair in zip(losses, weights, strict=True) for pair in taken_apart(*pair)]
        unreduced = checked_reductions([part for part, _ in parts])
        super().__init__(name=name, reduction="none" if unreduced else "sum", dtype=dtype)
        self.losses = tuple(part for part, _ in parts)
        self.weights = tuple(weight for _, weight in parts)

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> Any:
        with keras.name_scope(self.name):
            values = [
                weight * value_of(part, y_true, y_pred, sample_weight)
                for part, weight in zip(self.losses, self.weights, strict=True)
            ]
            return ops.cast(functools.reduce(ops.add, values), self.dtype)

    def component_names(self) -> list[str]:
        """The names of the parts, in order; one that repeats is numbered: `huber`, `huber_1`."""
        return unique([part.name for part in self.losses])

    def component(self, name: str) -> "Component":
        """A metric that shows one part, without its weight, in `fit`; see `component_names`.

        Under `compile(weighted_metrics=[...])`, or `metrics=[...]` where there are no sample weights, the
        weighted sum of all components over an epoch is the `loss` that Keras reports.

        Raises:
            ValueError: for a name that no part has.
        """
        return component_of(dict(zip(self.component_names(), self.losses, strict=True)), name)

    def get_config(self) -> dict[str, Any]:
        return {
            "losses": [keras.saving.serialize_keras_object(part) for part in self.losses],
            "weights": list(self.weights),
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WeightedSum":
        losses = [keras.saving.deserialize_keras_object(part) for part in config["losses"]]
        return cls(**{**config, "losses": losses})

    def __repr__(self) -> str:
        names = self.component_names()
        return " + ".join(f"{weight} * {name}" for name, weight in zip(names, self.weights, strict=True))


@saved
class Component(FixedOptions, keras.metrics.Mean):
    """The value of one loss over an epoch, as Keras reports the whole loss.

    That is the mean over the batches, weighted with their sizes. What a loss with inner parts returns from
    its `component(name)`.

    Args:
        loss: The part, a `keras.losses.Loss`.
        name: Name of the metric; that of the loss by default.
        dtype: Dtype of the sums.
    """

    def __init__(self, loss: Any, name: str | None = None, dtype: DType = None):
        super().__init__(name=name or loss.name, dtype=dtype)
        self.loss = loss

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        # A loss gives its replica's share, and Keras reports the share times the number of replicas.
        value = value_of(self.loss, y_true, y_pred, sample_weight) * backend.replicas()
        super().update_state(value, sample_weight=ops.shape(tree.flatten(y_pred)[0])[0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "loss": keras.saving.serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Component":
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})


def component_of(parts: Mapping[str, Any], name: str) -> Component:
    """The metric of one of a loss's inner parts, which are losses by their names."""
    if name not in parts:
        raise checks.invalid("name", f"be one of {', '.join(map(repr, parts))}", name)
    return Component(parts[name], name=name)


def value_of(part: Any, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor) -> Any:
    """What a part gives under its own reduction: a scalar, or under "none" one value for each sample."""
    reduces = part.reduction not in ("none", None)
    if not reduces and hasattr(part, "entries"):
        entries = part.entries(y_true, y_pred, sample_weight, keras_internals.mask_of(y_pred))
        return floating(ops.cast(mean_of_each_sample(entries), part.dtype))
    if sample_weight is not None:
        # On torch, Keras's losses multiply their mask into the weights that they are given, in place.
        sample_weight = ops.copy(sample_weight)
    values = floating(part(y_true, y_pred, sample_weight))
    # A scalar is its own sum; but for an empty batch Keras's losses give the shape (0,).
    return ops.sum(values) if reduces else mean_of_each_sample(Entries(values))


def is_real(value: Any) -> bool:
    """A real number, NaN and infinities too: those are refused by their value, not by their type."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def taken_apart(loss: Any, weight: float) -> list[tuple[Any, float]]:
    """A loss with its weight; of a sum its parts, with the products of the weights."""
    if not isinstance(loss, WeightedSum):
        return [(loss, weight)]
    return [(part, weight * inner) for part, inner in zip(loss.losses, loss.weights, strict=True)]


def checked_weights(losses: Sequence[Any], weights: Sequence[float] | None) -> list[float]:
    """One weight for each loss, as plain numbers."""
    if not checks.is_sequence(losses) or not all(isinstance(loss, keras.losses.Loss) for loss in losses):
        raise checks.invalid("losses", "be a list of instances of keras.losses.Loss", losses)
    if not len(losses):
        raise checks.invalid("losses", "hold at least one loss", losses)
    if weights is None:
        return [1.0] * len(losses)
    fit = checks.is_sequence(weights) and len(weights) == len(losses)
    if not fit or not all(checks.is_number(w) and 0 <= w < float("inf") for w in weights):
        raise checks.invalid("weights", "hold a finite number of at least 0 for each loss", weights)
    return [float(weight) for weight in weights]


def checked_reductions(losses: Sequence[Any]) -> bool:
    """Whether no loss reduces over the batch; some that do and some that do not cannot be added."""
    unreduced = [loss.reduction in ("none", None) for loss in losses]
    if any(unreduced) and not all(unreduced):
        reductions = [loss.reduction for loss in losses]
        raise ValueError(
            '`losses` must all have reduction "none", or none of them. '
            f"Received: losses with the reductions {reductions}"
        )
    return all(unreduced)


def unique(names: Sequence[str]) -> list[str]:
    """The names, with _1, _2, … added to those that came before."""
    found: list[str] = []
    for name in names:
        number, candidate = 0, name
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found
