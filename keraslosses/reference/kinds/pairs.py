"""Kinds of given pairs and triplets: distances, vectors, scores; and two views of samples."""

from dataclasses import replace

import numpy as np

from keraslosses.reference.kinds.changes import Outside, WrongPair, mask_of_bytes, signs
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, width
from keraslosses.reference.kinds.example import HIDDEN, Example, sequential
from keraslosses.reference.kinds.kind import InputKind, activation
from keraslosses.reference.kinds.path import DEGREES, Path, case, column, turned
from keraslosses.reference.kinds.sizes import OUTPUTS, Shape, Sizes, normal


def shapes(count: int) -> dict[str, Shape]:
    return {
        "small": (64, count, 64),
        "middle": (1024, count, 128),
        "large": (4096, count, 256),
    }


# Distances


def draw_distances(rng: Rng, options: Options, leading: Leading) -> Pair:
    shape = (*leading, width(options))
    return rng.integers(0, 2, shape).astype("float64"), rng.gamma(2, 0.5, shape)


def sized_distances(rng: Rng, shape: Shape, options: Options) -> Pair:
    return (normal(rng, shape) > 0).astype("float32"), np.abs(normal(rng, shape))


def negative_distances(y_true: np.ndarray, y_pred: np.ndarray) -> Outside:
    wrong = y_pred.copy()
    wrong[0] = -1.0
    return Outside("distances below 0", y_true, wrong)


def distance(options: Options) -> Path:
    cases = case("alike", [1.0], column), case("not alike", [0.0], column)
    return Path("distance of the pair", "gradient by the distance", (0, 2), cases)


PAIR_DISTANCES = InputKind(
    "pair_distances",
    "1 for a pair that is alike, 0 for another pair",
    "distances, at least 0",
    draw=draw_distances,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("softplus"),
    path=distance,
    sizes=Sizes(sized_distances, OUTPUTS),
    wrong_targets=(mask_of_bytes, signs, negative_distances),
    elementwise=True,
    example=Example(
        "\n".join(
            [
                'x = rng.normal(size=(512, 2, 8)).astype("float32")  # two things in each row',
                'y = (x[:, 0, 0] * x[:, 1, 0] > 0).astype("float32")  # 1: the two are alike',
            ]
        ),
        "\n".join(
            [
                "inputs = keras.Input((2, 8))",
                'embeddings = keras.layers.Dense(16, activation="tanh")(inputs)',
                "difference = embeddings[:, 0] - embeddings[:, 1]",
                "model = keras.Model(inputs, keras.ops.norm(difference + 1e-6, axis=-1))",
            ]
        ),
        epochs=10,
    ),
)


# Vectors


def draw_stacks(rng: Rng, leading: Leading, *rest: int) -> Pair:
    size = int(np.prod(leading))
    return np.arange(size, dtype="int32"), rng.normal(0, 1, (size, *rest))


def draw_triplets(rng: Rng, options: Options, leading: Leading) -> Pair:
    return draw_stacks(rng, leading, 3, width(options))


def draw_views(rng: Rng, options: Options, leading: Leading) -> Pair:
    return draw_stacks(rng, leading, 2, width(options))


def draw_signed_pairs(rng: Rng, options: Options, leading: Leading) -> Pair:
    _, y_pred = draw_views(rng, options, leading)
    return sign_of_each(rng, y_pred), y_pred


def draw_ranked_pairs(rng: Rng, options: Options, leading: Leading) -> Pair:
    _, y_pred = draw_stacks(rng, leading, 2)
    return sign_of_each(rng, y_pred), y_pred


def sign_of_each(rng: Rng, y_pred: np.ndarray) -> np.ndarray:
    """-1 for the first sample, so that both signs occur in a batch of several."""
    signs = rng.choice([-1.0, 1.0], len(y_pred))
    signs[:2] = [-1.0, 1.0][: len(signs)]
    return signs


def sized_stacks(rng: Rng, shape: Shape, options: Options) -> Pair:
    return np.zeros(shape[0], "int32"), normal(rng, shape)


def sized_signed(rng: Rng, shape: Shape, options: Options) -> Pair:
    return np.sign(normal(rng, shape[:1])), normal(rng, shape)


def no_sign(wrong: float) -> WrongPair:
    def change(y_true: np.ndarray, y_pred: np.ndarray) -> Outside:
        changed = y_true.copy()
        changed[0] = wrong
        return Outside(f"a sign of {wrong:g}", changed, y_pred)

    return change


def three_points(options: Options) -> Path:
    """The anchor is at 0. The positive or the negative moves, and the other one is 1 away."""

    def to(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        positive, negative = np.broadcast_arrays(positive, negative)
        points = [[0 * positive, 0 * positive], [positive, 0 * positive], [0 * negative, negative]]
        return np.moveaxis(np.array(points), -1, 0)

    cases = (
        case("to the positive, the negative at 1", 0, lambda x: to(x, np.array([1.0]))),
        case("to the negative, the positive at 1", 0, lambda x: to(np.array([1.0]), x)),
    )
    return Path("distance from the anchor", "gradient by the distance", (0.05, 3), cases)


TRIPLETS = InputKind(
    "triplets",
    "Anything with a row for each triplet",
    "anchor, positive and negative of each triplet",
    draw=draw_triplets,
    smallest=([0], [[[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]]),
    layer=activation("linear"),
    path=three_points,
    sizes=Sizes(sized_stacks, shapes(3)),
    shape=(3, 7),
    example=Example(
        "\n".join(
            [
                "# Anchor, positive and negative in each row. The positive differs from the anchor by noise.",
                "anchor, negative = rng.normal(size=(2, 512, 8))",
                "positive = anchor + rng.normal(size=(512, 8))",
                'x = np.stack([anchor, positive, negative], axis=1).astype("float32")',
                "y = np.zeros(len(x))  # it is not read",
            ]
        ),
        sequential(HIDDEN, "keras.layers.Dense(16)"),
    ),
)


def angle_of_two(options: Options) -> Path:
    cases = tuple(case(f"y_true = {sign:+g}", np.float32(sign), with_first_axis) for sign in (1.0, -1.0))
    return Path("angle between the two vectors (degrees)", "gradient per degree", (0, 180), cases, DEGREES)


def with_first_axis(x: np.ndarray) -> np.ndarray:
    """A unit vector at an angle to the first axis, and the first axis."""
    moving = turned(x)
    return np.stack([moving, np.broadcast_to([1.0, 0.0], moving.shape)], axis=1)


TWO_OF_EACH = Example(
    "\n".join(
        [
            'x = rng.normal(size=(512, 2, 8)).astype("float32")  # two things in each row',
            "y = np.sign(x[:, 0, 0] * x[:, 1, 0])  # 1: the two are alike, -1: they are not",
        ]
    ),
    sequential(HIDDEN, "keras.layers.Dense(16)"),
)

SIGNED_PAIRS = InputKind(
    "signed_pairs",
    "1 for a pair that is alike, -1 for another pair",
    "the two vectors of each pair",
    draw=draw_signed_pairs,
    smallest=([1.0], [[[1.0, 0.0], [0.6, 0.8]]]),
    layer=activation("linear"),
    path=angle_of_two,
    sizes=Sizes(sized_signed, shapes(2)),
    wrong_targets=(no_sign(0.0), no_sign(2.0)),
    shape=(2, 7),
    signs=True,
    example=TWO_OF_EACH,
)


def lead_of_the_first(options: Options) -> Path:
    cases = tuple(
        case(f"y_true = {sign:+g}", np.float32(sign), lambda x: np.stack([x, 0 * x], axis=-1))
        for sign in (1.0, -1.0)
    )
    return Path("first score, the second 0", "gradient by the first score", (-3, 3), cases)


RANKED_PAIRS = InputKind(
    "ranked_pairs",
    "1 if the first score should be higher, -1 if the second one should be",
    "the two scores of each pair",
    draw=draw_ranked_pairs,
    smallest=([1.0], [[0.5, 2.0]]),
    layer=activation("linear"),
    path=lead_of_the_first,
    sizes=Sizes(sized_signed, {"small": (256, 2), "middle": (16_384, 2), "large": (1_048_576, 2)}),
    wrong_targets=(no_sign(0.0), no_sign(2.0)),
    shape=(2,),
    width=2,
    signs=True,
    scores=True,
    example=Example(
        "\n".join(
            [
                'x = rng.normal(size=(512, 2, 8)).astype("float32")  # two things in each row',
                "y = np.sign(x[:, 0, 0] - x[:, 1, 0])  # 1: the first is better, -1: the second is",
            ]
        ),
        sequential(HIDDEN, "keras.layers.Dense(1)"),
    ),
)

VIEWS = InputKind(
    "views",
    "Anything with a row for each sample",
    "two views of each sample",
    draw=draw_views,
    smallest=([0], [[[1.0, 0.0], [0.6, 0.8]]]),
    layer=activation("linear"),
    path=lambda options: replace(angle_of_two(options), cases=(case("", 0, with_first_axis),)),
    sizes=Sizes(sized_stacks, shapes(2)),
    shape=(2, 7),
    example=Example(
        "\n".join(
            [
                "# Two views in each row: a sample, twice with noise.",
                "samples = rng.normal(size=(512, 1, 8))",
                'x = (samples + 0.3 * rng.normal(size=(512, 2, 8))).astype("float32")',
                "y = np.zeros(len(x))  # it is not read",
            ]
        ),
        sequential(HIDDEN, "keras.layers.Dense(16)"),
    ),
)


def feature_of_four(options: Options) -> Path:
    """Four samples whose two features are uncorrelated. One feature of the second view turns to the other."""
    features = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])

    def y_pred(x: np.ndarray) -> np.ndarray:
        (direction,) = turned(x)
        return np.stack([features, np.stack([features @ direction, features[:, 1]], axis=1)], axis=1)

    axis = "turn of a feature of the second view (degrees)"
    return Path(axis, "gradient per degree", (0, 180), (case("", np.zeros(4), y_pred),), DEGREES)


VIEWS_OF_A_BATCH = replace(
    VIEWS,
    name="views_of_a_batch",
    smallest=([0, 1, 2], [[[1.0, 0.0], [2.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]], [[2.0, 2.5], [2.0, 2.0]]]),
    path=feature_of_four,
    coupled=True,
    weights_inside=True,
)
