"""Losses over all pairs of a batch of embeddings."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Options, Reference
from keraslosses.reference.pairs_of_batch import NO_PAIRS, anchors_counted, partners, parts_of_mean, unit
from keraslosses.reference.uses import Use

Pair = tuple[int, int]


def distance_of(x: Array, distance: str, references: Array | None = None) -> Array:
    others = x if references is None else references
    if distance == "cosine":
        return 1 - unit(x) @ unit(others).T
    squares = np.sum((x[:, None] - others[None]) ** 2, axis=-1)
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
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    d, costs = distance_of(x, distance, references), {}

    def cost(near: Array, far: Array) -> Array:
        return np.logaddexp(0, near - far) if soft else np.maximum(near - far + margin, 0)

    for i, p, n in partners(y, reference_labels):
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


def pairs_of(y: Array, reference_labels: Array | None = None) -> tuple[list[Pair], list[Pair]]:
    """The pairs of one class and those of two classes; of a set with itself in both orders."""
    y = np.reshape(y, -1)
    others = y if reference_labels is None else np.reshape(reference_labels, -1)
    every = [(i, j) for i in range(len(y)) for j in range(len(others)) if -1 not in (y[i], others[j])]
    every = [(i, j) for i, j in every if i != j or reference_labels is not None]
    return [(i, j) for i, j in every if y[i] == others[j]], [(i, j) for i, j in every if y[i] != others[j]]


def in_a_pair(
    y: Array, x: Array, reference_labels: Array | None = None, **options: Options
) -> tuple[Array, None]:
    counted = np.zeros(len(x), bool)
    counted[[i for pairs in pairs_of(y, reference_labels) for i, _ in pairs]] = True
    return counted, None


def pair_contrastive(
    y: Array,
    x: Array,
    positive_margin: float = 0.0,
    negative_margin: float = 1.0,
    distance: str = "euclidean",
    references: Array | None = None,
    reference_labels: Array | None = None,
    across_replicas: bool = False,
) -> Array:
    d, values = distance_of(x, distance, references), np.zeros(len(x))
    for pairs, excess in zip(
        pairs_of(y, reference_labels), (d - positive_margin, negative_margin - d), strict=True
    ):
        above = [pair for pair in pairs if not excess[pair] <= 0]
        for i, j in above:
            values[i] += excess[i, j] / len(above)
    return values * np.sum(in_a_pair(y, x, reference_labels)[0])


def lifted_structure(
    y: Array, x: Array, margin: float = 1.0, distance: str = "euclidean", across_replicas: bool = False
) -> Array:
    d, costs = distance_of(x, distance), {}
    negatives_of = {i: negatives for i, _, negatives in partners(y)}
    for i, p, _ in partners(y):
        excess = []
        for j in p:
            both = [margin - d[k, n] for k in (i, j) for n in negatives_of[k]]
            excess.append(np.maximum(np.logaddexp.reduce(both) + d[i, j], 0))
        costs[i] = np.square(excess) / 2
    return parts_of_mean(len(x), costs)


APART = [[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [6.0, 8.0]]
NEAR = [[1.0, 2.0, 3.0], [1.0, 2.001, 3.0], [1.0, 2.0, 3.0025]]
ONE_POINT = Hard("all at one point", [5, 5, 6], np.ones((3, 2)), gradient=np.zeros((3, 2)))
LARGE = Hard("embeddings of length 1e15", [5, 5, 6], [[1e15, 4e15], [2e15, 1e15], [5e15, 3e15]])

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
            {"mining": "all", "soft": True, "across_replicas": True},
        ),
        bad_options=(
            {"across_replicas": 1},
            {"margin": "wide"},
            {"distance": "taxi"},
            {"mining": "easy"},
            {"soft": 1},
        ),
        hard=(
            *NO_PAIRS,
            Hard("one pair, one alone", [5, 5, 6, -1], APART),
            Hard("a gap of 300", [5, 5, 6, 6], [[0.0], [300.0], [1.0], [301.5]], {"soft": True}),
            Hard("near embeddings", [5, 5, 6], NEAR, {"margin": 2e-3}),
            Hard("near embeddings, all triplets", [5, 5, 6], NEAR, {"margin": 2e-3, "mining": "all"}),
            ONE_POINT,
            LARGE,
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
    Reference(
        "PairContrastive",
        "batch_contrastive",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        pair_contrastive,
        "Hadsell et al., Dimensionality Reduction by Learning an Invariant Mapping, 2006, section 2.1",
        task="Embeddings by all pairs of a batch",
        purpose="each class near, others at a margin: two hinges",
        tex=(
            r"\text{loss} = \frac{1}{a} \sum_{(i, j) \in P} \max(d_{ij} - m, 0) "
            r"+ \frac{1}{b} \sum_{(i, j) \in N} \max(k - d_{ij}, 0)"
        ),
        symbols=(
            "$d$: the `distance` of two embeddings; $P$, $N$: the pairs $(i, j)$ of one class and of two "
            "classes; $m$: `positive_margin`; $k$: `negative_margin`; $a$, $b$: how many terms of each sum "
            "are above 0"
        ),
        paper="https://doi.org/10.1109/CVPR.2006.100",
        options=(
            {"negative_margin": 4.0},
            {"positive_margin": 0.3, "negative_margin": 0.9, "distance": "cosine"},
            {
                "positive_margin": 1.0,
                "negative_margin": 12.0,
                "distance": "squared_euclidean",
                "across_replicas": True,
            },
        ),
        bad_options=(
            {"across_replicas": 1},
            {"positive_margin": "none"},
            {"negative_margin": None},
            {"distance": "taxi"},
        ),
        hard=(
            NO_PAIRS[0],
            NO_PAIRS[3],
            Hard("one class", [3, 3, 3], [[1.0, 0.0], [0.5, 1.0], [3.0, 3.0]]),
            Hard("no two of a class", [1, 2], [[1.0, 0.0], [0.5, 0.5]]),
            Hard("near embeddings", [5, 5, 6], NEAR, {"positive_margin": 4e-4, "negative_margin": 4e-3}),
            ONE_POINT,
            LARGE,
        ),
        laws=frozenset({"non_negative"}),
        counting=in_a_pair,
        uses=(
            Use(
                "Embeddings by all pairs of a batch",
                "A fixed distance shall tell later whether two samples are of one class.",
                "Only the order of the neighbours matters: `Triplet` leaves the distances free.",
                {"negative_margin": 1.0},
            ),
        ),
    ),
    Reference(
        "LiftedStructure",
        "lifted_structure",
        "embedding",
        kinds.EMBEDDING_PAIRS,
        lifted_structure,
        "Song et al., Deep Metric Learning via Lifted Structured Feature Embedding, 2016, equation 4",
        task="Embeddings by all pairs of a batch",
        purpose="each positive pair against all negatives of both",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{2 c} \sum_{(i, j)} \max(J_{ij}, 0)^2 \\ "
            r"J_{ij} &= \log\left(\sum_{n \in N} e^{m - d_{in}} + \sum_{n \in N} e^{m - d_{jn}}\right) "
            r"+ d_{ij} "
            r"\end{align*}"
        ),
        symbols=(
            "$(i, j)$: the pairs of one class; $c$: their number; $N$: the samples $n$ of other classes; "
            "$d$: the `distance` of two embeddings; $m$: `margin`"
        ),
        paper="https://arxiv.org/abs/1511.06452",
        options=(
            {},
            {"margin": 0.2, "distance": "cosine"},
            {"distance": "squared_euclidean", "across_replicas": True},
        ),
        bad_options=({"across_replicas": 1}, {"margin": "wide"}, {"distance": "taxi"}),
        hard=(
            *NO_PAIRS,
            Hard("one pair, one alone", [5, 5, 6, -1], APART),
            Hard("near embeddings", [5, 5, 6], NEAR),
            Hard("far negatives", [5, 5, 6, 6], [[0.0], [300.0], [1e4], [1.1e4]]),
            LARGE,
        ),
        laws=frozenset({"non_negative"}),
        counting=anchors_counted,
        uses=(
            Use(
                "Embeddings by all pairs of a batch",
                "Each pair of a class should learn from all negatives of the batch, not from one.",
                "The batch is large or the distances are: the square lets the farthest pairs rule.",
                {"margin": 1.0},
            ),
        ),
    ),
)
