"""What a loss reads: the kinds of pairs (y_true, y_pred), their shape rules, and how entries are taken out.

An *entry* is one value of the result. A kind turns what the user passed into a `Pair` of tensors that belong
together, and can then silence single entries (weight 0, masked, ignored) before the formula sees them, so
that an infinite or undefined value there reaches neither the loss nor the gradient.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.domain import Range
from keraslosses.core.precision import floating
from keraslosses.core.reduction import extend_to
from keraslosses.core.types import Options, Tensor


@dataclass(frozen=True)
class Pair:
    """Tensors that belong together, and what is known of their entries.

    `axes` are those of y_pred that the loss consumes. Entries that are not `valid` leave the mean, `broken`
    ones become NaN (None: all, none). `class_weight` is the weight of each entry's class, `inner` that of
    each element in the mean over `axis`. Entries that are `coupled` depend on the whole batch.
    """

    y_true: Tensor
    y_pred: Tensor
    axes: tuple[int, ...]
    valid: Tensor = None
    broken: Tensor = None
    class_weight: Any = None
    inner: Any = None
    coupled: bool = False

    @property
    def axis(self) -> int:
        (axis,) = self.axes
        return axis


def tensors_of_one_shape(name: str, y_true: Tensor, y_pred: Tensor) -> tuple[Any, Any]:
    """Both as floating tensors; (B,) counts as (B, 1), and a trailing 1 may be missing from y_true."""
    y_pred = floating(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if not len(y_pred.shape):
        raise checks.shapes_differ(y_true, y_pred, name, "come with a y_pred of at least one axis")
    given = y_true, y_pred
    if len(y_pred.shape) == 1:
        y_pred = ops.expand_dims(y_pred, -1)
    if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
        y_true = ops.expand_dims(y_true, -1)
    elif len(y_true.shape) == len(y_pred.shape) + 1 and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if not checks.compatible(y_true.shape, y_pred.shape):
        raise checks.shapes_differ(*given, name, "have the shape of y_pred")
    return (y_true if y_true.dtype == y_pred.dtype else ops.cast(y_true, y_pred.dtype)), y_pred


class Kind(ABC):
    """How a loss reads its inputs: what belongs together, and what stands for nothing.

    With `explicit` the formula returns `Explicit`: values with their derivatives. `true` and `pred` are the
    ranges in which y_true and, unless it holds logits, y_pred must lie.
    """

    explicit = False
    reads_ragged = False
    true: Range | None = None
    pred: Range | None = None

    @abstractmethod
    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        """The tensors, as what they are read as; raises where they do not belong together."""

    @abstractmethod
    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Puts inputs at which the formula is finite where an entry is not kept."""

    @abstractmethod
    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Takes the elements of an entry that are not seen out of it; `seen` has the rank of y_pred."""

    def shape(self, pair: Pair) -> tuple[int | None, ...]:
        """The static shape of the result: y_pred's, without the axes that the loss consumes."""
        sizes = list(enumerate(pair.y_pred.shape))
        for axis in pair.axes:
            # Compared one by one: torch compiles an axis as a symbol, which `in` does not find.
            sizes = [(i, size) for i, size in sizes if i != axis]
        return tuple(size for _, size in sizes)

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """The pair without what a mask hides, and which entries are still to be seen.

        A mask has the axes of the result, or those of y_pred from the left.
        """
        shape = self.shape(pair)
        if len(mask.shape) == len(shape) + 1 and mask.shape[-1] != 1:
            mask = extend_to(mask, len(shape) + 1, "mask", pair.y_pred.shape)
            pair = self.hide(pair, mask, options)
            mask = ops.any(mask, axis=pair.axis)
        return pair, extend_to(mask, len(shape), "mask", shape)

    def weighted(self, pair: Pair, weight: Any) -> tuple[Pair, Any]:
        """The pair, and the weight of each entry: None where the weights have gone into the pair."""
        shape = self.shape(pair)
        return pair, extend_to(weight, len(shape), "sample_weight", shape)

    def ranges(self, options: Options) -> dict[str, Range]:
        """Those of the ranges that hold under these options."""
        pred = None if options.get("from_logits") else self.pred
        given = {"y_true": self.true, "y_pred": pred}
        return {argument: range_ for argument, range_ in given.items() if range_ is not None}

    def counting(self, pair: Pair, keep: Tensor) -> Pair:
        """The pair as far as it counts, with harmless inputs elsewhere."""
        return pair if keep is None or pair.coupled else self.silence(pair, keep)

    def spread(self, pair: Pair, outside: Any) -> Any:
        """Where y_pred becomes NaN so that the value does, if these numbers are outside their range."""
        return outside

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        """The values of the entries; `faster` is what `forms.Faster` has for the formula, or None."""
        return formula(pair.y_true, pair.y_pred)

    def mean(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        """The mean of all entries in one go, where the kind has a way to it, else None."""
        return None

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        """The values that a formula found, and which of them the mean counts."""
        return found, valid


def where(condition: Tensor, pair: Pair, otherwise: float) -> Pair:
    """The pair, with one number in both tensors where the condition does not hold."""
    number = ops.cast(otherwise, pair.y_pred.dtype)
    y_true, y_pred = (ops.where(condition, x, number) for x in (pair.y_true, pair.y_pred))
    return replace(pair, y_true=y_true, y_pred=y_pred)


def without_classes(pair: Pair, seen: Tensor, options: Options) -> Any:
    """y_pred with the masked classes out of the running: probability 0, else a score of -inf."""
    nothing = 0.0 if options.get("from_logits") is False else float("-inf")
    return ops.where(seen, pair.y_pred, ops.cast(nothing, pair.y_pred.dtype))
