"""The kinds of two towers: two vectors for each sample, an anchor and its positive."""

from dataclasses import replace

import numpy as np

from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, width
from keraslosses.reference.kinds.embeddings import SHAPES, SIZED_CLASSES, three_samples
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import InputKind, activation
from keraslosses.reference.kinds.path import DEGREES, Path, case
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal

OWN_NEGATIVES = 3
OF_TWO = {size: (batch, 2, dim) for size, (batch, dim) in SHAPES.items()}


def vectors(options: Options) -> int:
    """How many vectors each sample has."""
    return 2 + OWN_NEGATIVES * bool(options.get("negatives"))


def draw(rng: Rng, options: Options, leading: Leading) -> Pair:
    """Draws vectors and classes. Of more than five samples, one has no class."""
    size = int(np.prod(leading))
    y_true = rng.integers(0, 3, size).astype("int32")
    if size > 5:
        y_true[1] = -1
    return y_true, rng.normal(0, 1, (size, vectors(options), width(options)))


def sized(rng: Rng, shape: Shape, options: Options) -> Pair:
    return np.arange(shape[0]) % SIZED_CLASSES, normal(rng, shape)


def pairs(options: Options) -> Path:
    """Two samples. The picture shows the loss of the first one."""
    y_true, still = np.array([0, 1], "int32"), np.array([60.0])
    cases = (
        case("to its own, the other at 60°", y_true, lambda x: two_samples(x, still)),
        case("to the other, its own at 60°", y_true, lambda x: two_samples(still, x)),
    )
    return Path("angle from the anchor (degrees)", "gradient per degree", (1, 179), cases, DEGREES)


def two_samples(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The vectors of two samples, those of the second one equal, at these angles to the first anchor."""
    anchor, near, far = three_samples(own, other)
    return np.array([[anchor, near], [far, far]])


TOWERS = InputKind(
    "towers",
    "The class of each sample of a batch, or -1 for none",
    "two vectors for each sample",
    draw=draw,
    smallest=([0, 1], [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]]),
    layer=activation("linear"),
    path=pairs,
    sizes=Sizes(sized, OF_TWO),
    shape=(5, 2, 7),
    coupled=True,
    example=Example(
        features("y = np.argmax(x @ rng.normal(size=(8, 3)), axis=1)  # the class of each sample"),
        sequential(HIDDEN, "keras.layers.Dense(32)", "keras.layers.Reshape((2, 16))"),
    ),
)
UNLABELED_TOWERS = replace(
    TOWERS,
    name="unlabeled towers",
    y_true="Anything, one row for each sample",
    example=Example(
        features("y = np.zeros(len(x))  # it is not read"),
        sequential(HIDDEN, "keras.layers.Dense(32)", "keras.layers.Reshape((2, 16))"),
    ),
)
