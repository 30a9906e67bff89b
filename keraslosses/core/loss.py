"""How a formula becomes a loss: `loss_function` makes the function, `FunctionLoss` is the base of the class.

The formula reads clean tensors only. Its `Contract` reads the inputs of the user, silences the entries that
do not count, and tells the reduction which entries count.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import keras
import numpy as np
from keras.backend import is_keras_tensor, standardize_dtype

from keraslosses.core import backend, checks, domain, keras_internals
from keraslosses.core.backend import forms, ops
from keraslosses.core.compose import Addable
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.kind import Kind
from keraslosses.core.nonfinite import one_or_nan
from keraslosses.core.precision import in_full_precision
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import Entries, both, reduce, share_of_replica
from keraslosses.core.saving import package_of, saved
from keraslosses.core.symbolic import applied
from keraslosses.core.types import DType, Options, Tensor

P = ParamSpec("P")
C = TypeVar("C", bound=type)

# These reductions are equal if no entry has a weight.
PLAIN_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


class Contract:
    """A formula with its kind of inputs, the rules of its options, and its faster forms."""

    def __init__(
        self,
        formula: Callable[..., Any],
        kind: Any,
        rules: Mapping[str, checks.Rule],
        faster: Sequence[forms.Form] = (),
    ):
        self.name = formula.__name__
        self.formula = formula
        self.kind = kind
        self.signature = inspect.signature(formula)
        parameters = list(self.signature.parameters.values())[2:]
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.rules = rules
        self.forms = tuple(faster)
        self.faster = forms.at_work(faster, backend.BACKEND)
        check_rules(self.name, [p.name for p in parameters], rules)

    def options(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """All options by name, after their rules have checked them."""
        bound = self.signature.bind(None, None, *args, **kwargs) if args or kwargs else None
        options = dict(self.defaults)
        if bound:
            options.update(list(bound.arguments.items())[2:])
            self.check(options)
        return options

    def check(self, options: Options) -> None:
        for name, value in options.items():
            self.rules[name](name, value)

    @in_full_precision
    def entries(
        self,
        y_true: Tensor,
        y_pred: Tensor,
        options: Options,
        sample_weight: Tensor = None,
        mask: Tensor = None,
        trusted: bool = False,
    ) -> Entries:
        """The values of the formula, and which entries count; entries that do not count are silenced.

        With `trusted`, the caller knows that the inputs lie in their ranges, so they are not checked.
        """
        self.check_readable(y_true, y_pred)
        pair = self.kind.read(self.name, y_true, y_pred, options)
        valid = pair.valid
        if mask is not None:
            check_readable(self.name, mask=mask)
            pair, seen = self.kind.masked(pair, ops.cast(mask, "bool"), options)
            valid = both(valid, seen)
        keep = valid
        if sample_weight is not None:
            check_readable(self.name, sample_weight=sample_weight)
            sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), pair.y_pred.dtype)
            pair, sample_weight = self.kind.weighted(pair, sample_weight)
            keep = keep if sample_weight is None else both(keep, sample_weight != 0)
        if not trusted:
            pair = self.within(y_true, y_pred, pair, keep, options)
        found = self.kept_values(pair, keep, functools.partial(self.formula, **options))
        values, counted = self.kind.counted(found, valid)
        if pair.broken is not None:
            broken = both(keep, pair.broken)
            values = values * one_or_nan(broken, values.dtype)
        if keep is not None:
            values = ops.where(keep, values, ops.zeros_like(values))
        return Entries(values, counted, sample_weight, pair.class_weight)

    def check_readable(self, y_true: Tensor, y_pred: Tensor) -> None:
        """Raises if the loss cannot read one of the inputs."""
        check_readable(self.name, y_true=y_true)
        check_readable(self.name, ragged=self.kind.reads_ragged, y_pred=y_pred)

    def within(self, y_true: Tensor, y_pred: Tensor, pair: Any, keep: Tensor, options: Options) -> Any:
        """The pair with its numbers moved into the ranges of its kind; raises for numbers far outside."""
        ranges = self.kind.ranges(options)
        if not ranges:
            return pair
        given = {"y_true": y_true, "y_pred": y_pred}
        return domain.within(self.name, self.kind, pair, keep, ranges, given)

    def kept_values(self, pair: Any, keep: Tensor, formula: Callable[..., Any]) -> Any:
        """The values of the formula; entries that are not kept are silenced.

        If the inputs and the values can be read and are finite, the gradients are finite too. Then nothing
        needs to be silenced.
        """
        if keep is None or pair.coupled:
            return self.evaluate(formula, pair)
        if finite_at_a_look(pair.y_true) and finite_at_a_look(pair.y_pred):
            values = self.evaluate(formula, pair)
            if finite_at_a_look(values):
                return values
        return self.evaluate(formula, self.kind.silence(pair, keep))

    def evaluate(self, formula: Callable[..., Any], pair: Any) -> Any:
        return self.kind.evaluate(formula, pair, self.faster.formula)

    def mean(self, y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
        """The mean of all entries if all count the same; None if it must be computed from `entries`."""
        self.check_readable(y_true, y_pred)
        found = self.faster.loss and self.faster.loss(y_true, y_pred, options, reduction)
        if found is not None or not self.kind.explicit:
            return found
        pair = self.kind.read(self.name, y_true, y_pred, options)
        if reduction == "mean_with_sample_weight" and pair.class_weight is not None:
            return None
        pair = self.within(y_true, y_pred, pair, None, options)
        found = self.faster.mean and self.faster.mean(pair.y_true, pair.y_pred, **options)
        if found is not None:
            return found
        return self.kind.mean(functools.partial(self.formula, **options), pair, self.faster.formula)


def check_rules(name: str, options: Sequence[str], rules: Mapping[str, checks.Rule]) -> None:
    """Raises unless each option of a formula has a rule, and each rule has an option."""
    without, unused = [o for o in options if o not in rules], [r for r in rules if r not in options]
    if without or unused:
        raise TypeError(
            f"{name} needs one rule for each option, as in loss_function(kind, scale=rules.positive). "
            f"Received: options without a rule {without}, rules without an option {unused}"
        )


def finite_at_a_look(tensor: Any) -> bool:
    """Whether a tensor can be read without a transfer and is finite; the sum shows it in one pass."""
    seen = backend.peek(tensor)
    if seen is None:
        return False
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.sum(seen)))


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

    Example:

    >>> class Scaled(keraslosses.FunctionLoss):
    ...     def __init__(self, delta=2.0, reduction="sum", name="scaled", dtype=None):
    ...         super().__init__(keraslosses.huber, reduction, name, dtype, delta=delta)
    >>> print(float(Scaled()([[0.0], [0.0]], [[1.0], [2.0]])))
    2.5
    """

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
        with keras.name_scope(self.name):
            loss = None
            if mask is None and sample_weight is None and self.reduction in PLAIN_MEANS:
                loss = self.function.contract.mean(y_true, y_pred, self.options, self.reduction)
            if loss is None:
                loss = reduce(self.entries(y_true, y_pred, sample_weight, mask), self.reduction)
            loss = share_of_replica(loss, self.reduction)
            return loss if standardize_dtype(loss.dtype) == self.dtype else ops.cast(loss, self.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**self.options, "reduction": self.reduction, "name": self.name, "dtype": self.dtype}

    def __repr__(self) -> str:
        given = ", ".join(f"{option}={value!r}" for option, value in self.options.items())
        return f"{type(self).__name__}({given})"
