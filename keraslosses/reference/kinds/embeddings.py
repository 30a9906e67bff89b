"""The kinds of embeddings: vectors, each with a class. A loss compares the samples of a batch."""

from dataclasses import replace

import numpy as np

from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, width
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import InputKind, Named, activation
from keraslosses.reference.kinds.path import DEGREES, Path, case, turned
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal

SHAPES = {"small": (64, 64), "middle": (256, 64), "large": (1024, 256)}
SIZED_CLASSES = 32


def draw(rng: Rng, options: Options, leading: Leading) -> Pair:
    """Draws vectors of length 1 and classes. The last class has only one sample."""
    size = int(np.prod(leading))
    y_true = np.append(rng.integers(0, 3, max(size - 1, 0)), 2**24 + 1)[:size].astype("int32")
    vectors = rng.normal(0, 1, (size, width(options)))
    return y_true, vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def draw_some_without_class(rng: Rng, options: Options, leading: Leading) -> Pair:
    """As `draw`. Of more than five samples, one has no class."""
    y_true, y_pred = draw(rng, options, leading)
    if len(y_true) > 5:
        y_true[1] = -1
    return y_true, y_pred


def draw_any_length(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true, y_pred = draw_some_without_class(rng, options, leading)
    return y_true, rng.normal(0, 1, y_pred.shape)


def sized(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Each class has at least two samples."""
    y_pred = normal(rng, shape)
    return np.arange(shape[0]) % SIZED_CLASSES, y_pred / np.linalg.norm(y_pred, axis=-1, keepdims=True)


def one_class(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.zeros_like(y_true), y_pred


def each_its_own_class(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.arange(len(y_true), dtype=y_true.dtype), y_pred


def at_one_point(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, np.broadcast_to(y_pred[:1], y_pred.shape).copy()


def pairs(options: Options) -> Path:
    """Three samples. The first one is the anchor, and the picture shows its loss."""
    y_true, still = np.array([0, 0, 1], "int32"), np.array([60.0])
    cases = (
        case("to the positive, the negative at 60°", y_true, lambda x: three_samples(x, still)),
        case("to the negative, the positive at 60°", y_true, lambda x: three_samples(still, x)),
    )
    return Path("angle from the anchor (degrees)", "gradient per degree", (1, 179), cases, DEGREES)


def three_samples(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """The anchor and two samples at these angles to it. Each sample is in its own plane."""
    near, far = turned(positive)[0], turned(negative)[0]
    return np.array([[1.0, 0.0, 0.0], [near[0], near[1], 0.0], [far[0], 0.0, far[1]]])


EMBEDDINGS = InputKind(
    "embeddings",
    "The class of each sample of a batch",
    "vectors of length 1",
    draw=draw,
    smallest=([0, 0, 1], [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]]),
    layer=("UnitNormalization", {}),
    path=pairs,
    sizes=Sizes(sized, SHAPES),
    named=(
        Named(
            "embeddings",
            {
                "one class only": one_class,
                "each sample its own class": each_its_own_class,
                "all samples at one point": at_one_point,
            },
        ),
    ),
    coupled=True,
    example=Example(
        features("y = np.argmax(x @ rng.normal(size=(8, 3)), axis=1)  # the class of each sample"),
        sequential(HIDDEN, "keras.layers.Dense(16)", "keras.layers.UnitNormalization()"),
    ),
)

UNIT_EMBEDDING_PAIRS = replace(
    EMBEDDINGS,
    name="unit embedding pairs",
    y_true="The class of each sample of a batch, or -1 for none",
    draw=draw_some_without_class,
    named=(),
)
EMBEDDING_PAIRS = replace(
    UNIT_EMBEDDING_PAIRS,
    name="embedding pairs",
    y_pred="vectors",
    draw=draw_any_length,
    layer=activation("linear"),
    example=Example(
        features("y = np.argmax(x @ rng.normal(size=(8, 3)), axis=1)  # the class of each sample"),
        sequential(HIDDEN, "keras.layers.Dense(16)"),
    ),
)
