"""Kinds of numbers: real numbers, positive numbers, and vectors whose direction matters."""

from dataclasses import replace

import numpy as np

from keraslosses.reference.kinds.changes import equal, far_apart
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, placed, width
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import InputKind, Named, activation
from keraslosses.reference.kinds.path import DEGREES, Path, case, column, turned
from keraslosses.reference.kinds.sizes import OUTPUTS, Shape, Sizes, normal


def draw_real(rng: Rng, options: Options, leading: Leading) -> Pair:
    shape = (*leading, width(options))
    return placed(options, rng.normal(0, 2, shape), rng.normal(0, 2, shape))


def sized_real(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Predictions with an error of size 1."""
    y_true = normal(rng, shape)
    return y_true, y_true + normal(rng, shape)


def zeros(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.zeros_like(y_true), np.zeros_like(y_pred)


def close(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, (y_true * (1 + 1e-6)).astype(y_pred.dtype)


def errors(options: Options) -> Path:
    return Path("error, y_pred − y_true", "gradient by y_pred", (-3, 3), (case("", [0.0], column),))


REAL = InputKind(
    "real",
    "Real numbers",
    "Real numbers",
    draw=draw_real,
    smallest=([[0.0]], [[1.0]]),
    layer=activation("linear"),
    path=errors,
    sizes=Sizes(sized_real, OUTPUTS),
    named=(
        Named(
            "real",
            {"equal inputs": equal, "zeros": zeros, "nearly equal inputs": close, "errors of 1e4": far_apart},
        ),
    ),
    elementwise=True,
    any_numbers=True,
    example=Example(
        features("y = x @ rng.normal(size=(8, 1))  # a number for each sample"),
        sequential(HIDDEN, "keras.layers.Dense(1)"),
    ),
)


def directions(options: Options) -> Path:
    cases = (case("", [1.0, 0.0], turned),)
    return Path("angle between y_true and y_pred (degrees)", "gradient per degree", (0, 180), cases, DEGREES)


VECTORS = replace(
    REAL,
    name="vectors",
    smallest=([[1.0, 0.0]], [[0.6, 0.8]]),
    path=directions,
    named=(),
    example=Example(
        features("y = x @ rng.normal(size=(8, 3))  # a vector for each sample"),
        sequential(HIDDEN, "keras.layers.Dense(3)"),
    ),
)


def draw_positive(rng: Rng, options: Options, leading: Leading) -> Pair:
    shape = (*leading, width(options))
    return placed(options, rng.gamma(2, 2, shape), rng.gamma(2, 2, shape) + 0.1)


def sized_positive(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_true, y_pred = (rng.standard_exponential(shape, dtype="float32") + np.float32(0.1) for _ in range(2))
    return y_true, y_pred


def tiny(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, np.full_like(y_pred, 1e-6)


def amounts(options: Options) -> Path:
    cases = tuple(case(f"y_true = {true:g}", [true], column) for true in (1.0, 3.0))
    return Path("y_pred", "gradient by y_pred", (0.1, 6), cases)


POSITIVE = InputKind(
    "positive",
    "Positive numbers, such as counts, prices and rates",
    "Positive numbers, such as counts, prices and rates",
    draw=draw_positive,
    smallest=([[1.0]], [[2.0]]),
    layer=activation("softplus"),
    path=amounts,
    sizes=Sizes(sized_positive, OUTPUTS),
    named=(
        Named("positive", {"equal inputs": equal, "predictions of 1e-6": tiny, "errors of 1e4": far_apart}),
    ),
    elementwise=True,
    example=Example(
        features("y = 1 + rng.poisson(np.exp(x[:, :1]))  # how many things each customer buys, at least one"),
        sequential(HIDDEN, 'keras.layers.Dense(1, activation="softplus")'),
    ),
)
