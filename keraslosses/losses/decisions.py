"""The kind `Decisions`: yes or no for each output, counted over the batch."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from keraslosses.core.backend import ops
from keraslosses.core.domain import DISTRIBUTIONS, PROBABILITIES, SHARES, TARGETS, Range
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.kind import Kind, Pair, where, without_classes
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions
from keraslosses.core.reduction import both, extend_to
from keraslosses.core.types import Options, Tensor

OUTPUTS, CLASSES = Elementwise(), LabelsOrDistributions()


class Truth(NamedTuple):
    """How much each output counts as a yes, and as a no; both are 0 for an output that does not count."""

    yes: Tensor
    no: Tensor


class Decisions(Kind):
    """Targets of yes or no for each output; without `multi_label`, one class for each row.

    The formula gets a `Truth` and y_pred. It gives one number for the whole batch, or one for each row with
    the option `average="samples"`, and which of them the mean counts (None: all).
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = (OUTPUTS if options["multi_label"] else CLASSES).read(name, y_true, y_pred, options)
        if pair.inner is None and pair.valid is not None:
            pair = self.hide(pair, pair.valid[..., None], options)
        if options.get("average") == "samples":
            return pair
        rank = len(pair.y_pred.shape)
        valid = pair.valid
        if valid is not None and rank > 2:
            valid = ops.any(valid, axis=tuple(range(1, rank - 1)))
        broken = None if pair.broken is None else ops.any(pair.broken)
        return replace(pair, axes=tuple(range(1, rank)), valid=valid, broken=broken, coupled=True)

    def ranges(self, options: Options) -> dict[str, Range]:
        several = options["multi_label"]
        ranges = {"y_true": TARGETS if several else DISTRIBUTIONS}
        if not options["from_logits"]:
            ranges["y_pred"] = PROBABILITIES if several else SHARES
        return ranges

    @property
    def whole_rows(self) -> bool:
        return True

    def spread(self, pair: Pair, outside: Any) -> Tensor:
        return ops.any(outside, axis=-1, keepdims=True)

    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the rows that are not kept by zeros."""
        return where(keep[..., None], pair, 0.0)

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Takes outputs out of all counts, and classes out of the softmax if others of the row are seen."""
        inner = ops.cast(seen, pair.y_pred.dtype)
        pair = replace(where(seen, pair, 0.0), inner=inner if pair.inner is None else inner * pair.inner)
        if options["multi_label"] or not options["from_logits"]:
            return pair
        nothing_seen = ops.logical_not(ops.any(seen, axis=-1, keepdims=True))
        return replace(pair, y_pred=without_classes(pair, ops.logical_or(seen, nothing_seen), {}))

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """A mask has the first axes of y_pred, or all. A sample is valid if one of its outputs is seen."""
        mask = extend_to(mask, len(pair.y_pred.shape), "mask", pair.y_pred.shape)
        seen = ops.any(mask, axis=pair.axes)
        return self.hide(pair, mask, options), seen

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        yes, no = pair.y_true, 1.0 - pair.y_true
        truth = Truth(yes, no) if pair.inner is None else Truth(yes * pair.inner, no * pair.inner)
        values, counted = formula(truth, pair.y_pred)
        if pair.coupled:
            values = ops.broadcast_to(values, (ops.shape(pair.y_pred)[0],))
        return values, counted

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        values, counted = found
        return values, both(valid, counted)
