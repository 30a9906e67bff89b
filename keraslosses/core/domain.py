"""Inputs that must lie in a range: probabilities, targets of yes or no, distributions.

A number that is outside by rounding counts as the bound. One further outside raises where it can be looked
at, and makes NaN of its sample elsewhere. What does not count, having weight 0 or being masked or ignored,
may hold anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend
from keraslosses.core.backend import ops
from keraslosses.core.nonfinite import nan_where
from keraslosses.core.types import Tensor

ROUNDING, ROUNDING_OF_HALF = 1e-5, 1e-3


def as_whole(floating: Any, whole: Any) -> tuple[Any, Any, Any]:
    """A type of whole numbers, and what 1 and infinity are in it."""
    return whole, *(floating(number).view(whole) for number in (1.0, np.inf))


WHOLE32, WHOLE64 = as_whole(np.float32, np.uint32), as_whole(np.float64, np.uint64)


@dataclass(frozen=True)
class Range:
    """The numbers from 0 to `high` (None: all from 0 on), and what to do about others."""

    high: float | None
    words: str
    advice: str

    def holds(self, seen: np.ndarray) -> bool:
        """Whether all numbers lie in the range exactly.

        In one pass: read as whole numbers, floats from 0 on keep their order, and those below 0 are larger.
        """
        whole, one, infinity = WHOLE64 if seen.dtype == np.float64 else WHOLE32
        return bool(seen.view(whole).max() <= (infinity if self.high is None else one))

    def outside(self, numbers: Tensor, rounding: float) -> Any:
        """Whether each number is outside by more than rounding; NaN is not."""
        below = numbers < -rounding
        return below if self.high is None else below | (numbers > self.high + rounding)

    def change(self, numbers: Tensor) -> Any:
        """What carries numbers to the nearest in the range."""
        change = ops.where(numbers < 0, -numbers, ops.zeros_like(numbers))
        return change if self.high is None else ops.where(numbers > self.high, self.high - numbers, change)


OF_PROBABILITIES = "(Logits need `from_logits=True`, or a sigmoid or softmax before the loss.)"
PROBABILITIES = Range(1.0, "hold probabilities, in [0, 1],", OF_PROBABILITIES)
# They are divided by their sum.
SHARES = Range(None, "hold probabilities, none below 0,", OF_PROBABILITIES)
TARGETS = Range(
    1.0, "lie in [0, 1]", "(A mask of 0 and 255 is to be divided by 255, and targets -1 and 1 to be 0 and 1.)"
)
DISTRIBUTIONS = Range(None, "hold distributions, with no number below 0,", "(Class -1 is no one-hot row.)")


def rounding_of(tensor: Any) -> float:
    """How far outside a number may be by rounding, in the precision in which it was given."""
    dtype = getattr(tensor, "dtype", None)
    half = dtype is not None and standardize_dtype(dtype) in ("float16", "bfloat16")
    return ROUNDING_OF_HALF if half else ROUNDING


def within(name: str, kind: Any, pair: Any, keep: Tensor, ranges: Mapping[str, Range], given: Any) -> Any:
    """The pair with its numbers within their ranges; `given` are the arguments as they came.

    Raises:
        ValueError: where a number is outside that can be looked at, and counts.
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
    """Raises for the first number outside."""
    seen = np.asarray(backend.peek(numbers))
    wrong = range_.outside(seen, rounding)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"`{argument}` must {range_.words} in {name}. Received: {argument}={seen[place]} at {place}. "
            f"{range_.advice}"
        )


def moved(numbers: Tensor, range_: Range) -> Any:
    """Numbers moved to the nearest in their range, with the gradient there."""
    return numbers + ops.stop_gradient(range_.change(numbers))


def in_the_graph(kind: Any, pair: Any, ranges: Mapping[str, Range], rounding: Any) -> Any:
    """The pair where it cannot be looked at: NaN where either of the two is outside."""
    changed = [argument for argument in ("y_true", "y_pred") if argument in ranges or argument == "y_pred"]

    def repair(*tensors: Any) -> list[Any]:
        given = dict(zip(changed, tensors, strict=True))
        wrong = [range_.outside(given[argument], rounding[argument]) for argument, range_ in ranges.items()]
        far = wrong[0] if len(wrong) == 1 else wrong[0] | wrong[1]
        made = [moved(given[a], ranges[a]) if a in ranges else given[a] for a in changed]
        undefined = ops.stop_gradient(nan_where(kind.spread(pair, far), pair.y_pred.dtype))
        return [tensor + undefined for tensor in made]

    tensors = [getattr(pair, argument) for argument in changed]
    bounds = [(getattr(pair, argument), range_.high) for argument, range_ in ranges.items()]
    return replace(pair, **dict(zip(changed, backend.repaired(repair, tensors, bounds), strict=True)))
