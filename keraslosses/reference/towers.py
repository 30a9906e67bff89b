"""Losses of two towers: two vectors for each sample."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Options, Reference
from keraslosses.reference.uses import Use


def n_pairs(y: Array, x: Array, regularization: float = 0.0, across_replicas: bool = False) -> Array:
    y, values = np.reshape(y, -1), np.zeros(len(x))
    known = [i for i in range(len(y)) if y[i] != -1]
    for i in known:
        same = [j for j in known if y[j] == y[i]]
        if len(same) < len(known):
            scores = {j: x[i, 0] @ x[j, 1] for j in known}
            picked = np.mean([scores[j] for j in same]) - np.logaddexp.reduce(list(scores.values()))
            values[i] = regularization * (x[i, 0] @ x[i, 0] + x[i, 1] @ x[i, 1]) / 2 - picked
    return values


def with_another_class(y: Array, x: Array, **options: Options) -> tuple[Array, None]:
    y = np.reshape(y, -1)
    return (y != -1) & (len(np.unique(y[y != -1])) > 1), None


def info_nce(
    y: Array,
    x: Array,
    temperature: float = 0.07,
    symmetric: bool = True,
    normalize: bool = True,
    negatives: bool = False,
    chunk_size: int | None = None,
    across_replicas: bool = False,
) -> Array:
    if normalize:
        x = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-7)
    first, second, own = x[:, 0], x[:, 1], x[:, 2:]
    values, rows = np.zeros(len(x)), range(len(x))
    for i in rows if len(x) > 1 or negatives else ():
        forth = [first[i] @ other / temperature for other in [*second, *own[i]]]
        back = [second[i] @ other / temperature for other in first]
        values[i] = np.logaddexp.reduce(forth) - forth[i]
        if symmetric and len(x) > 1:
            values[i] = (values[i] + np.logaddexp.reduce(back) - back[i]) / 2
        elif symmetric:
            values[i] = values[i] / 2
    return values


def with_another(y: Array, x: Array, negatives: bool = False, **options: Options) -> tuple[Array, None]:
    return np.full(len(x), len(x) > 1 or negatives), None


TWO_TOWERS = "Two towers: texts with images, queries with documents"
ZEROS = Hard("vectors of zeros", [0, 1], np.zeros((2, 2, 2)), gradient=np.zeros((2, 2, 2)))
LONG = [[[9.0, 90.0], [50.0, -20.0]], [[1.0, 0.0], [70.0, 0.0]], [[30.0, 0.0], [1.0, 50.0]]]

REFERENCES = (
    Reference(
        "InfoNCE",
        "info_nce",
        "embedding",
        kinds.UNLABELED_TOWERS,
        info_nce,
        "Oord et al., Representation Learning with Contrastive Predictive Coding, 2018, equation 4; Radford "
        "et al., Learning Transferable Visual Models From Natural Language Supervision, 2021, figure 3",
        task=TWO_TOWERS,
        purpose="the pairs of a batch find each other, as in CLIP",
        tex=(
            r"\text{loss}_i = \frac{1}{2} \left(-\log \frac{e^{s_{ii} / t}}{\sum_{j=1}^{n} e^{s_{ij} / t}} "
            r"- \log \frac{e^{s_{ii} / t}}{\sum_{j=1}^{n} e^{s_{ji} / t}}\right)"
        ),
        symbols=(
            "$s_{ij}$: the cosine of the first vector of sample $i$ and the second one of sample $j$; "
            "without `normalize` their scalar product; $t$: `temperature`; $n$: the number of samples; "
            "without `symmetric`, the first logarithm is the loss; with `negatives`, the first sum also has "
            "the negatives of sample $i$"
        ),
        paper="https://arxiv.org/abs/1807.03748",
        options=(
            {},
            {"temperature": 0.5, "negatives": True, "chunk_size": 2},
            {"temperature": 2.0, "symmetric": False, "normalize": False, "across_replicas": True},
        ),
        bad_options=(
            {"across_replicas": 1},
            {"temperature": 0.0},
            {"symmetric": 1},
            {"normalize": 1},
            {"negatives": 3},
            {"chunk_size": 0.5},
        ),
        hard=(
            ZEROS,
            Hard("one sample", [0], [[[1.0, 2.0], [3.0, 4.0]]], gradient=np.zeros((1, 2, 2))),
            Hard(
                "one sample with negatives", [0], [[[1.0, 2.0], [3.0, 4.0], [1.0, 0.0]]], {"negatives": True}
            ),
            Hard(
                "opposite vectors",
                [0, 1],
                [[[1.0, 0.0], [-1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]],
                {"temperature": 0.01},
            ),
        ),
        laws=frozenset({"non_negative"}),
        counting=with_another,
        uses=(
            Use(
                TWO_TOWERS,
                "Each sample has two sides, such as a text and an image, and no class labels.",
                "Samples of a batch may belong together: `NPairs` reads their classes.",
                {"temperature": 0.07},
            ),
        ),
    ),
    Reference(
        "NPairs",
        "n_pairs",
        "embedding",
        kinds.TOWERS,
        n_pairs,
        "Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss Objective, 2016, section 3.2",
        task=TWO_TOWERS,
        purpose="anchors pick the positives of their class",
        tex=(
            r"\text{loss}_i = -\frac{1}{n} \sum_{p \in P_i} \log \frac{e^{a_i \cdot b_p}}"
            r"{\sum_{j=1}^{m} e^{a_i \cdot b_j}} + \frac{r}{2} \left(a_i \cdot a_i + b_i \cdot b_i\right)"
        ),
        symbols=(
            "$a_i$, $b_i$: the two vectors of sample $i$; $P_i$: the samples $p$ of its class; $n$: their "
            "number; $m$: the number of all samples $j$; $r$: `regularization`"
        ),
        options=({}, {"regularization": 0.02, "across_replicas": True}),
        bad_options=(
            {"across_replicas": 1},
            {"regularization": -0.1},
        ),
        hard=(
            ZEROS,
            Hard("one sample", [0], [[[1.0, 2.0], [3.0, 4.0]]], gradient=np.zeros((1, 2, 2))),
            Hard("one class", [4, 4], [[[1.0, 2.0], [3.0, 4.0]]] * 2, gradient=np.zeros((2, 2, 2))),
            Hard("no classes", [-1, -1], [[[1.0, 2.0], [3.0, 4.0]]] * 2, gradient=np.zeros((2, 2, 2))),
            Hard("long vectors", [0, 1, 0], LONG),
        ),
        laws=frozenset({"non_negative"}),
        counting=with_another_class,
        uses=(
            Use(
                TWO_TOWERS,
                "Each sample has an anchor and a positive, and a class that other samples may share.",
                "The vectors grow without end: `InfoNCE` compares directions only.",
                {"regularization": 0.002},
            ),
        ),
    ),
)
