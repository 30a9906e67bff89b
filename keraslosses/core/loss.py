"""How a formula becomes a loss: `loss_function` makes the function, `FunctionLoss` is the base class."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import keras
from keras.backend import is_keras_tensor

from keraslosses.core import backend, checks, keras_internals
from keraslosses.core.backend import forms, ops
from keraslosses.core.compose import Addable
from keraslosses.core.contract import Contract
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.kind import Kind
from keraslosses.core.precision import in_full_precision
from keraslosses.core.reduction import Entries, reduce, share_of_replica
from keraslosses.core.saving import package_of, saved
from keraslosses.core.symbolic import applied
from keraslosses.core.types import DType, Tensor

P = ParamSpec("P")

# These reductions are equal if no entry has a weight.
PLAIN_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


def loss_function(
    kind: Kind, *faster: forms.Form, **rules: checks.Rule
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Makes a decorator that turns a formula into a loss function.

    The loss function has the arguments of the formula. It checks the options, converts and checks y_true and
    y_pred, and then calls the formula. y_true and y_pred may be arrays or tensors of any float dtype. Keras
    can save the loss function: it is registered as `"Custom>name"`. `loss_class` makes a class from it.

    Args:
        kind: How the inputs are read: an instance of a class of `keraslosses.kinds`. The formula gets tensors
            in float32 (in float64 if y_pred is float64), with shapes that fit together.
        *faster: Faster forms of the formula on some backends. Only losses of this package have them.
        **rules: The rule of each option, by the name of the option: a function of `keraslosses.rules` or a
            rule of your own.

    Returns:
        A decorator. The formula takes y_true, y_pred and the options. The loss function returns one value for
        each entry: `(batch,)`, or more axes for a larger y_pred. The kind says which axes remain.

    Raises:
        ValueError: If `kind` is not an instance of a kind. The loss function raises it if an option is out of
            range or if the shapes do not fit together.
        TypeError: If an option has no rule, or a rule has no option.

    Example:

    >>> from keras import ops
    >>> from keraslosses import kinds, rules
    >>> @keraslosses.loss_function(kinds.Elementwise(), scale=rules.positive)
    ... def scaled_error(y_true, y_pred, scale=1.0):
    ...     return ops.log1p(scale * ops.abs(y_pred - y_true))
    >>> print(round(float(scaled_error([[0.0, 1.0]], [[2.0, 1.0]], scale=0.5)[0]), 4))
    0.3466
    """
    if not isinstance(kind, Kind):
        expected = "be an instance of a class of keraslosses.kinds, such as Elementwise()"
        raise checks.invalid("kind", expected, kind)

    def decorate(formula: Callable[P, Any]) -> Callable[P, Any]:
        contract = Contract(formula, kind, rules, faster)

        @functools.wraps(formula)
        def function(y_true: Tensor, y_pred: Tensor, *args: Any, **kwargs: Any) -> Any:
            if is_keras_tensor(y_pred) or is_keras_tensor(y_true):
                return applied(function, y_true, y_pred, *args, **kwargs)
            return contract.entries(y_true, y_pred, contract.options(args, kwargs)).values

        function.contract = contract  # type: ignore[attr-defined]
        return saved(function, package_of(formula.__module__))

    return decorate


class FunctionLoss(Addable, FixedOptions, keras.losses.Loss):
    """The base class of losses: a `keras.losses.Loss` that calls a loss function.

    It adds sample weights, masks, reduction, dtype, config and the operators `+`, `*` and `/`. Integer
    targets stay integers. The loss is computed in float32, or in float64 if y_pred is float64. At the end the
    result is cast to `dtype`. Options cannot be changed later, because a compiled training step would not see
    the change.

    Args:
        function: A function made by `loss_function`.
        reduction: "sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none" or None.
        name: Name of the loss.
        dtype: Dtype of the result: a name, a `keras.DTypePolicy`, or None for `keras.config.floatx()`.
        **options: The options of the function, by name.

    Shapes: y_true and y_pred as the function takes them. The sample weight is a scalar, or has the shape of
    the function's result or its first axes. The result is a scalar; with the reduction "none" or None it has
    the shape of the function's result.

    Raises:
        ValueError: If the reduction or an option is out of range, or if shapes do not fit together.
        TypeError: If a subclass defines `call`: the function computes the loss, so nothing would call it.

    Example:

    >>> class Scaled(keraslosses.FunctionLoss):
    ...     def __init__(self, delta=2.0, reduction="sum", name="scaled", dtype=None):
    ...         super().__init__(keraslosses.huber, reduction, name, dtype, delta=delta)
    >>> print(float(Scaled()([[0.0], [0.0]], [[1.0], [2.0]])))
    2.5
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "call" in vars(cls):
            raise TypeError(
                f"{cls.__name__} must not define `call`: the loss function computes the values, so nothing "
                "would call it. Write the formula as a function with keraslosses.loss_function, or derive "
                "from keras.losses.Loss."
            )

    def __init__(self, function: Any, reduction: str | None, name: str | None, dtype: DType, **options: Any):
        checks.reduction("reduction", reduction)
        function.contract.check(options)
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.function = function
        self.options = {option: checks.plain(value) for option, value in options.items()}

    def __getattr__(self, name: str) -> Any:
        options = self.__dict__.get("options", {})
        if name in options:
            return options[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def entries(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None, mask: Tensor = None
    ) -> Entries:
        """The value of each entry, and what the reduction must know about the entries."""
        return self.function.contract.entries(y_true, y_pred, self.options, sample_weight, mask)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self.entries(y_true, y_pred).values

    @in_full_precision
    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> Any:
        if is_keras_tensor(y_pred) or is_keras_tensor(y_true):
            return applied(self, y_true, y_pred, sample_weight)
        mask = keras_internals.mask_of(y_pred)
        with backend.name_scope(self.name):
            loss = None
            if mask is None and sample_weight is None and self.reduction in PLAIN_MEANS:
                loss = self.function.contract.mean(y_true, y_pred, self.options, self.reduction)
            if loss is None:
                loss = reduce(self.entries(y_true, y_pred, sample_weight, mask), self.reduction)
            loss = share_of_replica(loss, self.reduction)
            return loss if backend.dtype_name(loss) == self.dtype else ops.cast(loss, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**self.options, "reduction": self.reduction, "name": self.name, "dtype": self.dtype}

    def __repr__(self) -> str:
        given = ", ".join(f"{option}={value!r}" for option, value in self.options.items())
        return f"{type(self).__name__}({given})"
