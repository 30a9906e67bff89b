"""What the formulas of losses over the pairs of a batch share."""

import numpy as np

from keraslosses.reference.entry import Array, Hard, Options

Indices = list[int]


def partners(y: Array) -> list[tuple[int, Indices, Indices]]:
    """The anchors that have both, with their positives and their negatives. The label -1 makes no pairs."""
    y, found = np.reshape(y, -1), []
    for i in range(len(y)):
        positives = [j for j in range(len(y)) if j != i and y[j] == y[i] != -1]
        negatives = [j for j in range(len(y)) if y[j] != y[i] and -1 not in (y[i], y[j])]
        if positives and negatives:
            found.append((i, positives, negatives))
    return found


def anchors_counted(y: Array, x: Array, **options: Options) -> tuple[Array, None]:
    """The anchors that the mean counts: those with a positive and a negative."""
    counted = np.zeros(len(x), bool)
    counted[[i for i, _, _ in partners(y)]] = True
    return counted, None


def parts_of_mean(count: int, costs: dict[int, Array]) -> Array:
    """The part of each anchor in the mean of all costs, such that the mean over the anchors is that mean."""
    values, total = np.zeros(count), sum(len(of_anchor) for of_anchor in costs.values())
    for i, of_anchor in costs.items():
        values[i] = np.sum(of_anchor) * len(costs) / total if total else 0.0
    return values


NO_PAIRS = (
    Hard("one sample", [3], [[1.0, 2.0]], gradient=[[0.0, 0.0]]),
    Hard("one class", [3, 3], [[1.0, 0.0], [0.5, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
    Hard("no two of a class", [1, 2], [[1.0, 0.0], [0.5, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
    Hard("no classes", [-1, -1], [[1.0, 0.0], [0.5, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
)
