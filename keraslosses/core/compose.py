"""Sums of losses: the operators of a loss, the class `WeightedSum`, and its components as metrics."""

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
    """The operators and the metric of a loss: `a + 0.5 * b` and `(a + b) / 2` make a `WeightedSum`.

    For other types an operator returns `NotImplemented`, so that Python raises `TypeError`. A bool is not
    accepted as a weight.
    """

    # With None, NumPy leaves `np.float32(0.5) * loss` to the loss. Else it would make an array of objects.
    __array_ufunc__ = None

    def metric(self, name: str | None = None) -> "Component":
        """Makes a metric that shows this loss over an epoch, for `compile(metrics=[...])`.

        Args:
            name: Name of the metric. Default: the name of the loss.
        """
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

    Every part gets the same tensors, sample weights and mask. Each part is reduced with its own reduction,
    over the entries that it counts. Then the results are added. A part with the reduction `"none"` gives one
    value for each sample: the mean over the other axes. A loss of this package takes this mean over the valid
    entries only.

    The operators `+`, `*` and `/` of a loss of this package make such a sum, and so does `sum([a, b])`. A
    part may be any `keras.losses.Loss`. If a part is itself a `WeightedSum`, its parts are added instead, and
    the weights are multiplied. The name and dtype of the inner sum are dropped.

    Args:
        losses: The parts, a list of one or more instances of `keras.losses.Loss`.
        weights: A list with a finite number of at least 0 for each part. Default: None, all weights are 1.
        name: Name of the loss.
        dtype: Dtype of the result. The parts are added in float32, or in float64 if one of them is float64.
            Default: None, `keras.config.floatx()`.

    Shapes: y_true and y_pred must have shapes that every part takes. The result is a scalar. If the parts
    have the reduction `"none"`, it is `(batch,)`.

    Raises:
        ValueError: If the list is empty or holds something that is not a loss, if the weights do not fit, or
            if only some of the parts have the reduction `"none"`.

    Example:

    >>> loss = keraslosses.MeanSquaredError() + 0.5 * keraslosses.MeanAbsoluteError()
    >>> print(loss)
    1.0 * mean_squared_error + 0.5 * mean_absolute_error
    >>> print(float(loss([[0.0], [0.0]], [[1.0], [3.0]])))
    6.0
    """

    # The reductions of the parts decide, so this one must not be set.
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
        """The names of the parts, in order. A repeated name gets a number: `huber`, `huber_1`."""
        return unique([part.name for part in self.losses])

    def component(self, name: str) -> "Component":
        """Makes a metric that shows one part in `fit`, without its weight.

        Use it with `compile(weighted_metrics=[...])`. Without sample weights, `metrics=[...]` works too. Then
        the weighted sum of all components over an epoch is the `loss` that Keras reports.

        Args:
            name: The name of the part, one of `component_names()`.

        Raises:
            ValueError: If no part has this name.
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
    """A metric: the value of one loss over an epoch, computed as Keras computes the `loss` that it reports.

    It is the mean over the batches, weighted with the batch sizes. The methods `metric` and `component` of a
    loss make it.

    Args:
        loss: A `keras.losses.Loss`.
        name: Name of the metric. Default: the name of the loss.
        dtype: Dtype of the sums. Default: None, `keras.config.floatx()`.
    """

    def __init__(self, loss: Any, name: str | None = None, dtype: DType = None):
        super().__init__(name=name or loss.name, dtype=dtype)
        self.loss = loss

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        # A loss is divided by the number of replicas. Keras reports it times this number.
        value = value_of(self.loss, y_true, y_pred, sample_weight) * backend.replicas()
        super().update_state(value, sample_weight=ops.shape(tree.flatten(y_pred)[0])[0])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "loss": keras.saving.serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Component":
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})


def component_of(parts: Mapping[str, Any], name: str) -> Component:
    """The metric of one inner part of a loss; `parts` holds the losses of the parts by their names."""
    if name not in parts:
        raise checks.invalid("name", f"be one of {', '.join(map(repr, parts))}", name)
    return Component(parts[name], name=name)


def value_of(part: Any, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor) -> Any:
    """The result of a part: a scalar, or one value for each sample if its reduction is "none"."""
    reduces = part.reduction not in ("none", None)
    if not reduces and hasattr(part, "entries"):
        entries = part.entries(y_true, y_pred, sample_weight, keras_internals.mask_of(y_pred))
        return floating(ops.cast(mean_of_each_sample(entries), part.dtype))
    if sample_weight is not None:
        # On torch, the losses of Keras multiply the mask into the weights in place. So they get a copy.
        sample_weight = ops.copy(sample_weight)
    values = floating(part(y_true, y_pred, sample_weight))
    # The sum of a scalar is the scalar. For an empty batch, the losses of Keras give the shape (0,).
    return ops.sum(values) if reduces else mean_of_each_sample(Entries(values))


def is_real(value: Any) -> bool:
    """Whether a value is a real number. NaN and infinities are: later checks refuse them by their value."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def taken_apart(loss: Any, weight: float) -> list[tuple[Any, float]]:
    """The loss with its weight; for a sum, its parts with the products of the weights."""
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
    """Whether all losses have the reduction "none"; raises if only some of them have it."""
    unreduced = [loss.reduction in ("none", None) for loss in losses]
    if any(unreduced) and not all(unreduced):
        reductions = [loss.reduction for loss in losses]
        raise ValueError(
            '`losses` must all have the reduction "none", or none of them must have it. '
            f"Received: losses with the reductions {reductions}"
        )
    return all(unreduced)


def unique(names: Sequence[str]) -> list[str]:
    """The names in order. A name that came before gets _1, _2, … added."""
    found: list[str] = []
    for name in names:
        number, candidate = 0, name
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found
