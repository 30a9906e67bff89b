"""Regression with a bounded gradient."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.regression import EQUAL, LARGE, SAME_LAWS
from keraslosses.reference.uses import Use

LAWS = SAME_LAWS | {"translation"}


def huber(y: Array, p: Array, delta: float = 1.0) -> Array:
    e = np.abs(p - y)
    return np.mean(np.where(e <= delta, e**2 / 2, delta * e - delta**2 / 2), axis=-1)


def smooth_l1(y: Array, p: Array, beta: float = 1.0) -> Array:
    e = np.abs(p - y)
    if beta == 0:
        return np.mean(e, axis=-1)
    return np.mean(np.where(e < beta, e**2 / (2 * beta), e - beta / 2), axis=-1)


def balanced_l1(y: Array, p: Array, alpha: float = 0.5, gamma: float = 1.5, beta: float = 1.0) -> Array:
    b = np.exp(gamma / alpha) - 1
    x = np.abs(p - y)
    inner = alpha / b * (b * x + beta) * np.log(b * x / beta + 1) - alpha * x
    return np.mean(np.where(x < beta, inner, gamma * x + gamma * beta / b - alpha * beta), axis=-1)


def log_cosh(y: Array, p: Array) -> Array:
    """log cosh e = logaddexp(e, -e) - log 2. Near 0 this cancels, so log1p(2 sinh²(e/2)) replaces it."""
    e = p - y
    near = np.log1p(2 * np.sinh(np.clip(e, -1, 1) / 2) ** 2)
    return np.mean(np.where(np.abs(e) < 1, near, np.logaddexp(e, -e) - np.log(2)), axis=-1)


REFERENCES = (
    Reference(
        "Huber",
        "huber",
        "robust",
        kinds.REAL,
        huber,
        "Huber, Robust Estimation of a Location Parameter, 1964",
        task="Numbers with outliers",
        purpose="squared for small errors, absolute for large ones",
        tex=(
            r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} \begin{cases} "
            r"\frac{1}{2} e_i^2 & \text{if } \left| e_i \right| \le \delta \\ "
            r"\delta \left| e_i \right| - \frac{1}{2} \delta^2 & \text{otherwise} "
            r"\end{cases}"
        ),
        symbols=(
            r"$e_i = p_i - y_i$: the error; $\delta$: `delta`; $y$: the target; $p$: the prediction; $n$: "
            r"the size of the last axis"
        ),
        paper="https://doi.org/10.1214/aoms/1177703732",
        options=({}, {"delta": 0.3}, {"delta": 2.5}),
        bad_options=({"delta": 0.0}, {"delta": -1.0}),
        hard=(
            EQUAL,
            LARGE,
            Hard("errors of exactly delta", [[0.0, 0.0]], [[1.0, -1.0]], gradient=[[0.5, -0.5]]),
        ),
        laws=LAWS,
        uses=(
            Use(
                "Numbers with outliers",
                "You know which error is still normal: `delta` is that error, in the unit of the target.",
                "The targets have very different scales: no single `delta` fits them all.",
                {"delta": 1.0},
            ),
            Use(
                "A few far outliers pull the fit",
                "The squared error is right for most of the targets.",
                "Many targets are far off, all on one side: they still move the fit.",
                {"delta": 0.5},
            ),
        ),
    ),
    Reference(
        "SmoothL1",
        "smooth_l1",
        "robust",
        kinds.REAL,
        smooth_l1,
        "Girshick, Fast R-CNN, 2015, equation 3",
        task="Boxes",
        purpose="each of the four numbers of a box by itself",
        tex=(
            r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} \begin{cases} "
            r"\frac{1}{2 \beta} e_i^2 & \text{if } \left| e_i \right| < \beta \\ "
            r"\left| e_i \right| - \frac{1}{2} \beta & \text{otherwise} "
            r"\end{cases}"
        ),
        symbols=(
            r"$e_i = p_i - y_i$: the error; $\beta$: `beta`; $y$: the target; $p$: the prediction; $n$: "
            r"the size of the last axis"
        ),
        paper="https://arxiv.org/abs/1504.08083",
        options=({}, {"beta": 0.0}, {"beta": 0.3}, {"beta": 2.5}),
        bad_options=({"beta": -0.5}, {"beta": float("inf")}),
        hard=(
            EQUAL,
            LARGE,
            Hard("equal inputs, beta 0", EQUAL.y_true, EQUAL.y_pred, {"beta": 0.0}, [[0.0, 0.0]]),
            Hard("errors of exactly beta", [[0.0, 0.0]], [[1.0, -1.0]], gradient=[[0.5, -0.5]]),
        ),
        laws=LAWS,
        uses=(
            Use(
                "Boxes",
                "You train offsets from anchors, one number at a time, as Fast R-CNN does.",
                "The overlap counts: boxes with the same errors can overlap very differently.",
                {"beta": 0.11},
            ),
        ),
    ),
    Reference(
        "BalancedL1",
        "balanced_l1",
        "robust",
        kinds.REAL,
        balanced_l1,
        "Pang et al., Libra R-CNN, 2019, equations 8 to 10",
        task="Boxes",
        purpose="SmoothL1 with larger gradients for small errors",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{n} \sum_{i=1}^{n} L(\left| p_i - y_i \right|) \\ "
            r"L(x) &= \begin{cases} "
            r"\frac{\alpha}{b} (b x + \beta) \log\left(\frac{b x}{\beta} + 1\right) - \alpha x & \text{if "
            r"} x < \beta \\ "
            r"\gamma x + \frac{\gamma \beta}{b} - \alpha \beta & \text{otherwise} "
            r"\end{cases} \\ "
            r"b &= e^{\gamma / \alpha} - 1 "
            r"\end{align*}"
        ),
        symbols=(
            r"$\alpha$, $\beta$, $\gamma$: `alpha`, `beta`, `gamma`; $y$: the target; $p$: the "
            r"prediction; $n$: the size of the last axis"
        ),
        paper="https://arxiv.org/abs/1904.02701",
        options=({}, {"beta": 0.5}, {"beta": 2.0}, {"alpha": 0.3, "gamma": 1.0}),
        bad_options=({"alpha": 0.0}, {"gamma": -1.0}, {"beta": 0.0}),
        hard=(
            EQUAL,
            LARGE,
            Hard("errors of 1e-5", [[0.0, 0.0]], [[1e-5, -1e-5]]),
            Hard("errors of exactly beta", [[0.0, 0.0]], [[1.0, -1.0]], gradient=[[0.75, -0.75]]),
        ),
        laws=LAWS,
        uses=(
            Use(
                "The boxes overlap, but are never quite right",
                "You train offsets from anchors, and the large errors dominate the gradient.",
                "The targets are noisy: the small errors are then noise.",
                {"alpha": 0.5, "gamma": 1.5},
            ),
        ),
    ),
    Reference(
        "LogCosh",
        "log_cosh",
        "robust",
        kinds.REAL,
        log_cosh,
        "the logarithm of the hyperbolic cosine of the error",
        task="Numbers with outliers",
        purpose="like Huber, but smooth everywhere",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} \log(\cosh(p_i - y_i))",
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        hard=(
            EQUAL,
            LARGE,
            Hard("an error of 1e-3", [[0.0, 0.0]], [[1e-3, -1e-3]]),
            Hard("errors around 1", [[0.0, 0.0, 0.0]], [[0.99, 1.01, -1.01]]),
            Hard("errors of 1e10", [[0.0, 0.0]], [[1e10, -1e10]], gradient=[[0.5, -0.5]]),
        ),
        laws=LAWS,
        uses=(
            Use(
                "Numbers with outliers",
                "You want Huber loss without an option to choose, smooth everywhere.",
                "Normal errors are much larger than 1: there it is the absolute error.",
            ),
        ),
    ),
)
