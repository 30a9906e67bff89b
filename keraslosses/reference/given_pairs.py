"""Losses of given pairs and triplets."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use

PAIRS = "Pairs or triplets that you choose"


def contrastive(y: Any, d: Any, margin: float = 1.0, squared: bool = True) -> Array:
    power = 2 if squared else 1
    y, d = (x[:, None] if x.ndim == 1 else x for x in (y, d))
    return np.mean(y * d**power + (1 - y) * np.maximum(margin - d, 0) ** power, axis=-1)


def triplet_margin(
    y: Array, x: Array, margin: float = 1.0, p: float = 2, eps: float = 1e-6, swap: bool = False
) -> Array:
    def distance(u: Array, v: Array) -> float:
        size = np.abs(u - v + eps)
        return np.max(size) if p == np.inf else np.sum(size**p) ** (1 / p)

    values = []
    for anchor, positive, negative in x:
        far = distance(anchor, negative)
        if swap:
            far = min(far, distance(positive, negative))
        values.append(max(distance(anchor, positive) - far + margin, 0.0))
    return np.array(values)


def cosine(a: Array, b: Array) -> Any:
    """The cosine of two vectors; a length below 1e-7 counts as 1e-7."""
    return a @ b / np.prod([np.maximum(np.linalg.norm(v), 1e-7) for v in (a, b)])


def cosine_embedding(y: Array, x: Array, margin: float = 0.0) -> Array:
    cosines = np.array([cosine(a, b) for a, b in x])
    return np.where(y == 1, 1 - cosines, np.maximum(cosines - margin, 0))


def margin_ranking(y: Array, x: Array, margin: float = 0.0) -> Array:
    return np.maximum(-y * (x[:, 0] - x[:, 1]) + margin, 0)


# The gradients of one pair, and of a triplet: seen from the anchor, the others lie at an angle.
STILL = np.zeros((1, 2, 2))
TURNED = [[[0.4, -0.8], [0.6, 0.8], [-1.0, 0.0]]]

REFERENCES = (
    Reference(
        "Contrastive",
        "contrastive",
        "similarity",
        kinds.PAIR_DISTANCES,
        contrastive,
        "Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006, equation 4",
        task=PAIRS,
        purpose="distances of pairs: alike or not",
        tex=(r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} y_i d_i^2 + (1 - y_i) \max(m - d_i, 0)^2"),
        symbols=(
            "$d$: the predicted distances; $y$: the target, 1 for a pair that is alike, else 0; $m$: "
            "`margin`; $n$: the size of the last axis, 1 for one pair in each row; without `squared`, no "
            "power of 2"
        ),
        options=({}, {"margin": 0.6}, {"squared": False, "margin": 1.5}),
        bad_options=({"margin": -1.0}, {"squared": 1}),
        hard=(
            Hard("distances of 0", [[1.0, 0.0]], [[0.0, 0.0]], gradient=[[0.0, -1.0]]),
            Hard(
                "distances of 0, not squared",
                [[1.0, 0.0]],
                [[0.0, 0.0]],
                {"squared": False},
                gradient=[[0.5, -0.5]],
            ),
            Hard(
                "the margin just reached, not squared",
                [[1.0, 0.0]],
                [[1.0, 1.0]],
                {"squared": False},
                gradient=[[0.5, 0.0]],
            ),
            Hard("distances of 1e4", [[1.0, 0.0]], [[1e4, 1e4]], gradient=[[1e4, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                PAIRS,
                "The model gives the distance of each pair, and you know which pairs are alike.",
                "There are labels for each sample: `Circle` finds the pairs in the batch.",
            ),
        ),
    ),
    Reference(
        "TripletMargin",
        "stacked_triplet_margin",
        "similarity",
        kinds.TRIPLETS,
        triplet_margin,
        "Balntas et al., Learning Local Feature Descriptors with Triplets and Shallow Convolutional Neural "
        "Networks, 2016",
        task=PAIRS,
        purpose="the positive nearer than the negative",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \max(d(a, b) - d(a, c) + m, 0) \\ "
            r"d(u, v) &= \left(\sum_{i=1}^{n} |u_i - v_i + \varepsilon|^p\right)^{1/p} "
            r"\end{align*}"
        ),
        symbols=(
            r"$a$, $b$, $c$: the anchor, the positive and the negative; $m$: `margin`; $p$: `p`; "
            r"$\varepsilon$: `eps`; $n$: the size of the vectors; with `swap`, the smaller one of $d(a, c)$ "
            "and $d(b, c)$ is in the place of $d(a, c)$"
        ),
        options=(
            {},
            {"swap": True, "margin": 2.0},
            {"p": 1, "margin": 0.5},
            {"p": 3.5, "eps": 0.0},
            {"p": np.inf},
        ),
        bad_options=({"margin": -0.1}, {"p": 0.5}, {"p": np.nan}, {"eps": -1.0}, {"swap": 1}),
        hard=(
            Hard("three equal vectors", [0], [[[1.0, 2.0]] * 3], {"eps": 0.0}, gradient=np.zeros((1, 3, 2))),
            Hard(
                "anchor and positive equal",
                [0],
                [[[0.0, 0.0], [0.0, 0.0], [0.3, 0.4]]],
                {"eps": 0.0},
                gradient=[[[0.6, 0.8], [0.0, 0.0], [-0.6, -0.8]]],
            ),
            Hard(
                "the margin just reached",
                [0],
                [[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]],
                {"eps": 0.0},
                gradient=np.zeros((1, 3, 2)),
            ),
            Hard(
                "as near to the anchor as to the positive",
                [0],
                [[[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]]],
                {"eps": 0.0, "swap": True},
                gradient=[[[-0.5, 0.0], [0.5, 0.0], [0.0, 0.0]]],
            ),
            Hard("vectors of length 1e25", [0], [[[0.0, 0.0], [3e25, 4e25], [1e25, 0.0]]], gradient=TURNED),
            Hard(
                "vectors of length 1e-25",
                [0],
                [[[0.0, 0.0], [3e-25, 4e-25], [1e-25, 0.0]]],
                {"eps": 0.0},
                gradient=TURNED,
            ),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                PAIRS,
                "Each row holds an anchor, something alike and something else: you choose the triplets.",
                "There are labels for each sample: `Circle` uses all pairs of a batch.",
            ),
        ),
    ),
    Reference(
        "CosineEmbedding",
        "stacked_cosine_embedding",
        "similarity",
        kinds.SIGNED_PAIRS,
        cosine_embedding,
        "torch.nn.CosineEmbeddingLoss",
        task=PAIRS,
        purpose="angles of pairs: alike or not",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \begin{cases} 1 - c & \text{if } y = 1 \\ "
            r"\max(c - m, 0) & \text{if } y = -1 \end{cases} \\ "
            r"c &= \frac{a \cdot b}{\lVert a \rVert \lVert b \rVert} "
            r"\end{align*}"
        ),
        symbols=(
            r"$a$, $b$: the two vectors; $y$: the target, 1 for a pair that is alike, else -1; $m$: "
            r"`margin`; $\lVert a \rVert$: the length of $a$, at least $10^{-7}$"
        ),
        options=({}, {"margin": 0.3}, {"margin": -0.5}),
        bad_options=({"margin": 1.5}, {"margin": "wide"}),
        hard=(
            Hard("equal vectors", [1.0, -1.0], [[[3.0, 4.0]] * 2] * 2, gradient=np.zeros((2, 2, 2))),
            Hard(
                "opposite vectors",
                [1.0, -1.0],
                [[[3.0, 4.0], [-3.0, -4.0]]] * 2,
                gradient=np.zeros((2, 2, 2)),
            ),
            Hard("the margin just reached", [-1.0], [[[1.0, 0.0], [0.0, 1.0]]], gradient=STILL),
            Hard(
                "a vector of zeros",
                [1.0, -1.0],
                [[[3.0, 4.0], [0.0, 0.0]]] * 2,
                {"margin": -0.5},
                gradient=np.zeros((2, 2, 2)),
            ),
            Hard("vectors of length 1e25", [1.0], [[[3e25, 4e25], [4e25, 3e25]]], gradient=STILL),
            Hard("vectors of length 1e-5", [1.0, -1.0], [[[3e-5, 4e-5], [4e-5, 3e-5]]] * 2),
        ),
        uses=(
            Use(
                PAIRS,
                "Each row holds two vectors, only their directions matter, and you know which are alike.",
                "Their distance matters: `Contrastive` reads the distance of each pair.",
            ),
        ),
    ),
    Reference(
        "MarginRanking",
        "stacked_margin_ranking",
        "similarity",
        kinds.RANKED_PAIRS,
        margin_ranking,
        "torch.nn.MarginRankingLoss",
        task="Which of two is better",
        purpose="of two scores, the right one is higher",
        tex=r"\text{loss} = \max(-y (a - b) + m, 0)",
        symbols=(
            "$a$, $b$: the two scores; $y$: the target, 1 if $a$ should be higher, -1 if $b$ should be; "
            "$m$: `margin`"
        ),
        options=({}, {"margin": 0.5}, {"margin": -0.5}),
        bad_options=({"margin": "wide"}, {"margin": float("inf")}),
        hard=(
            Hard("equal scores", [1.0], [[0.5, 0.5]], gradient=[[0.0, 0.0]]),
            Hard("equal scores, with a margin", [1.0], [[0.5, 0.5]], {"margin": 0.5}, gradient=[[-1.0, 1.0]]),
            Hard("the margin just reached", [-1.0], [[0.5, 1.0]], {"margin": 0.5}, gradient=[[0.0, 0.0]]),
            Hard("scores of 1e30", [1.0, -1.0], [[1e30, -1e30]] * 2, gradient=[[0.0, 0.0], [1.0, -1.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Which of two is better",
                "People compared two things, and the model should give the better one the higher score.",
                "You need a probability that the first is better: `BinaryCrossentropy` reads the difference "
                "of the scores.",
                {"margin": 0.5},
            ),
        ),
    ),
)
