"""`soft_ordinal_labels` spreads the labels of ordered classes over the classes beside them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from keraslosses.core import checks
from keraslosses.core.kinds.labels import reject_out_of_range
from keraslosses.core.readable import check_readable


def soft_ordinal_labels(
    labels: Any,
    num_classes: int,
    kind: str = "exponential",
    *,
    p: float = 1.0,
    tau: float = 1.0,
    alpha2: float = 0.01,
) -> np.ndarray:
    """Targets for ordered classes: a distribution that is highest at the label and falls to both sides.

    With them, any loss of distributions knows the order of the classes, such as `CategoricalCrossentropy`.
    With y the label and K classes, class j gets:

    - "exponential": the softmax over j of `-|j - y|^p / tau`.
    - "triangular": the part of a triangle over the class, where classes have equal shares of a line. It is
      centered at the class of the label, and gives `alpha2` to each neighbour.
    - "binomial": the probability of j successes in K - 1 trials, each with probability 0.1 + 0.8 y / (K - 1).
    - "poisson": the softmax over j of the probability of j with the mean y + 1.
    - "beta": the part of a beta distribution over the class, with published parameters for 3 to 14 classes.

    Args:
        labels: Class indices: an array or a list of integers in [0, num_classes).
        num_classes: Number of classes K, an integer of at least 2.
        kind: The kind of distribution, one of the list above. Default: "exponential".
        p: Exponent of "exponential", above 0. Default: 1.
        tau: Width of "exponential", above 0. Default: 1.
        alpha2: The share of "triangular" for each neighbour, at least 0 and below 0.5. Default: 0.01.

    Returns:
        A NumPy array of float32, in the shape of `labels` with one more axis of size K.

    Raises:
        ValueError: If an argument is out of range, or a label is no class.

    Source: dlordinal, with its defaults; Vargas et al., Unimodal Regularisation Based on Beta Distribution
    for Deep Ordinal Regression, 2022, for the parameters of "beta".

    Example:

    >>> print(keraslosses.soft_ordinal_labels([1], 3, "binomial"))
    [[0.25 0.5  0.25]]
    """
    if not (checks.is_integer(num_classes) and num_classes >= 2):
        raise checks.invalid("num_classes", "be an integer of at least 2", num_classes)
    checks.one_of(*ROWS)("kind", kind)
    checks.positive("p", p)
    checks.positive("tau", tau)
    if not (checks.is_number(alpha2) and 0 <= alpha2 < 0.5):
        raise checks.invalid("alpha2", "be at least 0 and below 0.5", alpha2)
    check_readable("soft_ordinal_labels", labels=labels)
    labels = np.asarray(labels)
    reject_out_of_range("soft_ordinal_labels", "labels", labels, num_classes, None)
    rows = ROWS[kind](int(num_classes), {"p": p, "tau": tau, "alpha2": alpha2})
    return np.asarray(rows, "float32")[labels.astype("int64")]


# The row of each label: functions of the number of classes and the parameters.


def softmax(x: np.ndarray) -> Any:
    weights = np.exp(x - x.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def exponential(count: int, given: dict[str, float]) -> Any:
    classes = np.arange(count)
    with np.errstate(over="ignore"):  # What is infinitely far has a share of 0.
        return softmax(-(np.abs(classes[:, None] - classes) ** given["p"]) / given["tau"])


def binomial(count: int, given: dict[str, float]) -> Any:
    """From logarithms: the number of ways alone overflows for 1,031 classes."""
    chances, successes = np.linspace(0.1, 0.9, count)[:, None], np.arange(count)
    factorials = np.array([math.lgamma(k + 1.0) for k in successes])
    ways = factorials[-1] - factorials - factorials[::-1]
    return softmax(ways + successes * np.log(chances) + (count - 1 - successes) * np.log1p(-chances))


def poisson(count: int, given: dict[str, float]) -> Any:
    means, classes = np.arange(1.0, count + 1)[:, None], np.arange(count)
    factorials = np.array([math.lgamma(j + 1.0) for j in classes])
    return softmax(np.exp(classes * np.log(means) - means - factorials))


def triangular(count: int, given: dict[str, float]) -> Any:
    """Triangles over a line on which each class has the length 1. Those of the ends have a right angle."""
    alpha2 = given["alpha2"]
    root = math.sqrt(2 * alpha2)
    inner = 0.5 / (1 - root)
    slope = (1 - 2 * alpha2) * (2 * alpha2 - root)
    first, last = (1 / (1 - end_root(slope * part)) for part in (1.0, (1 - 1 / count) ** 2))
    edges = np.arange(count + 1.0)
    rows = [1 - np.clip(1 - edges / first, 0, 1) ** 2]
    rows += [below_triangle((edges - middle - 0.5) / inner) for middle in range(1, count - 1)]
    rows += [np.clip(1 - (count - edges) / last, 0, 1) ** 2]
    shares = np.diff(rows, axis=-1)
    return shares / shares.sum(axis=-1, keepdims=True)


def end_root(number: float) -> float:
    """The root of the share beyond its class, for the triangles at the ends."""
    return abs(1 - math.sqrt(1 - 4 * number)) / 2


def below_triangle(x: np.ndarray) -> Any:
    """The distribution function of a triangle over [-1, 1]."""
    x = np.clip(x, -1, 1)
    return np.where(x < 0, (1 + x) ** 2 / 2, 1 - (1 - x) ** 2 / 2)


def beta(count: int, given: dict[str, float]) -> Any:
    if count not in BETA:
        raise checks.invalid("num_classes", "lie between 3 and 14 for the kind 'beta'", count)
    half = BETA[count]
    pairs = half + [(q, p) for p, q in reversed(half[: count // 2])]
    edges = np.linspace(0.0, 1.0, count + 1)
    return np.array([np.diff([below_beta(x, p, q) for x in edges]) for p, q in pairs])


def below_beta(x: float, p: int, q: int) -> float:
    """The distribution function of the beta distribution: at least p successes in p + q - 1 trials."""
    trials = p + q - 1
    return sum(math.comb(trials, k) * x**k * (1 - x) ** (trials - k) for k in range(p, trials + 1))


# The parameters of the classes up to the middle; the others are their mirror images.
BETA: dict[int, list[tuple[int, int]]] = {
    3: [(1, 4), (4, 4)],
    4: [(1, 6), (6, 10)],
    5: [(1, 8), (6, 14), (12, 12)],
    6: [(1, 10), (7, 20), (15, 20)],
    7: [(1, 12), (7, 26), (16, 28), (24, 24)],
    8: [(1, 14), (7, 31), (17, 37), (27, 35)],
    9: [(1, 16), (8, 40), (18, 47), (30, 47), (40, 40)],
    10: [(1, 18), (8, 45), (19, 57), (32, 59), (45, 55)],
    11: [(1, 21), (8, 51), (20, 68), (34, 73), (48, 69), (60, 60)],
    12: [(1, 23), (8, 56), (20, 76), (35, 85), (51, 85), (65, 77)],
    13: [(1, 25), (8, 61), (20, 84), (36, 98), (53, 100), (70, 95), (84, 84)],
    14: [(1, 27), (2, 17), (5, 23), (9, 27), (13, 28), (18, 28), (23, 27)],
}

ROWS: dict[str, Callable[[int, dict[str, float]], Any]] = {
    "exponential": exponential,
    "triangular": triangular,
    "binomial": binomial,
    "poisson": poisson,
    "beta": beta,
}
