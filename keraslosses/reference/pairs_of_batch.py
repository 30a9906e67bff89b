"""What the formulas of losses over the pairs of a batch share."""

import numpy as np

from keraslosses.reference.entry import Array, Hard, Options

Indices = list[int]


def partners(y: Array, reference_labels: Array | None = None) -> list[tuple[int, Indices, Indices]]:
    """The anchors that have both, with their positives and their negatives. The label -1 makes no pairs.

    They are numbers of references. Without another set, these are the other anchors.
    """
    y, found = np.reshape(y, -1), []
    others = y if reference_labels is None else np.reshape(reference_labels, -1)
    for i in range(len(y)):
        candidates = [j for j in range(len(others)) if j != i or reference_labels is not None]
        positives = [j for j in candidates if others[j] == y[i] != -1]
        negatives = [j for j in candidates if others[j] != y[i] and -1 not in (y[i], others[j])]
        if positives and negatives:
            found.append((i, positives, negatives))
    return found


def anchors_counted(
    y: Array, x: Array, reference_labels: Array | None = None, **options: Options
) -> tuple[Array, None]:
    """The anchors that the mean counts: those with a positive and a negative."""
    counted = np.zeros(len(x), bool)
    counted[[i for i, _, _ in partners(y, reference_labels)]] = True
    return counted, None


def unit(x: Array) -> Array:
    """The vectors divided by their length, or by 1e-7 if it is smaller."""
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-7)


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
