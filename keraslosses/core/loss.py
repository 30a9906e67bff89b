"""How a formula becomes a loss: `loss_function` makes the function, `FunctionLoss` the class over it.

A formula is written once, on clean tensors. The `Contract` around it reads the inputs, silences the entries
that do not count, and marks what the reduction must know.
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

P = ParamSpec("P")
C = TypeVar("C", bound=type)

# The same where no entry is weighted.
PLAIN_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


class Contract:
    """A formula, the kind of inputs it reads, the rules of its options, and its faster forms."""

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
        """Every option by name, checked."""
        bound = self.signature.bind(None, None, *args, **kwargs) if args or kwargs else None
        options = dict(self.defaults)
        if bound:
            options.update(list(bound.arguments.items())[2:])
            self.check(options)
        return options

    def check(self, options: Mapping[str, Any]) -> None:
        for name, value in options.items():
            self.rules[name](name, value)

    @in_full_precision
    def entries(
        self,
        y_true: Any,
        y_pred: Any,
        options: Mapping[str, Any],
        sample_weight: Any = None,
        mask: Any = None,
        trusted: bool = False,
    ) -> Entries:
        """The formula's values, with the entries that do not count silenced before it and marked after it.

        Inputs that are `trusted` are known to lie in their ranges.
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

    def check_readable(self, y_true: Any, y_pred: Any) -> None:
        """Raises for what the loss cannot read."""
        check_readable(self.name, y_true=y_true)
        check_readable(self.name, ragged=self.kind.reads_ragged, y_pred=y_pred)

    def within(self, y_true: Any, y_pred: Any, pair: Any, keep: Any, options: Mapping[str, Any]) -> Any:
        """The pair with its numbers within the ranges of its kind, for inputs of the precision given."""
        ranges = self.kind.ranges(options)
        if not ranges:
            return pair
        given = {"y_true": y_true, "y_pred": y_pred}
        return domain.within(self.name, self.kind, pair, keep, ranges, given)

    def kept_values(self, pair: Any, keep: Any, formula: Callable[..., Any]) -> Any:
        """The formula's values, from inputs that are silenced where an entry is not kept.

        Where a look shows that inputs and values are finite all the same, and the gradients with them,
        nothing needs to be silenced.
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

    def mean(self, y_true: Any, y_pred: Any, options: Mapping[str, Any], reduction: str) -> Any:
        """The mean of all entries, none of them weighted or taken out; None where only `entries` gives it."""
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
    """Raises unless each option of a formula has a rule, and each rule an option."""
    without, unused = [o for o in options if o not in rules], [r for r in rules if r not in options]
    if without or unused:
        raise TypeError(
            f"{name} needs one rule for each option, as in loss_function(kind, scale=rules.positive). "
            f"Received: options without a rule {without}, rules without an option {unused}"
        )


def finite_at_a_look(tensor: Any) -> bool:
    """Whether a look that costs no transfer shows finite numbers only; their sum tells it in one pass."""
    seen = backend.peek(tensor)
    if seen is None:
        return False
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.sum(seen)))


def loss_function(
    kind: Kind, *faster: forms.Form, **rules: checks.Rule
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Makes a loss function of a formula: reads and checks the inputs and options before it.

    The function takes what the formula takes, as arrays or tensors of any float type. It returns one value
    for each sample, or for each entry of a larger y_pred. Keras can save it: it is registered as
    `"Custom>name"`. `loss_class` makes a class of it.

    Args:
        kind: How the inputs are read: an instance of a class of `keraslosses.kinds`. The formula gets tensors
            of float32 (float64 where y_pred is float64) with shapes that fit.
        *faster: Forms of the formula that a backend computes faster; losses of this package have them.
        **rules: For each option of the formula, the function of `keraslosses.rules` that checks it.

    Raises:
        ValueError: for a `kind` that is no instance of a kind.
        TypeError: for an option without a rule, or a rule without an option.

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
        def function(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            if is_keras_tensor(y_pred) or is_keras_tensor(y_true):
                return applied(function, y_true, y_pred, *args, **kwargs)
            return contract.entries(y_true, y_pred, contract.options(args, kwargs)).values

        function.contract = contract  # type: ignore[attr-defined]
        return saved(function, package_of(formula.__module__))

    return decorate


class FunctionLoss(Addable, FixedOptions, keras.losses.Loss):
    """A `keras.losses.Loss` over a loss function: adds weights, masks, reduction, dtype, config, operators.

    Nothing is cast on the way in: integer targets stay integers, and the computation runs in float32, or in
    float64 where y_pred is. The result is cast to the loss's dtype last. Options cannot be set later: a
    compiled training step would not see the change.
    """

    def __init__(self, function: Any, reduction: str | None, name: str | None, dtype: Any, **options: Any):
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

    def entries(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> Entries:
        """The values with what the reduction must know of them."""
        return self.function.contract.entries(y_true, y_pred, self.options, sample_weight, mask)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.entries(y_true, y_pred).values

    @in_full_precision
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
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
