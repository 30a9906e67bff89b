"""The base class of the kinds of inputs, and `Pair`, the tensors that a kind makes of the inputs.

An *entry* is one value of the result. A kind converts y_true and y_pred to a `Pair` of tensors. Then it can
*silence* entries: entries of weight 0, masked entries and ignored entries get harmless inputs before the
formula reads them. So infinity or NaN in such an entry reaches neither the loss nor the gradient.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.domain import Range
from keraslosses.core.precision import floating
from keraslosses.core.reduction import both, extend_to
from keraslosses.core.types import Options, Shape, Tensor


@dataclass(eq=False, repr=False)
class Pair:
    """A y_true and a y_pred that fit together, and what the loss must know of their entries.

    A kind makes it in `read`. Only a kind of your own must make one.

    Args:
        y_true: The targets, as the formula reads them.
        y_pred: The predictions, float32 or float64.
        axes: The axes of y_pred that the formula consumes, counted from the first. The other axes are those
            of the result.
        valid: Which entries the mean counts, a tensor of bool with the shape of the result. Default: None,
            all entries.
        broken: Which entries become NaN, a tensor of bool. Default: None, no entries.
        class_weight: The weight of the class of each entry. Default: None, weight 1.
        inner: The weight of each element in the mean along `axis`. Default: None, weight 1.
        coupled: Whether an entry depends on other samples of the batch. Then no entries are silenced.
            Default: False.
        trusted: Whether y_true lies in its range for sure, so that it is not checked. Default: False.
    """

    y_true: Tensor
    y_pred: Tensor
    axes: tuple[int, ...]
    valid: Tensor = None
    broken: Tensor = None
    class_weight: Any = None
    inner: Any = None
    coupled: bool = False
    trusted: bool = False

    @property
    def axis(self) -> int:
        (axis,) = self.axes
        return axis


def tensors_of_one_shape(name: str, y_true: Tensor, y_pred: Tensor) -> tuple[Any, Any]:
    """Both as tensors of the same float dtype and shape; (B,) counts as (B, 1).

    y_true may have one more axis of size 1 at the end than y_pred. It may lack this axis if y_pred has it.
    """
    y_pred = floating(y_pred)
    y_true = backend.as_tensor(y_true)
    if not len(y_pred.shape):
        raise checks.shapes_differ(y_true, y_pred, name, "come with a y_pred that has at least one axis")
    given = y_true, y_pred
    if len(y_pred.shape) == 1:
        y_pred = ops.expand_dims(y_pred, -1)
    if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
        y_true = ops.expand_dims(y_true, -1)
    elif len(y_true.shape) == len(y_pred.shape) + 1 and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if not checks.compatible(y_true.shape, y_pred.shape):
        raise checks.shapes_differ(*given, name, "have the shape of y_pred")
    if None in y_true.shape:
        y_true = of_equal_shape(y_true, y_pred)
    return (y_true if y_true.dtype == y_pred.dtype else ops.cast(y_true, y_pred.dtype)), y_pred


def of_equal_shape(y_true: Tensor, y_pred: Tensor) -> Any:
    """y_true of a shape that is not yet known; it raises when it runs if this is not the shape of y_pred.

    Else class indices `(batch, 1)` would be read as rows that are all the same.
    """
    return ops.reshape(ops.broadcast_to(y_true, ops.shape(y_pred)), ops.shape(y_true))


class Kind(ABC):
    """The base class of all kinds: how a loss reads its inputs.

    A kind of your own derives from it and defines `read`, `silence` and `hide`. It may set these attributes:

    - `explicit`: Whether the formula returns its values with their derivatives. Default: False.
    - `reads_ragged`: Whether y_pred may be a ragged tensor of TensorFlow. Default: False.
    - `true`: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
    - `pred`: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
      `from_logits` and it is True. Default: None, all numbers are allowed.
    - `clipped`: Whether an entry is a row along one axis, and the formula itself counts a number just outside
      its range as the bound. Default: False.
    """

    explicit = False
    reads_ragged = False
    clipped = False
    true: Range | None = None
    pred: Range | None = None

    @abstractmethod
    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        """Makes the pair from the inputs of the loss `name`; raises ValueError if they do not fit."""

    @abstractmethod
    def silence(self, pair: Pair, keep: Tensor) -> Pair:
        """Replaces the inputs of the entries that are not kept by inputs at which the formula is finite."""

    @abstractmethod
    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        """Takes the elements that are not `seen` out of their entries; `seen` has the rank of y_pred."""

    def shape(self, pair: Pair) -> Shape:
        """The static shape of the result: the shape of y_pred without the axes that the loss consumes."""
        sizes = list(enumerate(pair.y_pred.shape))
        for axis in pair.axes:
            # One by one: torch compiles an axis as a symbol, and `in` does not find a symbol.
            sizes = [(i, size) for i, size in sizes if i != axis]
        return tuple(size for _, size in sizes)

    def masked(self, pair: Pair, mask: Tensor, options: Options) -> tuple[Pair, Any]:
        """The pair without the masked elements, and which entries are not masked.

        A mask has the axes of the result, or the first axes of y_pred.
        """
        shape = self.shape(pair)
        if len(mask.shape) == len(shape) + 1 and mask.shape[-1] != 1:
            mask = extend_to(mask, len(shape) + 1, "mask", pair.y_pred.shape)
            known = mask if pair.inner is None else both(mask, pair.inner != 0)
            pair = self.hide(pair, mask, options)
            mask = ops.any(known, axis=pair.axis)
        return pair, extend_to(mask, len(shape), "mask", shape)

    def weighted(self, pair: Pair, weight: Any) -> tuple[Pair, Any]:
        """The pair, and the weight of each entry; None if the pair holds the weights already."""
        shape = self.shape(pair)
        return pair, extend_to(weight, len(shape), "sample_weight", shape)

    def ranges(self, options: Options) -> dict[str, Range]:
        """The ranges of y_true and y_pred under these options, by argument."""
        pred = None if options.get("from_logits") else self.pred
        given = {"y_true": self.true, "y_pred": pred}
        return {argument: range_ for argument, range_ in given.items() if range_ is not None}

    def counting(self, pair: Pair, keep: Tensor) -> Pair:
        """The pair, with harmless inputs in the entries that do not count."""
        return pair if keep is None or pair.coupled else self.silence(pair, keep)

    @property
    def whole_rows(self) -> bool:
        """Whether a number of y_pred out of range must make its whole row NaN; see `spread`."""
        return False

    def spread(self, pair: Pair, outside: Any) -> Tensor:
        """Where y_pred must become NaN so that the values of entries with numbers out of range become NaN."""
        return outside

    def shows_each_nan(self, pair: Pair) -> bool:
        """Whether a NaN in y_true alone, or in y_pred alone, makes all values NaN that it has part in.

        If not, numbers out of range become NaN in both tensors, for which each is read with the other.
        """
        return False

    def evaluate(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        """The values of the entries; `faster` is the `formula` of a `forms.Faster`, or None."""
        return formula(pair.y_true, pair.y_pred)

    def mean(self, formula: Callable[[Any, Any], Any], pair: Pair, faster: Any = None) -> Any:
        """The mean of all entries in one step, or None if the kind cannot compute it in one step."""
        return None

    def counted(self, found: Any, valid: Tensor) -> tuple[Any, Any]:
        """The values from the result of the formula, and which of them the mean counts."""
        return found, valid


def where(condition: Tensor, pair: Pair, otherwise: float) -> Pair:
    """The pair, with `otherwise` in both tensors where the condition is false."""
    number = ops.cast(otherwise, pair.y_pred.dtype)
    y_true, y_pred = (ops.where(condition, x, number) for x in (pair.y_true, pair.y_pred))
    return replace(pair, y_true=y_true, y_pred=y_pred)


def without_classes(pair: Pair, seen: Tensor, options: Options) -> Tensor:
    """y_pred without the masked classes: they get the probability 0, or the score -inf."""
    nothing = 0.0 if options.get("from_logits") is False else float("-inf")
    return ops.where(seen, pair.y_pred, ops.cast(nothing, pair.y_pred.dtype))
