"""Losses over the similarities of all pairs of a batch of embeddings."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.pairs_of_batch import NO_PAIRS, anchors_counted, partners, parts_of_mean, unit
from keraslosses.reference.uses import Use


def similarity_of(x: Array, temperature: float, normalize: bool, references: Array | None = None) -> Array:
    others = x if references is None else references
    return (unit(x) @ unit(others).T if normalize else x @ others.T) / temperature


def supervised_contrastive(
    y: Array,
    x: Array,
    temperature: float = 0.1,
    normalize: bool = True,
    chunk_size: int | None = None,
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    s, values = similarity_of(x, temperature, normalize, references), np.zeros(len(x))
    for i, p, n in partners(y, reference_labels):
        values[i] = -np.mean(s[i, p] - np.logaddexp.reduce(s[i, p + n]))
    return values


def nt_xent(
    y: Array,
    x: Array,
    temperature: float = 0.5,
    normalize: bool = True,
    chunk_size: int | None = None,
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    s, costs = similarity_of(x, temperature, normalize, references), {}
    for i, p, n in partners(y, reference_labels):
        costs[i] = np.array([np.logaddexp.reduce([s[i, j], *s[i, n]]) - s[i, j] for j in p])
    return parts_of_mean(len(x), costs)


def multi_similarity(
    y: Array,
    x: Array,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 1.0,
    epsilon: float | None = 0.1,
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    s, values = x @ (x if references is None else references).T, np.zeros(len(x))
    for i, p, n in partners(y, reference_labels):
        positives, negatives = s[i, p], s[i, n]
        if epsilon is not None:
            positives = positives[~(positives - epsilon >= np.max(s[i, n]))]
            negatives = negatives[~(negatives + epsilon <= np.min(s[i, p]))]
        pull = np.logaddexp.reduce([0.0, *(-alpha * (positives - base))]) / alpha
        push = np.logaddexp.reduce([0.0, *(beta * (negatives - base))]) / beta
        values[i] = pull + push
    return values


CONTRAST = "Encoders trained by contrast"
ALL_PAIRS = "Embeddings by all pairs of a batch"
TEMPERATURES = ({"temperature": 0.0}, {"normalize": 1})
DIRECTIONS = (
    Hard("one pair, one alone", [5, 5, 6, -1], [[3.0, 4.0], [4.0, 3.0], [0.0, 1.0], [1.0, 1.0]]),
    Hard("opposite embeddings", [5, 5, 6], [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], {"temperature": 0.01}),
    Hard("embeddings of zeros", [5, 5, 6], np.zeros((3, 2)), gradient=np.zeros((3, 2))),
)

REFERENCES = (
    Reference(
        "SupervisedContrastive",
        "supervised_contrastive",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        supervised_contrastive,
        "Khosla et al., Supervised Contrastive Learning, 2020, equation 2",
        task=CONTRAST,
        purpose="those of its class out of all others of the batch",
        tex=(
            r"\text{loss}_i = -\frac{1}{n} \sum_{p \in P_i} \log \frac{e^{s_{ip} / t}}"
            r"{\sum_{a \in A_i} e^{s_{ia} / t}}"
        ),
        symbols=(
            "$s$: the cosines of the embeddings, or their scalar products without `normalize`; $t$: "
            "`temperature`; $A_i$: all samples $a$ but $i$; $P_i$: those samples $p$ of them that have the "
            "class of sample $i$; $n$: their number"
        ),
        paper="https://arxiv.org/abs/2004.11362",
        options=(
            {},
            {"temperature": 1.5, "normalize": False},
            {"temperature": 0.4, "chunk_size": 3, "across_replicas": True},
        ),
        bad_options=({"across_replicas": 1}, *TEMPERATURES, {"chunk_size": 0}),
        hard=(*NO_PAIRS, *DIRECTIONS),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                CONTRAST,
                "You have class labels and large batches, and train an encoder before a classifier.",
                "The batches are small: then few negatives stand in the softmax.",
                {"temperature": 0.1},
            ),
        ),
    ),
    Reference(
        "NTXent",
        "nt_xent",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        nt_xent,
        "Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020, "
        "equation 1",
        task=CONTRAST,
        purpose="two views of a sample out of all others of the batch",
        tex=(
            r"\text{loss} = -\frac{1}{n} \sum_{(i, p)} \log \frac{e^{s_{ip} / t}}"
            r"{e^{s_{ip} / t} + \sum_{k \in N_i} e^{s_{ik} / t}}"
        ),
        symbols=(
            "$s$: the cosines of the embeddings, or their scalar products without `normalize`; $t$: "
            "`temperature`; $(i, p)$: the pairs of one class; $n$: their number; $N_i$: the samples $k$ of "
            "other classes than $i$"
        ),
        paper="https://arxiv.org/abs/2002.05709",
        options=(
            {},
            {"temperature": 1.5, "normalize": False},
            {"temperature": 0.4, "chunk_size": 3, "across_replicas": True},
        ),
        bad_options=({"across_replicas": 1}, *TEMPERATURES, {"chunk_size": 0}),
        hard=(*NO_PAIRS, *DIRECTIONS),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                CONTRAST,
                "You have two or more views of each sample, with or without class labels.",
                "The classes have many samples: `SupervisedContrastive` compares all of a class at once.",
                {"temperature": 0.5},
            ),
        ),
    ),
    Reference(
        "MultiSimilarity",
        "multi_similarity",
        "embedding",
        kinds.UNIT_EMBEDDING_PAIRS,
        multi_similarity,
        "Wang et al., Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning, 2019, "
        "section 4.2",
        task=ALL_PAIRS,
        purpose="hard pairs first, by how they compare with the others",
        tex=(
            r"\text{loss}_i = \frac{1}{\alpha} \log\left(1 + \sum_{p \in P_i} e^{-\alpha (s_{ip} - b)}\right)"
            r" + \frac{1}{\beta} \log\left(1 + \sum_{n \in N_i} e^{\beta (s_{in} - b)}\right)"
        ),
        symbols=(
            r"$s$: the scalar products of the embeddings; $\alpha$: `alpha`; $\beta$: `beta`; $b$: `base`; "
            "$P_i$: the samples $p$ of the class of sample $i$, less similar than the most similar negative "
            "plus `epsilon`; $N_i$: the samples $n$ of other classes, more similar than the least similar "
            "positive minus `epsilon`"
        ),
        paper="https://arxiv.org/abs/1904.06627",
        options=(
            {},
            {"epsilon": None, "beta": 10.0, "base": 0.5},
            {"epsilon": -0.2, "alpha": 1.0, "across_replicas": True},
        ),
        bad_options=(
            {"across_replicas": 1},
            {"alpha": 0.0},
            {"beta": -1.0},
            {"base": "one"},
            {"epsilon": "none"},
        ),
        hard=(
            *NO_PAIRS,
            Hard("no hard pair", [5, 5, 6], [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]),
            Hard("opposite embeddings", [5, 5, 6], [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]),
        ),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                ALL_PAIRS,
                "You have class labels, and the loss should go on where a triplet loss has reached 0.",
                "The embeddings are not of length 1: the loss does not normalise them.",
                {"alpha": 2.0, "beta": 50.0},
            ),
        ),
    ),
)
