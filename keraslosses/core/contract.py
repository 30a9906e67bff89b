"""How a formula is called: the contract reads the inputs, and tells the reduction which entries count.

The formula gets clean tensors only. Entries that do not count are silenced before the formula reads them.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keraslosses.core import backend, checks, domain
from keraslosses.core.arguments import arguments_of
from keraslosses.core.backend import forms, ops
from keraslosses.core.precision import in_full_precision
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import Entries, both, reduce
from keraslosses.core.types import Options, Tensor


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
        names, defaults = arguments_of(formula)
        names = names[2:]
        self.defaults = {name: defaults[name] for name in names if name in defaults}
        self.rules = rules
        self.forms = tuple(faster)
        self.faster = forms.at_work(faster, backend.BACKEND)
        check_rules(self.name, names, rules)

    def options(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """All options by name, after their rules have checked them."""
        options = {**self.defaults, **kwargs}
        if args or options.keys() != self.rules.keys():
            # Python's own words for arguments that are too many, missing or unknown.
            bound = inspect.signature(self.formula).bind(None, None, *args, **kwargs)
            options.update(list(bound.arguments.items())[2:])
        if args or kwargs:
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
            sample_weight = ops.cast(backend.as_tensor(sample_weight), pair.y_pred.dtype)
            pair, sample_weight = self.kind.weighted(pair, sample_weight)
            keep = keep if sample_weight is None else both(keep, sample_weight != 0)
        if not trusted:
            pair = self.within(y_true, y_pred, pair, keep, options)
        found = self.kept_values(pair, keep, functools.partial(self.formula, **options))
        values, counted = self.kind.counted(found, valid)
        if pair.broken is not None:
            values = nan_where_broken(values, both(keep, pair.broken))
        if keep is not None:
            values = ops.where(keep, values, ops.zeros_like(values))
        return Entries(
            values, counted, sample_weight, pair.class_weight, options.get("across_replicas", False)
        )

    def check_readable(self, y_true: Tensor, y_pred: Tensor) -> None:
        """Raises if the loss cannot read one of the inputs."""
        check_readable(self.name, y_true=y_true)
        check_readable(self.name, ragged=self.kind.reads_ragged, y_pred=y_pred)

    def within(self, y_true: Tensor, y_pred: Tensor, pair: Any, keep: Tensor, options: Options) -> Any:
        """The pair with its numbers moved into the ranges of its kind; raises for numbers far outside."""
        ranges = self.kind.ranges(options)
        if pair.trusted:
            ranges.pop("y_true", None)
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
            found = self.evaluate(formula, pair)
            if finite_at_a_look(self.kind.counted(found, None)[0]):
                return found
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
        if pair.valid is not None or pair.broken is not None:
            return None
        if reduction == "mean_with_sample_weight" and pair.class_weight is not None:
            return None
        pair = self.within(y_true, y_pred, pair, None, options)
        found = self.faster.mean and self.faster.mean(pair.y_true, pair.y_pred, **options)
        if found is not None:
            return found
        formula = functools.partial(self.formula, **options)
        if pair.broken is None:
            return self.kind.mean(formula, pair, self.faster.formula)
        values = self.evaluate(formula, pair)
        return reduce(Entries(nan_where_broken(values, pair.broken)), reduction)


def nan_where_broken(values: Any, broken: Any) -> Any:
    return values * backend.one_or_nan(broken, values.dtype)


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
