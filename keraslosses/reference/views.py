"""Losses of two views of each sample, without labels."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.given_pairs import cosine
from keraslosses.reference.uses import Use

VIEWS = "Two views of each sample, without labels"


def negative_cosine(y: Array, x: Array, stop: str | None = "second", frozen: Any = None) -> Array:
    still = x if frozen is None else frozen
    first, second = (still if stop == view else x for view in ("first", "second"))
    return np.array([-cosine(a, b) for a, b in zip(first[:, 0], second[:, 1], strict=True)])


def still_views(y: Array, x: Array, stop: str | None = "second") -> Array:
    return x.copy()


def weights_of(weight: Any, x: Array) -> Array:
    return np.broadcast_to(np.ravel(1.0 if weight is None else weight), len(x)).astype("float64")


def barlow_twins(y: Array, x: Array, lambda_: float = 0.005, weight: Any = None) -> Array:
    weight = weights_of(weight, x)[:, None]
    a, b = (standardised(x[:, view], weight) for view in range(2))
    c = (weight * a).T @ b
    diagonal = np.diag(c)
    off_diagonal = c - np.diag(diagonal)
    return np.full(len(x), np.sum((1 - diagonal) ** 2) + lambda_ * np.sum(off_diagonal**2))


def standardised(z: Array, weight: Array) -> Array:
    """Features with mean 0 and length 1; a constant feature becomes 0."""
    centred = z - np.average(z, axis=0, weights=weight[:, 0])
    length = np.sqrt(np.sum(weight * centred**2, axis=0))
    constant = np.ptp(z, axis=0) == 0
    return np.where(constant, 0, centred / np.where(constant, 1, length))


def vicreg(
    y: Array,
    x: Array,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
    weight: Any = None,
) -> Array:
    weight = weights_of(weight, x)
    a, b = x[:, 0], x[:, 1]
    total = invariance * np.average(np.mean((a - b) ** 2, axis=1), weights=weight)
    for z in (a, b):
        matrix = np.cov(z, rowvar=False, aweights=weight).reshape(z.shape[1], z.shape[1])
        deviations = np.sqrt(np.diag(matrix) + 1e-4)
        total += variance / 2 * np.mean(np.maximum(1 - deviations, 0))
        total += covariance * (np.sum(matrix**2) - np.sum(np.diag(matrix) ** 2)) / len(matrix)
    return np.full(len(x), total)


# Two views of three samples with two features. In the second case, a feature of one view is constant, and the
# others agree with themselves only.
VARIED = np.array([[[1.0, 0.5], [2.0, 1.0]], [[0.0, 1.5], [0.5, 3.0]], [[2.0, 0.0], [2.5, 2.0]]])
CONSTANT = [[[1.0, 0.3], [1.0, 1.0]], [[-1.0, 0.3], [-1.0, 1.0]], [[0.0, 0.3], [0.0, -2.0]]]

REFERENCES = (
    Reference(
        "NegativeCosine",
        "negative_cosine",
        "similarity",
        kinds.VIEWS,
        negative_cosine,
        "Chen and He, Exploring Simple Siamese Representation Learning, 2021, equations 1 to 4",
        task=VIEWS,
        purpose="the angle between two views",
        tex=r"\text{loss} = -\frac{a \cdot b}{\lVert a \rVert \lVert b \rVert}",
        symbols=(
            r"$a$, $b$: the two views; $\lVert a \rVert$: the length of $a$, at least $10^{-7}$; `stop` "
            "names the view that is constant in the gradient, $b$ by default"
        ),
        paper="https://arxiv.org/abs/2011.10566",
        options=({}, {"stop": "first"}, {"stop": None}),
        bad_options=({"stop": "both"}, {"stop": 1}),
        frozen=still_views,
        hard=(
            Hard("equal views", [0], [[[3.0, 4.0]] * 2], gradient=np.zeros((1, 2, 2))),
            Hard("opposite views", [0], [[[3.0, 4.0], [-3.0, -4.0]]], gradient=np.zeros((1, 2, 2))),
            Hard("a view of zeros", [0], [[[0.0, 0.0], [3.0, 4.0]]], gradient=np.zeros((1, 2, 2))),
            Hard("views of length 1e25", [0], [[[3e25, 4e25], [4e25, 3e25]]], gradient=np.zeros((1, 2, 2))),
            Hard("views of length 1e-5", [0], [[[3e-5, 4e-5], [4e-5, 3e-5]]]),
        ),
        uses=(
            Use(
                VIEWS,
                "A small network predicts one view from the other, as in SimSiam and BYOL.",
                "There is no such network: all embeddings may become the same.",
            ),
        ),
    ),
    Reference(
        "BarlowTwins",
        "barlow_twins",
        "similarity",
        kinds.VIEWS_OF_A_BATCH,
        barlow_twins,
        "Zbontar et al., Barlow Twins: Self-Supervised Learning via Redundancy Reduction, 2021, equations 1 "
        "and 2",
        task=VIEWS,
        purpose="features that do not repeat each other",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \sum_i (1 - C_{ii})^2 + \lambda \sum_i \sum_{j \ne i} C_{ij}^2 \\ "
            r"C_{ij} &= \frac{\sum_k a_{ki} b_{kj}}{\sqrt{\sum_k a_{ki}^2} \sqrt{\sum_k b_{kj}^2}} "
            r"\end{align*}"
        ),
        symbols=(
            r"$a$, $b$: the two views, each feature minus its mean over the batch; $k$: a sample; $i$, $j$: "
            r"features; $\lambda$: `lambda_`"
        ),
        paper="https://arxiv.org/abs/2103.03230",
        options=({}, {"lambda_": 0.5}),
        bad_options=({"lambda_": -0.1}, {"lambda_": None}),
        hard=(
            Hard("a constant feature", [0, 0, 0], CONSTANT, gradient=np.zeros((3, 2, 2))),
            Hard("features near 1e4", [0, 0, 0], 8 * VARIED + 1e4),
            Hard("features of 1e25", [0, 0, 0], 1e25 * VARIED),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                VIEWS,
                "Both views go through one network, and its features should not repeat each other.",
                "The batch is small: correlations over few samples are noise.",
            ),
        ),
    ),
    Reference(
        "VICReg",
        "vicreg",
        "similarity",
        kinds.VIEWS_OF_A_BATCH,
        vicreg,
        "Bardes et al., VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning, "
        "2022, equations 1 to 6, as in their code",
        task=VIEWS,
        purpose="near views, features that vary",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \lambda \frac{1}{nd} \sum_{k=1}^{n} \sum_{i=1}^{d} (x_{ki} - y_{ki})^2 "
            r"+ \frac{\mu}{2} (v(x) + v(y)) + \nu (c(x) + c(y)) \\ "
            r"v(z) &= \frac{1}{d} \sum_{i=1}^{d} \max\left(1 - \sqrt{V_{ii}(z) + 10^{-4}}, 0\right) \\ "
            r"c(z) &= \frac{1}{d} \sum_{i=1}^{d} \sum_{j \ne i} V_{ij}(z)^2 "
            r"\end{align*}"
        ),
        symbols=(
            r"$x$, $y$: the two views of $n$ samples $k$ with $d$ features $i$, $j$; $V(z)$: the covariances "
            r"of the features, divided by $n - 1$; $\lambda$: `invariance`; $\mu$: `variance`; $\nu$: "
            "`covariance`"
        ),
        paper="https://arxiv.org/abs/2105.04906",
        options=({}, {"invariance": 1.0, "variance": 2.0, "covariance": 0.5}),
        bad_options=({"invariance": -1.0}, {"variance": float("inf")}, {"covariance": "small"}),
        hard=(
            Hard("a constant feature", [0, 0, 0], CONSTANT),
            Hard("equal samples", [0, 0, 0], [[[0.5, 0.25]] * 2] * 3, gradient=np.zeros((3, 2, 2))),
            Hard("features near 1e4", [0, 0, 0], 8 * VARIED + 1e4),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                VIEWS,
                "As `BarlowTwins`, and the views may also differ in scale or come from two networks.",
                "The vectors are normalised to length 1: then no feature can have a variance of 1.",
            ),
        ),
    ),
)
