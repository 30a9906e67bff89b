"""Losses over all pairs of a batch of embeddings."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Options, Reference
from keraslosses.reference.uses import Use

Indices = list[int]


def distance_of(x: Array, distance: str) -> Array:
    if distance == "cosine":
        unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-7)
        return 1 - unit @ unit.T
    squares = np.sum((x[:, None] - x[None]) ** 2, axis=-1)
    return squares if distance == "squared_euclidean" else np.sqrt(squares)


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


def semihard_negative(positive: float, negatives: Array) -> float:
    farther = negatives[~(negatives <= positive)]
    return np.min(farther) if len(farther) else np.max(negatives)


def triplet(
    y: Array,
    x: Array,
    margin: float = 1.0,
    distance: str = "euclidean",
    mining: str = "semihard",
    soft: bool = False,
) -> Array:
    d, costs = distance_of(x, distance), {}

    def cost(near: Array, far: Array) -> Array:
        return np.logaddexp(0, near - far) if soft else np.maximum(near - far + margin, 0)

    for i, p, n in partners(y):
        positives, negatives = d[i, p], d[i, n]
        if mining == "hard":
            costs[i] = cost(np.max(positives, keepdims=True), np.min(negatives))
        elif mining == "all":
            costs[i] = cost(positives[:, None], negatives).reshape(-1)
            costs[i] = costs[i][~(costs[i] <= 0)]
        else:
            if mining == "easy_positive":
                positives = np.min(positives, keepdims=True)
            costs[i] = cost(positives, np.array([semihard_negative(one, negatives) for one in positives]))
    return parts_of_mean(len(x), costs)


APART = [[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [6.0, 8.0]]
NO_PAIRS = (
    Hard("one sample", [3], [[1.0, 2.0]], gradient=[[0.0, 0.0]]),
    Hard("one class", [3, 3], [[1.0, 0.0], [0.5, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
    Hard("no two of a class", [1, 2], [[1.0, 0.0], [0.5, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
    Hard("no classes", [-1, -1], [[1.0, 0.0], [0.5, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
)
NEAR = [[1.0, 2.0, 3.0], [1.0, 2.001, 3.0], [1.0, 2.0, 3.0025]]

REFERENCES = (
    Reference(
        "Triplet",
        "triplet",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        triplet,
        "Schroff et al., FaceNet, 2015, equation 3; Hermans et al., In Defense of the Triplet Loss for "
        "Person Re-Identification, 2017, equations 5 and 7",
        task="Retrieval and embeddings",
        purpose="nearer to its class than to others, by a margin",
        tex=(
            r"\text{loss} = \frac{1}{t} \sum_{(a, p, n)} "
            r"\max\left(d(x_a, x_p) - d(x_a, x_n) + m, 0\right)"
        ),
        symbols=(
            "$x$: the embeddings; $d$: `distance`; $m$: `margin`; $t$: the number of the triplets that "
            "`mining` chooses, of an anchor $a$, a positive $p$ of its class and a negative $n$ of another class; `soft`: "
            r"$\log(1 + e^{d(x_a, x_p) - d(x_a, x_n)})$ in place of the maximum"
        ),
        paper="https://arxiv.org/abs/1503.03832",
        options=(
            {},
            {"mining": "hard", "margin": 0.3, "distance": "cosine"},
            {"mining": "all", "distance": "squared_euclidean", "margin": 5.0},
            {"mining": "easy_positive", "soft": True},
            {"mining": "all", "soft": True},
        ),
        bad_options=({"margin": "wide"}, {"distance": "taxi"}, {"mining": "easy"}, {"soft": 1}),
        hard=(
            *NO_PAIRS,
            Hard("one pair, one alone", [5, 5, 6, -1], APART),
            Hard("a gap of 300", [5, 5, 6, 6], [[0.0], [300.0], [1.0], [301.5]], {"soft": True}),
            Hard("near embeddings", [5, 5, 6], NEAR, {"margin": 2e-3}),
            Hard("near embeddings, all triplets", [5, 5, 6], NEAR, {"margin": 2e-3, "mining": "all"}),
            Hard(
                "all at one point",
                [5, 5, 6],
                [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]],
                gradient=[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
            ),
            Hard("embeddings of length 1e15", [5, 5, 6], [[1e15, 0.0], [2e15, 1e15], [0.0, 3e15]]),
        ),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                "Retrieval and embeddings",
                "You have class labels, and want a margin that is a distance between embeddings.",
                "The loss soon reaches 0 because few triplets break the margin: `Circle` goes on.",
                {"margin": 1.0, "mining": "semihard"},
            ),
        ),
    ),
)
