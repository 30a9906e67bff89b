"""The references of a query in the order of their scores, with ties, and what is expected at each place.

References with equal scores may come in any order. A metric counts its mean over all these orders.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from keraslosses.metrics.embedding_set import Array, Block, ordered

ONE = np.uint64(1)


class Place(NamedTuple):
    """A place in the order of each query, from 0, in its group of references with equal scores.

    `begin` is the first place of the group, `size` its number of references, and `alike` how many of these
    have the query's label. `before` is how many such references come before the group.
    """

    number: Any
    begin: Array
    size: Array
    alike: Array
    before: Array


class Neighbours(NamedTuple):
    """The nearest references of some queries, in groups of equal scores.

    `begin` and `end` are those of the group at each place, and `counts` tells how many references before a
    place have the query's label, `(queries, places + 1)`. The last group may end behind the last place:
    `in_last` is how many in it have the label. `relevant` is how many of all references have it.
    """

    begin: Array
    end: Array
    counts: Array
    in_last: Array
    relevant: Array

    @classmethod
    def of(cls, block: Block, same_set: bool, depth: Callable[[Array], int]) -> "Neighbours":
        """With `same_set`, the references are the set of the queries, and none is compared with itself.

        `depth` tells how many nearest references are needed, by the number of relevant ones.
        """
        keys = (ordered(block.scores).astype("uint64") << ONE) | block.alike
        relevant = block.alike.sum(axis=1) - same_set
        if same_set:
            rows = np.arange(len(keys))
            keys[rows, block.place + rows] = 0
        count = min(depth(relevant), keys.shape[1] - same_set)
        nearest = np.partition(keys, keys.shape[1] - count, axis=1)[:, keys.shape[1] - count :]
        nearest = np.sort(nearest, axis=1)[:, ::-1]
        alike, groups = (nearest & ONE).astype("int64"), nearest >> ONE
        counts = np.concatenate([np.zeros((len(keys), 1), "int64"), np.cumsum(alike, axis=1)], axis=1)
        begin, end = bounds(groups)
        in_last = (keys >> ONE) == groups[:, -1:]
        end = np.where(groups == groups[:, -1:], begin + in_last.sum(axis=1, keepdims=True), end)
        return cls(begin, end, counts, (in_last & block.alike).sum(axis=1, keepdims=True), relevant)

    def at(self, numbers: Array) -> Place:
        """The places `(queries, any)`."""
        begin, end = (np.take_along_axis(x, numbers, axis=1) for x in (self.begin, self.end))
        places = self.begin.shape[1]
        before, behind = (np.take_along_axis(self.counts, np.minimum(x, places), 1) for x in (begin, end))
        is_last = begin == self.begin[:, -1:]
        return Place(numbers, begin, end - begin, np.where(is_last, self.in_last, behind - before), before)


def bounds(groups: Array) -> tuple[Array, Array]:
    """Where the group of equal numbers begins and ends, for each place of rows that are sorted."""
    places = np.arange(groups.shape[1])
    differs = groups[:, 1:] != groups[:, :-1]
    edge = np.ones((len(groups), 1), bool)
    begin = np.maximum.accumulate(np.where(np.concatenate([edge, differs], axis=1), places, 0), axis=1)
    last = np.where(np.concatenate([differs, edge], axis=1), places + 1, len(places))
    return begin, np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
