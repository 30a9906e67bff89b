"""Losses of ordered classes."""

import math
from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.crossentropy import INF, LOGITS, ONE_TO_SEVEN, log_probability
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.likelihood import BAD, each_entry, each_target, one_hot
from keraslosses.reference.uses import Use


def coral(y: Array, x: Array, ignore_class: int | None = None, class_weights: Any = None) -> Array:
    def term(label: int, row: Array) -> float:
        return sum(answer(label > k, logit) for k, logit in enumerate(row))

    return each_entry(y, x, ignore_class, class_weights, term)


def corn(y: Array, x: Array, ignore_class: int | None = None, class_weights: Any = None) -> Array:
    def of_level(k: int) -> Array:
        def term(label: int, row: Array) -> float:
            return answer(label > k, row[k]) if label >= k else 0.0

        return each_entry(y, x, ignore_class, class_weights, term)

    return np.stack([of_level(k) for k in range(x.shape[-1])], axis=-1)


def answer(yes: bool, logit: float) -> float:
    """-log of the probability of the right answer."""
    return float(np.logaddexp(0, -logit if yes else logit))


def cumulative_link(
    y: Array, x: Array, link: str = "logit", ignore_class: int | None = None, class_weights: Any = None
) -> Array:
    log_below, log_above = DISTRIBUTIONS[link]

    def term(label: int, row: Array) -> float:
        edges = [-INF, *(row[1:] - row[0]), INF]
        lower, upper = edges[label], edges[label + 1]
        outside = np.exp(log_below(lower)) + np.exp(log_above(upper))
        if outside < 0.5:
            return -np.log1p(-outside)
        # F(upper) - F(lower) = (1 - F(lower)) - (1 - F(upper)): the difference of the smaller numbers.
        pairs = (log_below(upper), log_below(lower)), (log_above(lower), log_above(upper))
        larger, smaller = min(pairs)
        return -larger - np.log(-np.expm1(smaller - larger))

    return each_entry(y, x, ignore_class, class_weights, term)


def log_normal(x: float) -> float:
    """log Φ(x). Far below 0, Φ(x) is the density times 1/|x| - 1/|x|³ + 3/|x|⁵ - .."""
    if x > -30:
        return math.log(0.5 * math.erfc(-x / math.sqrt(2)))
    if np.isinf(x):
        return -INF
    return -x * x / 2 - math.log(-x * math.sqrt(2 * math.pi)) + math.log1p(-1 / x**2 + 3 / x**4)


def log_gumbel(x: float) -> float:
    """log(1 - exp(-e^x)). Far below 0, it is x."""
    return x if x < -40 else float(np.log(-np.expm1(-np.exp(x))))


def earth_mover(
    y: Array,
    p: Array,
    power: float = 2.0,
    root: bool = False,
    from_logits: bool = False,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    def term(target: Array, row: Array) -> float:
        mean = np.mean(np.abs(np.cumsum(row) - np.cumsum(target)) ** power)
        return float(mean ** (1 / power) if root else mean)

    return each_target(y, shares(p, from_logits), ignore_class, class_weights, term)


def weighted_kappa(
    y: Array,
    p: Array,
    num_classes: int = 7,
    weighting: str = "quadratic",
    from_logits: bool = False,
    ignore_class: int | None = None,
) -> Array:
    rows = shares(p, from_logits).reshape(-1, num_classes)
    if y.shape != p.shape:
        kept = np.ones(len(rows), bool) if ignore_class is None else y.ravel() != ignore_class
        rows, y = rows[kept], one_hot(y.ravel()[kept], num_classes)
    targets = y.reshape(rows.shape)
    if not len(rows):
        return np.zeros(len(p))
    observed = expected = 0.0
    for i in range(num_classes):
        for j in range(num_classes):
            cost = abs(i - j) / (num_classes - 1)
            cost = cost**2 if weighting == "quadratic" else cost
            observed += cost * np.sum(targets[:, i] * rows[:, j])
            expected += cost * np.sum(targets[:, i]) * np.sum(rows[:, j]) / len(rows)
    return np.full(len(p), np.log((observed / expected if expected else 0.0) + 1e-6))


def shares(p: Array, from_logits: bool) -> Array:
    """Probabilities that sum to 1."""
    if from_logits:
        return np.exp(log_probability(p, True, -1))
    total = np.sum(p, axis=-1, keepdims=True)
    return np.where(total < 1e-30, 1 / p.shape[-1], p / np.where(total < 1e-30, 1, total))


# The logarithms of F(x) and of 1 - F(x), for each link.
DISTRIBUTIONS: dict[str, Any] = {
    "logit": (lambda x: -np.logaddexp(0, -x), lambda x: -np.logaddexp(0, x)),
    "probit": (log_normal, lambda x: log_normal(-x)),
    "cloglog": (log_gumbel, lambda x: -np.exp(x)),
}

OPTIONS: tuple[dict[str, Any], ...] = ({}, {"class_weights": ONE_TO_SEVEN}, {"ignore_class": -1})
NOT_RANKED = "The order means little, or the classes have none: use a cross-entropy."
FAR = "Errors of several classes are as frequent as errors of one"
ORDER = "Classes in an order: ages, grades, ratings"

REFERENCES = (
    Reference(
        "Coral",
        "coral",
        "ordinal",
        kinds.LEVELS,
        coral,
        "Cao et al., Rank Consistent Ordinal Regression for Neural Networks with Application to Age "
        "Estimation, 2020, equation 4",
        task=ORDER,
        purpose="a yes or no for each level",
        tex=(
            r"\text{loss} = w_y \sum_{k=0}^{K-2} \log\left(1 + e^{x_k}\right) - t_k x_k, \quad "
            r"t_k = \begin{cases} 1 & y > k \\ 0 & \text{else} \end{cases}"
        ),
        symbols=(
            "$y$: the label of $K$ classes; $x$: the predicted logits; $t$: whether $y > k$; $k$: a level; "
            "$w$: `class_weights`, 1 if not set"
        ),
        paper="https://arxiv.org/abs/1901.07884",
        options=OPTIONS,
        bad_options=BAD,
        hard=(
            Hard("logits of 1e4, right", [1], [[1e4, -1e4]], gradient=[[0.0, 0.0]]),
            Hard("logits of 1e4, wrong", [1], [[-1e4, 1e4]], gradient=[[-1.0, 1.0]]),
            Hard("logits of 0", [2], [[0.0, 0.0]], gradient=[[-0.5, -0.5]]),
            Hard("an infinite logit, right", [0], [[-INF, 1.0]], gradient=[[0.0, 1 / (1 + np.exp(-1.0))]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                ORDER,
                "All levels can be read from one direction of the features; the answers do not contradict "
                "each other.",
                NOT_RANKED,
            ),
        ),
    ),
    Reference(
        "Corn",
        "corn",
        "ordinal",
        kinds.CONDITIONAL_LEVELS,
        corn,
        "Shi et al., Deep Neural Networks for Rank-Consistent Ordinal Regression Based on Conditional "
        "Probabilities, 2021, equation 6",
        task=ORDER,
        purpose="as Coral, each level with its own features",
        tex=(
            r"\text{loss}_k = w_y \left(\log\left(1 + e^{x_k}\right) - t_k x_k\right) \text{ for } k \le y, "
            r"\quad t_k = \begin{cases} 1 & y > k \\ 0 & \text{else} \end{cases}"
        ),
        symbols=(
            "$y$: the label; $x$: the predicted logits; $k$: a level; $t$: whether $y > k$; $w$: "
            "`class_weights`, 1 if not set; the questions $k > y$ do not count"
        ),
        paper="https://arxiv.org/abs/2111.08851",
        options=OPTIONS,
        bad_options=BAD,
        hard=(
            Hard("logits of 1e4, right", [1], [[1e4, -1e4, 1e4]], gradient=[[0.0, 0.0, 0.0]]),
            Hard("logits of 1e4, wrong", [1], [[-1e4, 1e4, 1e4]], gradient=[[-1.0, 1.0, 0.0]]),
            Hard("an infinite logit that does not count", [0], [[0.0, INF]], gradient=[[0.5, 0.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        zeros_count=False,
        uses=(
            Use(
                ORDER,
                "The features that tell the low classes apart differ from those of the high ones.",
                "Few samples reach the highest classes: their questions learn from those samples only.",
            ),
        ),
    ),
    Reference(
        "CumulativeLink",
        "cumulative_link",
        "ordinal",
        kinds.THRESHOLDS,
        cumulative_link,
        "McCullagh, Regression Models for Ordinal Data, 1980, equations 2.1 and 2.3",
        task=ORDER,
        purpose="one score, and learned thresholds",
        tex=r"\text{loss} = -w_y \log\left(F(\theta_y - f) - F(\theta_{y-1} - f)\right)",
        symbols=(
            r"$y$: the label; $f$: the predicted score; $\theta$: the thresholds, with $-\infty$ before the "
            r"first and $\infty$ after the last; $F$: the distribution function of `link`; $w$: "
            "`class_weights`, 1 if not set"
        ),
        options=(
            {},
            {"link": "probit"},
            {"link": "cloglog"},
            {"class_weights": ONE_TO_SEVEN},
            {"ignore_class": -1, "link": "probit"},
        ),
        bad_options=(*BAD, {"link": "cauchit"}, {"link": None}),
        hard=(
            Hard("a score of 30, wrong", [0], [[30.0, -1.0, 1.0]]),
            Hard("a score of 30, right", [2], [[30.0, -1.0, 1.0]]),
            Hard("a score of 300, wrong", [1], [[300.0, -1.0, 1.0]]),
            Hard("thresholds 1e-6 apart, probit", [1], [[3.0, 0.0, 1e-6]], {"link": "probit"}),
            Hard("thresholds 1e-6 apart, cloglog", [1], [[3.0, 0.0, 1e-6]], {"link": "cloglog"}),
            Hard("equal thresholds around another class", [0], [[0.5, 0.0, 0.0]]),
            Hard("equal thresholds", [1], [[0.5, 0.0, 0.0]], gradient=[[0.0, 0.0, 0.0]]),
            Hard("a score of 8, probit", [1], [[8.0, -1.0, 1.0]], {"link": "probit"}),
            Hard("a score of 300, probit", [1], [[300.0, -1.0, 1.0]], {"link": "probit"}),
            Hard("a score in the middle, probit", [1], [[0.25, -3.0, 3.5]], {"link": "probit"}),
            Hard("a score of 30, cloglog", [0], [[30.0, -1.0, 1.0]], {"link": "cloglog"}),
            Hard("two classes", [1], [[0.5, 1.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                ORDER,
                "One number for each sample says enough, or you want the ordinal regression of statistics.",
                NOT_RANKED,
            ),
        ),
    ),
    Reference(
        "EarthMover",
        "earth_mover",
        "ordinal",
        kinds.LABELS_OR_DISTRIBUTIONS,
        earth_mover,
        "Hou et al., Squared Earth Mover's Distance-based Loss for Training Deep Neural Networks, 2016, "
        "equation 8",
        task=ORDER,
        purpose="targets may be the votes of several people",
        tex=(
            r"\text{loss} = w_y \frac{1}{K} \sum_{k=0}^{K-1} "
            r"\left|\sum_{j=0}^{k} p_j - t_j\right|^{q}"
        ),
        symbols=(
            "$t$: the target, the one-hot row of the label $y$ or a distribution; $p$: the predicted "
            "probabilities, with `from_logits` the softmax of y_pred; $K$: the number of classes; $j$, $k$: "
            "classes; $q$: `power`; $w$: `class_weights`, 1 if not set; `root` takes the power $1/q$"
        ),
        paper="https://arxiv.org/abs/1611.05916",
        options=(
            {},
            LOGITS,
            {"root": True},
            {"power": 1.0, **LOGITS},
            {"power": 1.5, "class_weights": ONE_TO_SEVEN},
            {"ignore_class": -1, "root": True, **LOGITS},
        ),
        bad_options=(*BAD, {"power": 0.5}, {"power": INF}, {"root": 1}, {"from_logits": 1}),
        hard=(
            Hard("certain and right", [0], [[1.0, 0.0, 0.0]], gradient=[[0.0, 0.0, 0.0]]),
            Hard("certain and right, root", [0], [[1.0, 0.0]], {"root": True}, [[0.0, 0.0]]),
            Hard("certain and right, power 1", [0], [[1.0, 0.0]], {"power": 1.0}, [[0.0, 0.0]]),
            Hard("logits of 1e4, wrong", [0], [[-1e4, 1e4]], LOGITS, [[0.0, 0.0]]),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1}, [[0.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        measured=(Measured("probabilities"), Measured("logits", LOGITS)),
        uses=(
            Use(
                FAR,
                "The targets are distributions, such as the votes of several people, or the model must give "
                "probabilities.",
                "You need the likelihood of the labels: this is a distance.",
                {"from_logits": True},
            ),
        ),
    ),
    Reference(
        "WeightedKappa",
        "weighted_kappa",
        "ordinal",
        kinds.BATCHES_OF_CLASSES,
        weighted_kappa,
        "de la Torre et al., Weighted Kappa Loss Function for Multi-class Classification of Ordinal Data in "
        "Deep Learning, 2018, equation 5",
        task=ORDER,
        purpose="trains the kappa of a batch",
        tex=(
            r"\text{loss} = \log\left(\frac{n \sum_{e,i,j} c_{ij}\, t_{ei}\, p_{ej}}"
            r"{\sum_{i,j} c_{ij} \left(\sum_e t_{ei}\right) \left(\sum_e p_{ej}\right)} + 10^{-6}\right), "
            r"\quad c_{ij} = \left|\frac{i - j}{K - 1}\right|^{q}"
        ),
        symbols=(
            "$t$: the targets of the $n$ entries $e$ of the batch; $p$: the predicted probabilities, with "
            "`from_logits` the softmax of y_pred; $K$: `num_classes`; $c$: costs; $j$: a class; "
            "$q$: 2, or 1 if `weighting` is linear"
        ),
        options=(
            {"num_classes": 7},
            {"num_classes": 7, "weighting": "linear", **LOGITS},
            {"num_classes": 7, "ignore_class": -1},
        ),
        bad_options=({"num_classes": 0}, {"weighting": "cubic"}, {"from_logits": 1}, {"ignore_class": 0.5}),
        hard=(
            Hard(
                "chance cannot disagree",
                [0, 0],
                [[1.0, 0.0], [1.0, 0.0]],
                {"num_classes": 2},
                [[0.0, 0.0], [0.0, 0.0]],
            ),
            Hard("certain and wrong", [0, 1], [[0.0, 1.0], [1.0, 0.0]], {"num_classes": 2}),
            Hard("all ignored", [-1], [[0.3, 0.7]], {"ignore_class": -1, "num_classes": 2}, [[0.0, 0.0]]),
        ),
        measured=(Measured(options={"num_classes": 10}),),
        uses=(
            Use(
                FAR,
                "Models are compared by Cohen's kappa, and batches hold all classes.",
                "Batches are small: the kappa of few samples says little.",
                {"num_classes": 4, "from_logits": True},
            ),
        ),
    ),
)
