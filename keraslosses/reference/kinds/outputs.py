"""Kinds with two classes for each element: zeros and ones, signs, and the pixels of a region."""

from dataclasses import replace

import numpy as np

from keraslosses.reference.kinds.changes import (
    CERTAIN_LOGIT,
    equal,
    mask_of_bytes,
    predicted_zeros,
    signs,
    sure_of_each,
)
from keraslosses.reference.kinds.classes import draw_labels_or_distributions
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, placed, width
from keraslosses.reference.kinds.example import HIDDEN, Example, features, sequential
from keraslosses.reference.kinds.kind import InputKind, Named, activation
from keraslosses.reference.kinds.path import PROBABILITIES, Case, Path, case, column
from keraslosses.reference.kinds.sizes import OUTPUTS, Shape, Sizes, normal

IMAGES = {"small": (8, 64, 64), "middle": (16, 256, 256), "large": (64, 512, 512)}


def draw_binary(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = rng.integers(0, 2, (*leading, width(options))).astype("float64")
    logits = rng.normal(0, 2, (*leading, width(options)))
    if options.get("ignore_class") is not None:
        y_true = np.where(rng.random(y_true.shape) < 0.4, options["ignore_class"], y_true)
    return placed(options, y_true, logits if options.get("from_logits") else 1 / (1 + np.exp(-logits)))


def sized_binary(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_true, logits = (normal(rng, shape) > 0).astype("float32"), normal(rng, shape)
    return y_true, logits if options.get("from_logits") else 1 / (1 + np.exp(-logits))


def yes_or_no(options: Options) -> Path:
    cases = tuple(case(f"y_true = {true:g}", [true], column) for true in (1.0, 0.0))
    if options.get("from_logits"):
        return Path("predicted logit", "gradient by the logit", (-6, 6), cases)
    return Path("predicted probability", "gradient by the probability", PROBABILITIES, cases)


BINARY = InputKind(
    "binary",
    "Independent zeros and ones, some of them ignored if there is an `ignore_class`",
    "probabilities or logits",
    draw=draw_binary,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("sigmoid"),
    path=yes_or_no,
    sizes=Sizes(sized_binary, OUTPUTS),
    wrong_targets=(mask_of_bytes, signs),
    named=(
        Named(
            "binary",
            {
                "probabilities of exactly 0 and 1, all right": sure_of_each(True, 0.0, 1.0),
                "probabilities of exactly 0 and 1, all wrong": sure_of_each(False, 0.0, 1.0),
            },
        ),
        Named(
            "binary-logits",
            {
                "logits of 100, all right": sure_of_each(True, -CERTAIN_LOGIT, CERTAIN_LOGIT),
                "logits of 100, all wrong": sure_of_each(False, -CERTAIN_LOGIT, CERTAIN_LOGIT),
            },
            {"from_logits": True},
        ),
    ),
    elementwise=True,
    probabilities=True,
    example=Example(
        features(
            "# Three labels for each sample, each yes or no.",
            'y = (x @ rng.normal(size=(8, 3)) > 0).astype("float32")',
        ),
        sequential(HIDDEN, 'keras.layers.Dense(3, activation="sigmoid")'),
    ),
)


def draw_binary_scores(rng: Rng, options: Options, leading: Leading) -> Pair:
    return draw_binary(rng, {**options, "from_logits": True}, leading)


BINARY_SCORES = replace(
    BINARY,
    name="binary_scores",
    y_pred="scores",
    draw=draw_binary_scores,
    layer=activation("linear"),
    path=lambda options: yes_or_no({**options, "from_logits": True}),
    sizes=Sizes(lambda rng, shape, options: sized_binary(rng, shape, {"from_logits": True}), OUTPUTS),
    named=(),
    probabilities=False,
    scores=True,
    example=replace(BINARY.example, model=sequential(HIDDEN, "keras.layers.Dense(3)")),
)


def draw_decisions(rng: Rng, options: Options, leading: Leading) -> Pair:
    """Without `multi_label`, one class for each row."""
    draw = draw_binary if options.get("multi_label", True) else draw_labels_or_distributions
    return draw(rng, options, leading)


def two_outputs_of_two_samples(options: Options) -> Path:
    """Each sample has one output of yes."""
    y_true = np.eye(2)

    def moved(text: str, here: list[list[float]]) -> Case:
        def y_pred(x: np.ndarray) -> np.ndarray:
            p = np.where(np.array(here) == 1, x[:, None], 0.6 * y_true + 0.2)
            return np.log(p / (1.0 - p)) if options.get("from_logits") else p

        return case(text, y_true, y_pred)

    cases = (moved("of an output that is true", [[1, 0], [0, 0]]), moved("of a false one", [[0, 1], [0, 0]]))
    axis = "probability (the others: 0.8 if true, 0.2 if false)"
    return Path(axis, "gradient by this probability", PROBABILITIES, cases)


DECISIONS = InputKind(
    "decisions",
    "Zeros and ones, or with `multi_label=False` class indices or distributions",
    "probabilities or logits",
    draw=draw_decisions,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("sigmoid"),
    path=two_outputs_of_two_samples,
    sizes=Sizes(sized_binary, OUTPUTS),
    wrong_targets=(mask_of_bytes, signs),
    probabilities=True,
    coupled=True,
    example=BINARY.example,
)


def draw_signs(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = 2.0 * rng.integers(0, 2, (*leading, width(options))) - 1.0
    return y_true, rng.normal(0, 2, (*leading, width(options)))


def sized_signs(rng: Rng, shape: Shape, options: Options) -> Pair:
    return np.sign(normal(rng, shape)), normal(rng, shape)


def score_of_a_sign(options: Options) -> Path:
    cases = tuple(case(f"y_true = {true:+g}", [true], column) for true in (1.0, -1.0))
    return Path("score", "gradient by the score", (-3, 3), cases)


SIGNS = InputKind(
    "signs",
    "Targets -1 and 1",
    "scores",
    draw=draw_signs,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("linear"),
    path=score_of_a_sign,
    sizes=Sizes(sized_signs, OUTPUTS),
    named=(
        Named(
            "signs",
            {
                "scores of 0": predicted_zeros,
                "scores at the margin": equal,
                "scores of 100, all wrong": sure_of_each(False, -CERTAIN_LOGIT, CERTAIN_LOGIT),
            },
        ),
    ),
    elementwise=True,
    signs=True,
    scores=True,
    example=Example(
        features("y = np.sign(x @ rng.normal(size=(8, 1)))  # -1 or 1 for each sample"),
        sequential(HIDDEN, "keras.layers.Dense(1)"),
    ),
)


def draw_regions(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = (rng.random((*leading, width(options))) < 0.4).astype("float64")
    y_pred = rng.random((*leading, width(options)))
    if options.get("from_logits"):
        y_pred = 8 * y_pred - 4
    y_true, y_pred = placed({"axis": options.get("class_axis", -1)}, y_true, y_pred)
    ignored = options.get("ignore_class")
    if ignored is None:
        return y_true, y_pred
    labels = rng.integers(0, width(options), leading)
    return np.where(rng.random(leading) < 0.3, ignored, labels).astype("int32"), y_pred


def quarter_of_an_image(options: Options) -> Path:
    """Four pixels. One of them belongs to the object."""
    y_true = np.array([[1.0, 0.0, 0.0, 0.0]])

    def of_object(x: np.ndarray) -> np.ndarray:
        return y_true * x[:, None]

    def of_background(x: np.ndarray) -> np.ndarray:
        return y_true + (1.0 - y_true) * (1.0 - x[:, None])

    cases = (
        case("of the object's pixels, the background right", y_true, of_object),
        case("of the background's pixels, the object right", y_true, of_background),
    )
    axis = "probability of what is right (the object fills a quarter)"
    return Path(axis, "gradient by this probability", (0.0, 1.0), cases)


def quarter_of_a_mask(options: Options) -> Path:
    """The same pixels, as the mask of one class."""
    path = quarter_of_an_image(options)

    def as_mask(one: Case) -> Case:
        return replace(one, y_true=one.y_true[0][:, None], y_pred=lambda x: one.y_pred(x)[..., None])

    return replace(path, cases=tuple(map(as_mask, path.cases)))


REGIONS = InputKind(
    "regions",
    "Zeros and ones",
    "probabilities",
    draw=draw_regions,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("sigmoid"),
    path=quarter_of_an_image,
    sizes=Sizes(sized_binary, IMAGES),
    wrong_targets=(mask_of_bytes, signs),
    probabilities=True,
    coupled=True,
    example=Example(
        "\n".join(
            [
                'x = rng.normal(size=(64, 16, 16, 1)).astype("float32")',
                'y = (x > 1).astype("float32")  # a mask for each image: the bright pixels',
            ]
        ),
        sequential(
            'keras.layers.Conv2D(8, 3, padding="same", activation="relu")',
            'keras.layers.Conv2D(1, 1, activation="sigmoid")',
        ),
        epochs=10,
    ),
)

# With a value for each image by default.
CLASS_MASKS = replace(
    REGIONS,
    name="class_masks",
    path=quarter_of_a_mask,
    sizes=Sizes(
        sized_binary, {"small": (4, 32, 32, 8), "middle": (8, 128, 128, 8), "large": (16, 256, 256, 16)}
    ),
    coupled=False,
)
