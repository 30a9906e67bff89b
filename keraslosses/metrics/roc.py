"""Points of the ROC curve of very many scores, exact, without a list of all scores.

The scores are unsigned integers in the order of the scores. They are counted by their first 16 bits. In the
bin that holds the wanted point, they are counted by the next 16 bits, and so on.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from keraslosses.metrics.embedding_set import Array

BITS = 16
BINS = 2**BITS


class Scored(NamedTuple):
    """Some scores as ordered integers, which of them are of pairs that are alike, and their weights."""

    keys: Array
    alike: Array
    weights: Array


class Point(NamedTuple):
    """The share of the different pairs that are accepted, and that of the pairs that are alike."""

    false_accepts: float
    true_accepts: float


def around(
    scored: Callable[[], Iterable[Scored]], bits: int, beyond: Callable[[Any, Any], Any]
) -> tuple[Point, Point] | None:
    """The last point of the curve that is not `beyond`, and the next one; None if a kind of pairs is missing.

    The curve begins at (0, 0) and goes to (1, 1) as the threshold falls. `beyond` tells for shares of false
    and true accepts whether a point lies beyond the wanted place. It is true for all points after the first,
    and leaves room for the rounding of sums, which each pass adds in another order. `scored` gives all
    scores, each time that it is called. If no point is beyond, both are the last point.
    """
    before, prefix = np.zeros(2), None
    for shift in range(bits - BITS, -1, -BITS):
        counts = counted(scored(), shift, prefix)
        if prefix is None:
            totals = counts.sum(axis=1)
        if not totals.all():
            return None
        after = before[:, None] + np.cumsum(counts, axis=1)
        is_beyond = beyond(*(after / totals[:, None]))
        if not is_beyond.any():
            return Point(1.0, 1.0), Point(1.0, 1.0)
        place = int(np.argmax(is_beyond))
        before = after[:, place - 1] if place else before
        prefix = ((prefix or 0) << BITS) | (BINS - 1 - place)
    return Point(*(before / totals)), Point(*(after[:, place] / totals))


def counted(scored: Iterable[Scored], shift: int, prefix: int | None) -> Array:
    """The weights of different pairs and of pairs alike, `(2, BINS)`, by 16 bits of the score.

    The highest scores come first. Only scores count whose bits before these are the prefix, if there is one.
    """
    counts = np.zeros(2 * BINS)
    for keys, alike, weights in scored:
        bins = (keys >> keys.dtype.type(shift)) & keys.dtype.type(BINS - 1)
        bins = bins.astype("int64") + BINS * alike
        if prefix is not None:
            inside = (keys >> keys.dtype.type(shift + BITS)) == prefix
            bins, weights = bins[inside], weights[inside]
        counts += np.bincount(bins, weights, 2 * BINS)
    return counts.reshape(2, BINS)[:, ::-1]
