"""Regression: powers of the error, and errors relative to the target."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use

EQUAL = Hard("equal inputs", [[1.0, -2.0]], [[1.0, -2.0]], gradient=[[0.0, 0.0]])
LARGE = Hard("errors of 1e4", [[1e4, -1e4]], [[-1e4, 1e4]])
SAME_LAWS = frozenset({"non_negative", "zero_at_equality", "symmetric"})


def mean_squared_error(y: Array, p: Array) -> Array:
    return np.mean((p - y) ** 2, axis=-1)


def mean_absolute_error(y: Array, p: Array) -> Array:
    return np.mean(np.abs(p - y), axis=-1)


def mean_absolute_percentage_error(y: Array, p: Array) -> Array:
    return 100 * np.mean(np.abs(y - p) / np.maximum(np.abs(y), 1e-7), axis=-1)


def mean_squared_logarithmic_error(y: Array, p: Array) -> Array:
    def log(x: Array) -> Array:
        return np.log(np.maximum(x, 1e-7) + 1)

    return np.mean((log(y) - log(p)) ** 2, axis=-1)


def root_mean_squared_error(y: Array, p: Array) -> Array:
    return np.sqrt(np.mean((p - y) ** 2, axis=-1))


def mean_power_error(y: Array, p: Array, power: float = 2.0) -> Array:
    return np.mean(np.abs(p - y) ** power, axis=-1)


REFERENCES = (
    Reference(
        "MeanSquaredError",
        "mean_squared_error",
        "regression",
        kinds.REAL,
        mean_squared_error,
        "Keras",
        task="Numbers",
        purpose="the usual loss for regression",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} (p_i - y_i)^2",
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        hard=(EQUAL, LARGE),
        laws=SAME_LAWS | {"translation"},
        uses=(
            Use(
                "Numbers",
                "You want the mean of the targets, and large errors must cost most.",
                "Some targets are far off: they pull the whole fit.",
            ),
            Use(
                "The worst errors stay too large",
                "You train with the absolute error or Huber loss now, and the targets are clean.",
                "The largest errors come from wrong targets.",
            ),
        ),
    ),
    Reference(
        "MeanAbsoluteError",
        "mean_absolute_error",
        "regression",
        kinds.REAL,
        mean_absolute_error,
        "Keras",
        task="Numbers",
        purpose="each unit of error counts the same",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} \left| p_i - y_i \right|",
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        hard=(EQUAL, LARGE),
        laws=SAME_LAWS | {"translation"},
        uses=(
            Use(
                "Numbers",
                "You want the median of the targets, and every unit of error must cost the same.",
                "You need high precision: the gradient is as large for a tiny error as for a large one.",
            ),
            Use(
                "Numbers with outliers",
                "Fewer than half of the targets are far off.",
                "You need the mean of the targets, not their median.",
            ),
        ),
    ),
    Reference(
        "MeanAbsolutePercentageError",
        "mean_absolute_percentage_error",
        "regression",
        kinds.POSITIVE,
        mean_absolute_percentage_error,
        "Keras",
        task="Numbers over several powers of ten",
        purpose="the error in percent of the target",
        tex=(
            r"\text{loss} = \frac{100}{n} \sum_{i=1}^{n} \frac{\left| p_i - y_i \right|}{\max(\left| y_i "
            r"\right|, 10^{-7})}"
        ),
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        hard=(EQUAL, Hard("targets of zero", [[0.0, 0.0]], [[1.0, 0.0]], gradient=[[5e8, 0.0]])),
        laws=frozenset({"non_negative", "zero_at_equality"}),
        uses=(
            Use(
                "Numbers over several powers of ten",
                "An error of 10 % must cost the same for a small target and a large one.",
                "A target is 0 or close to 0: the loss then becomes enormous.",
            ),
        ),
    ),
    Reference(
        "MeanSquaredLogarithmicError",
        "mean_squared_logarithmic_error",
        "regression",
        kinds.POSITIVE,
        mean_squared_logarithmic_error,
        "Keras",
        task="Numbers over several powers of ten",
        purpose="the relative error, for prices and counts",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{n} \sum_{i=1}^{n} \left(g(p_i) - g(y_i)\right)^2 \\ "
            r"g(x) &= \log(1 + \max(x, 10^{-7})) "
            r"\end{align*}"
        ),
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        hard=(
            Hard("equal inputs", [[1.0, 3.0]], [[1.0, 3.0]], gradient=[[0.0, 0.0]]),
            Hard("negative predictions", [[1.0, 3.0]], [[-1.0, -5.0]], gradient=[[0.0, 0.0]]),
        ),
        laws=SAME_LAWS,
        uses=(
            Use(
                "Numbers over several powers of ten",
                "Targets are not negative and may be 0, and too low must cost more than too high.",
                "Predictions can be negative: the gradient is 0 there, so they stay.",
            ),
        ),
    ),
    Reference(
        "RootMeanSquaredError",
        "root_mean_squared_error",
        "regression",
        kinds.REAL,
        root_mean_squared_error,
        "the root of the mean squared error of each sample",
        task="Numbers",
        purpose="the error in the unit of the target",
        tex=r"\text{loss} = \sqrt{\frac{1}{n} \sum_{i=1}^{n} (p_i - y_i)^2}",
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        hard=(
            EQUAL,
            LARGE,
            Hard("errors of 1e25", [[0.0, 0.0]], [[1e25, 1e25]], gradient=[[0.5, 0.5]]),
            Hard("errors of 1e-25", [[0.0, 0.0]], [[1e-25, 1e-25]], gradient=[[0.5, 0.5]]),
        ),
        laws=SAME_LAWS | {"translation"},
        uses=(
            Use(
                "Numbers",
                "Each sample has many numbers, and its error must be read in their unit.",
                "You want the root over all samples: `MeanSquaredError` has the same minimum.",
            ),
        ),
    ),
    Reference(
        "MeanPowerError",
        "mean_power_error",
        "regression",
        kinds.REAL,
        mean_power_error,
        "the mean of abs(error)^power",
        task="Numbers",
        purpose="any power of the error",
        tex=r"\text{loss} = \frac{1}{n} \sum_{i=1}^{n} \left| p_i - y_i \right|^{\text{power}}",
        symbols="$y$: the target; $p$: the prediction; $n$: the size of the last axis",
        options=({}, {"power": 0.5}, {"power": 1.0}, {"power": 3.5}),
        bad_options=({"power": 0.0}, {"power": -1.0}, {"power": float("nan")}),
        hard=(
            EQUAL,
            *(
                Hard(
                    f"equal inputs, power {power}", EQUAL.y_true, EQUAL.y_pred, {"power": power}, [[0.0, 0.0]]
                )
                for power in (0.5, 1.0, 1.5)
            ),
        ),
        laws=SAME_LAWS | {"translation"},
        measured=(Measured(options={"power": 1.5}),),
        uses=(
            Use(
                "The worst errors stay too large",
                "The squared error still lets the worst errors through: a higher power weighs them more.",
                "Some targets are wrong: a higher power follows them.",
                {"power": 3.0},
            ),
            Use(
                "A few far outliers pull the fit",
                "The absolute error still follows the outliers: with a power below 1 they weigh less.",
                "The model starts far from the targets: the gradient is small there.",
                {"power": 0.5},
            ),
        ),
    ),
)
