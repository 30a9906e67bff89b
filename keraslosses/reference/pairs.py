"""Losses over all pairs of a batch of embeddings."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.pairs_of_batch import NO_PAIRS, anchors_counted, partners, parts_of_mean
from keraslosses.reference.uses import Use


def distance_of(x: Array, distance: str) -> Array:
    if distance == "cosine":
        unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-7)
        return 1 - unit @ unit.T
    squares = np.sum((x[:, None] - x[None]) ** 2, axis=-1)
    return squares if distance == "squared_euclidean" else np.sqrt(squares)


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
            "`mining` chooses, of an anchor $a$, a positive $p$ of its class and a negative $n$ of another "
            "class; `soft`: "
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
                "The loss soon reaches 0 because few triplets break the margin: `MultiSimilarity` goes on.",
                {"margin": 1.0, "mining": "semihard"},
            ),
        ),
    ),
)
