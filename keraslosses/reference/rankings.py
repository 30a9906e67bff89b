"""Losses that see how each sample of a batch ranks the others."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.pairs_of_batch import NO_PAIRS, anchors_counted, partners, unit
from keraslosses.reference.uses import Use


def cosines_of(x: Array, references: Array | None = None) -> Array:
    return unit(x) @ unit(x if references is None else references).T


def soft_nearest_neighbors(
    y: Array,
    x: Array,
    temperature: float = 1.0,
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    others, values = x if references is None else references, np.zeros(len(x))
    near = -np.sum((x[:, None] - others[None]) ** 2, axis=-1) / temperature
    for i, p, n in partners(y, reference_labels):
        values[i] = np.logaddexp.reduce(near[i, p + n]) - np.logaddexp.reduce(near[i, p])
    return values


def fast_ap(
    y: Array,
    x: Array,
    bins: int = 10,
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    squares, values = 2 - 2 * cosines_of(x, references), np.zeros(len(x))
    edges = np.linspace(0, 4, bins + 1)[:, None]
    for i, p, n in partners(y, reference_labels):
        h, of_negatives = (
            np.sum(np.maximum(1 - np.abs(squares[i, j] - edges) * bins / 4, 0), axis=1) for j in (p, n)
        )
        up_to, all_up_to = np.cumsum(h), np.cumsum(h + of_negatives)
        some = all_up_to != 0
        values[i] = 1 - np.sum(h[some] * up_to[some] / all_up_to[some]) / len(p)
    return values


def smooth_ap(
    y: Array,
    x: Array,
    temperature: float = 0.01,
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    s, values = cosines_of(x, references) / temperature, np.zeros(len(x))

    def rank(i: int, j: int, among: list[int]) -> float:
        others = [k for k in among if k != j]
        return 1 + np.sum(1 / (1 + np.exp(s[i, j] - s[i, others])))

    for i, p, n in partners(y, reference_labels):
        positives = [i, *p] if references is None else p
        values[i] = 1 - np.mean([rank(i, j, positives) / rank(i, j, positives + n) for j in positives])
    return values


AVERAGE_PRECISION = "Retrieval judged by average precision"
ZEROS = Hard("embeddings of zeros", [5, 5, 6], np.zeros((3, 2)), gradient=np.zeros((3, 2)))
ONE_ALONE = Hard("one pair, one alone", [5, 5, 6, -1], [[3.0, 4.0], [4.0, 3.5], [0.5, 1.0], [1.0, 1.0]])
ONE_POINT = Hard("all at one point", [5, 5, 6], np.ones((3, 2)), gradient=np.zeros((3, 2)))

REFERENCES = (
    Reference(
        "SoftNearestNeighbors",
        "soft_nearest_neighbors",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        soft_nearest_neighbors,
        "Frosst et al., Analyzing and Improving Representations with the Soft Nearest Neighbor Loss, 2019, "
        "equation 1",
        task="Encoders trained by contrast",
        purpose="near neighbours of one class, by distances",
        tex=(
            r"\text{loss}_i = -\log \frac{\sum_{p \in P_i} e^{-d_{ip}^2 / t}}"
            r"{\sum_{a \in A_i} e^{-d_{ia}^2 / t}}"
        ),
        symbols=(
            "$d$: the euclidean distances of the embeddings; $t$: `temperature`; $A_i$: all samples $a$ but "
            "$i$; $P_i$: those samples $p$ of them that have the class of sample $i$"
        ),
        paper="https://arxiv.org/abs/1902.01889",
        options=({"temperature": 4.0}, {"temperature": 0.5, "across_replicas": True}),
        bad_options=(
            {"across_replicas": 1},
            {"temperature": 0.0},
        ),
        hard=(
            *NO_PAIRS,
            ONE_ALONE,
            ONE_POINT,
            Hard("far positives", [5, 5, 6], [[0.0, 0.0], [90.0, 10.0], [1.0, 0.0]]),
            Hard("far negatives", [5, 5, 6], [[0.0, 0.0], [1.0, 0.0], [3.0, 2.0]]),
        ),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                "Encoders trained by contrast",
                "Distances in a layer should tell the classes apart, and a class may have several clusters.",
                "Each class should be one cluster: `SupervisedContrastive` pulls all of a class together.",
                {"temperature": 1.0},
            ),
        ),
    ),
    Reference(
        "FastAP",
        "fast_ap",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        fast_ap,
        "Cakir et al., Deep Metric Learning to Rank, 2019, section 3",
        task=AVERAGE_PRECISION,
        purpose="1 minus the average precision, by histograms",
        tex=(
            r"\text{loss}_i = 1 - \frac{1}{n} \sum_{k=0}^{b} \frac{h_k \sum_{j=0}^{k} h_j}"
            r"{\sum_{j=0}^{k} (h_j + g_j)}"
        ),
        symbols=(
            "$h_j$, $g_j$: how many positives and how many negatives of sample $i$ are in bin $j$ of the "
            "squared distances from 0 to 4, each shared by the two nearest bins; $b$: `bins`; $k$: a bin; "
            "$n$: the number of positives"
        ),
        paper="https://doi.org/10.1109/CVPR.2019.00196",
        options=({}, {"bins": 3, "across_replicas": True}),
        bad_options=({"across_replicas": 1}, {"bins": 0}, {"bins": 2.5}),
        hard=(*NO_PAIRS, ONE_ALONE, ZEROS, ONE_POINT),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                AVERAGE_PRECISION,
                "The whole ranking of a large batch matters, and memory for all triplets is short.",
                "The gradient must tell distances within a bin apart: `SmoothAP` has no bins.",
                {"bins": 10},
            ),
        ),
    ),
    Reference(
        "SmoothAP",
        "smooth_ap",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        smooth_ap,
        "Brown et al., Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval, 2020, section 4",
        task=AVERAGE_PRECISION,
        purpose="1 minus the average precision, by sigmoids",
        tex=(
            r"\begin{align*} "
            r"\text{loss}_i &= 1 - \frac{1}{n} \sum_{j \in P_i} \frac{r_{ij}(P_i)}{r_{ij}(A)} \\ "
            r"r_{ij}(S) &= 1 + \sum_{k \in S, k \ne j} \frac{1}{1 + e^{(s_{ij} - s_{ik}) / t}} "
            r"\end{align*}"
        ),
        symbols=(
            "$s$: the cosines of the embeddings; $t$: `temperature`; $A$: all samples; $P_i$: those of the "
            "class of sample $i$, with $i$; $n$: their number; $j$, $k$: samples"
        ),
        paper="https://arxiv.org/abs/2007.12163",
        options=({"temperature": 0.1}, {"temperature": 0.5, "across_replicas": True}),
        bad_options=(
            {"across_replicas": 1},
            {"temperature": 0.0},
        ),
        hard=(*NO_PAIRS, ONE_ALONE, ZEROS, ONE_POINT),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                AVERAGE_PRECISION,
                "The average precision of a retrieval is the goal, with some hundred samples in a batch.",
                "The batches are larger: the memory grows with the third power, that of `FastAP` does not.",
                {"temperature": 0.01},
            ),
        ),
    ),
)
