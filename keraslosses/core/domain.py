"""Inputs that must lie in a range: probabilities, binary targets, distributions.

A number that is outside by a rounding error counts as the bound. A number further outside raises an error if
the values can be read. Else, as in compiled code, the value of its sample is NaN. Entries that do not count
(weight 0, masked or ignored) may hold any numbers.
"""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.types import Tensor

ROUNDING, ROUNDING_OF_HALF = 1e-5, 1e-3


def as_whole(floating: Any, whole: Any) -> tuple[Any, Any, Any]:
    """An integer dtype, and the integers with the bits of the floats 1 and infinity."""
    return whole, *(floating(number).view(whole) for number in (1.0, np.inf))


WHOLE32, WHOLE64 = as_whole(np.float32, np.uint32), as_whole(np.float64, np.uint64)


@dataclass(frozen=True)
class Range:
    """The range in which the numbers of an input must lie: from 0 to `high`.

    Args:
        high: The largest number of the range; None for a range without an upper bound.
        words: What the input must do, for the error message: the words after "must", such as
            "hold probabilities, in [0, 1],".
        advice: What the user can do about other numbers: the last sentence of the error message.
    """

    high: float | None
    words: str
    advice: str

    def holds(self, seen: np.ndarray) -> bool:
        """Whether all numbers lie in the range exactly.

        It needs one pass. Read as unsigned integers, floats of at least 0 keep their order, and negative
        floats are larger than all of them.
        """
        whole, one, infinity = WHOLE64 if seen.dtype == np.float64 else WHOLE32
        return bool(seen.view(whole).max() <= (infinity if self.high is None else one))

    def outside(self, numbers: Tensor, rounding: float) -> Any:
        """Whether each number is outside by more than a rounding error; NaN counts as inside."""
        if self.high is None:
            return numbers < -rounding
        middle = 0.5 * self.high
        return abs(numbers - middle) > middle + rounding

    def change(self, numbers: Tensor) -> Any:
        """The change that moves each number to the nearest number in the range."""
        change = ops.where(numbers < 0, -numbers, ops.zeros_like(numbers))
        return change if self.high is None else ops.where(numbers > self.high, self.high - numbers, change)


OF_PROBABILITIES = "(Logits need `from_logits=True`, or a sigmoid or softmax before the loss.)"
PROBABILITIES = Range(1.0, "hold probabilities, in [0, 1],", OF_PROBABILITIES)
# Probabilities that the loss divides by their sum, so they have no upper bound.
SHARES = Range(None, "hold probabilities, none below 0,", OF_PROBABILITIES)
TARGETS = Range(
    1.0, "lie in [0, 1]", "(Divide a mask of 0 and 255 by 255. Replace targets -1 and 1 by 0 and 1.)"
)
DISTRIBUTIONS = Range(
    None, "hold distributions, with no number below 0,", "(A class index such as -1 is not a one-hot row.)"
)
DISTANCES = Range(
    None,
    "hold distances, none below 0,",
    "(A similarity is no distance: it is large for near vectors.)",
)


def rounding_of(tensor: Any) -> float:
    """The largest rounding error of a number near its bound, for the dtype in which the user gave it."""
    dtype = getattr(tensor, "dtype", None)
    half = dtype is not None and standardize_dtype(dtype) in ("float16", "bfloat16")
    return ROUNDING_OF_HALF if half else ROUNDING


def within(name: str, kind: Any, pair: Any, keep: Tensor, ranges: Mapping[str, Range], given: Any) -> Any:
    """The pair with its numbers moved into their ranges; `given` holds the arguments of the user.

    Raises:
        ValueError: If a number that counts is outside its range, and the values can be read.
    """
    unseen = {}
    for argument, range_ in ranges.items():
        seen = backend.peek(getattr(pair, argument))
        if seen is None:
            unseen[argument] = range_
        elif seen.size and not range_.holds(seen):
            counting = getattr(kind.counting(pair, keep), argument)
            reject(name, argument, counting, range_, rounding_of(given[argument]))
            pair = replace(pair, **{argument: moved(getattr(pair, argument), range_)})
    if not unseen:
        return pair
    return in_the_graph(kind, pair, unseen, {argument: rounding_of(given[argument]) for argument in unseen})


def reject(name: str, argument: str, numbers: Tensor, range_: Range, rounding: float) -> None:
    """Raises for the first number that is outside the range."""
    seen = np.asarray(backend.peek(numbers))
    wrong = range_.outside(seen, rounding)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"`{argument}` must {range_.words} in {name}. Received: {argument}={seen[place]} at {place}. "
            f"{range_.advice}"
        )


def moved(numbers: Tensor, range_: Range) -> Tensor:
    """The numbers, moved to the nearest number in their range; their gradient is the one at that number."""
    return numbers + ops.stop_gradient(range_.change(numbers))


def in_the_graph(kind: Any, pair: Any, ranges: Mapping[str, Range], rounding: Any) -> Any:
    """The pair if its values cannot be read: NaN where y_true or y_pred is outside its range."""
    if kind.clipped and backend.CHECKS_ROWS:
        return replace(pair, broken=broken_rows(pair, ranges, rounding))
    changed = [argument for argument in ("y_true", "y_pred") if argument in ranges or argument == "y_pred"]

    def undefined(far: Any) -> Any:
        return ops.stop_gradient(backend.nan_where(kind.spread(pair, far), pair.y_pred.dtype))

    def repair(*tensors: Any) -> list[Any]:
        given = dict(zip(changed, tensors, strict=True))
        far = {a: range_.outside(given[a], rounding[a]) for a, range_ in ranges.items()}
        if kind.shows_each_nan(pair):
            nan = {argument: undefined(one) for argument, one in far.items()}
        else:
            nan = dict.fromkeys(changed, undefined(functools.reduce(operator.or_, far.values())))
        made = {a: moved(given[a], ranges[a]) if a in ranges else given[a] for a in changed}
        return [made[a] + nan[a] if a in nan else made[a] for a in changed]

    tensors = [getattr(pair, argument) for argument in changed]
    bounds = [(ranges[a].high, rounding[a]) if a in ranges else None for a in changed]
    made = backend.repaired(repair, tensors, bounds, kind.whole_rows)
    return replace(pair, **dict(zip(changed, made, strict=True)))


def broken_rows(pair: Any, ranges: Mapping[str, Range], rounding: Any) -> Any:
    """Which rows are broken, or have a number that is outside its range by more than a rounding error."""
    rows = [] if pair.broken is None else [pair.broken]
    for argument, range_ in ranges.items():
        numbers = getattr(pair, argument)
        rows.append(backend.smallest_along(numbers, pair.axis) < -rounding[argument])
        if range_.high is not None:
            rows.append(backend.largest_along(numbers, pair.axis) > range_.high + rounding[argument])
    return functools.reduce(operator.or_, rows)
