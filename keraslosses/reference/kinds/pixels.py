"""Kinds of images: a class, a mask or a distance for each pixel, and scores, probabilities or logits."""

import numpy as np

from keraslosses.reference.kinds.changes import mask_of_bytes, signs
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, scores, width
from keraslosses.reference.kinds.example import Example, sequential
from keraslosses.reference.kinds.kind import InputKind, activation
from keraslosses.reference.kinds.labels import draw_labels
from keraslosses.reference.kinds.outputs import IMAGES
from keraslosses.reference.kinds.path import PROBABILITIES, Path, case, column
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal, softmax

IMAGES_OF_CLASSES = {"small": (4, 64, 64, 8), "middle": (8, 128, 128, 16), "large": (16, 256, 256, 20)}
BRIGHT = 'x = rng.normal(size=(64, 16, 16, 1)).astype("float32")'


def convolutions(*last: str) -> str:
    """A model of two convolutions; `last` is the second one."""
    return sequential('keras.layers.Conv2D(8, 3, padding="same", activation="relu")', *last)


def placed(options: Options, y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    """Moves the last axis to the place of the option `class_axis`."""
    axis = options.get("class_axis", -1)
    return np.moveaxis(y_true, -1, axis), np.moveaxis(y_pred, -1, axis)


def with_ignored(rng: Rng, options: Options, labels: np.ndarray) -> np.ndarray:
    """The labels, some of them ignored if there is an `ignore_class`."""
    ignore = options.get("ignore_class")
    return labels if ignore is None else np.where(rng.random(labels.shape) < 0.4, ignore, labels)


def draw_binary_pixels(rng: Rng, options: Options, leading: Leading) -> Pair:
    shape = (*leading, width(options))
    y_true = (rng.random(shape) < 0.4).astype("float64")
    return with_ignored(rng, options, y_true), rng.normal(0, 2, shape)


def sized_binary_pixels(rng: Rng, shape: Shape, options: Options) -> Pair:
    return (normal(rng, shape) > 0.5).astype("float32"), normal(rng, shape)


OBJECT = np.array([1.0, 0.0, 0.0, 0.0])


def logits_of_a_quarter(options: Options) -> Path:
    """Four pixels. One of them belongs to the object. The logits that do not change are right."""
    still = 4.0 * OBJECT - 2.0
    cases = (
        case("of the object's pixel", OBJECT, lambda x: np.where(OBJECT > 0, x[:, None], still)),
        case("of one other pixel", OBJECT, lambda x: np.where([0, 1, 0, 0], x[:, None], still)),
    )
    return Path("logit (the object fills a quarter)", "gradient by the logit", (-3.0, 3.0), cases)


BINARY_PIXELS = InputKind(
    "binary_pixels",
    "Zeros and ones, some of them ignored if there is an `ignore_class`",
    "logits",
    draw=draw_binary_pixels,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("linear"),
    path=logits_of_a_quarter,
    sizes=Sizes(sized_binary_pixels, IMAGES),
    wrong_targets=(mask_of_bytes, signs),
    elementwise=True,
    scores=True,
    example=Example(
        f'{BRIGHT}\ny = (x > 1).astype("float32")  # a mask for each image: the bright pixels',
        convolutions("keras.layers.Conv2D(1, 1)"),
        epochs=10,
    ),
)


def draw_pixels(rng: Rng, options: Options, leading: Leading) -> Pair:
    labels, y_pred = draw_labels(rng, options, leading)
    return labels, np.moveaxis(y_pred, -1, options.get("class_axis", -1))


def sized_pixels(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_pred = normal(rng, shape)
    return rng.integers(0, shape[-1], shape[:-1]), y_pred if options.get("from_logits") else softmax(y_pred)


def probability_of_a_quarter(options: Options) -> Path:
    """Four pixels. The first one has class 1, the others class 0. The other pixels are right."""
    y_true = np.array([[1, 0, 0, 0]], "int32")

    def rows(x: np.ndarray, place: int) -> np.ndarray:
        right = np.where(np.arange(4) == place, x, 0.9)
        of_one = np.where(y_true == 1, right, 1.0 - right)
        if options.get("from_logits"):
            return np.stack([np.zeros_like(of_one), np.log(of_one / (1.0 - of_one))], axis=-1)
        return np.stack([1.0 - of_one, of_one], axis=-1)

    cases = (
        case("of the pixel of class 1", y_true, lambda x: rows(x, 0)),
        case("of one pixel of class 0", y_true, lambda x: rows(x, 1)),
    )
    axis = "probability of the true class (1 of 4 pixels has class 1)"
    return Path(axis, "gradient by this probability", (0.04, 0.96), cases)


PIXELS = InputKind(
    "pixels",
    "A class index for each pixel, some of them ignored if there is an `ignore_class`",
    "probabilities or logits",
    draw=draw_pixels,
    smallest=([0], [[0.5, 0.5]]),
    layer=activation("softmax"),
    path=probability_of_a_quarter,
    sizes=Sizes(sized_pixels, IMAGES_OF_CLASSES),
    labels=True,
    probabilities=True,
    coupled=True,
    example=Example(
        f"{BRIGHT}\ny = (x[..., 0] > 1) + 2 * (x[..., 0] < -1)  # the class of each pixel: 0, 1 or 2",
        convolutions('keras.layers.Conv2D(3, 1, activation="softmax")'),
        epochs=10,
    ),
)


def draw_distances(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true = rng.normal(0, 3, (*leading, width(options)))
    y_pred = scores(rng, options, leading)
    return placed(options, y_true, y_pred)


def sized_distances(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_pred = normal(rng, shape)
    return 9.0 * normal(rng, shape), y_pred if options.get("from_logits") else 1 / (1 + np.exp(-y_pred))


def at_a_distance(options: Options) -> Path:
    cases = tuple(case(f"distance {distance:+g}", [distance], column) for distance in (2.0, -1.0))
    if options.get("from_logits"):
        return Path("predicted logit", "gradient by the logit", (-6, 6), cases)
    return Path("predicted probability", "gradient by the probability", PROBABILITIES, cases)


DISTANCES = InputKind(
    "distances",
    "Signed distances from the boundary of a region, below 0 inside",
    "probabilities or logits",
    draw=draw_distances,
    smallest=([[1.0]], [[0.5]]),
    layer=activation("sigmoid"),
    path=at_a_distance,
    sizes=Sizes(sized_distances, IMAGES),
    elementwise=True,
    probabilities=True,
    example=Example(
        "\n".join(
            [
                BRIGHT,
                "# The bright pixels are a mask for each image; y is their distance from its boundary.",
                "y = keraslosses.signed_distances(x > 1)",
            ]
        ),
        convolutions('keras.layers.Conv2D(1, 1, activation="sigmoid")'),
        epochs=10,
    ),
)

# The width of the drawn images. Their height is the second number of `leading`.
DRAWN_WIDTH = 3


def draw_masks(rng: Rng, options: Options, leading: Leading) -> Pair:
    shape = (leading[0], *(leading[1:] or (4,)), DRAWN_WIDTH, width(options))
    y_true = (rng.random(shape) < 0.4).astype("float64")
    y_pred = rng.normal(0, 2, shape) if options.get("from_logits") else rng.random(shape)
    return placed(options, y_true, y_pred)


def sized_masks(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_true, y_pred = sized_binary_pixels(rng, shape, options)
    return y_true, y_pred if options.get("from_logits") else 1 / (1 + np.exp(-y_pred))


def line_in_an_image(options: Options) -> Path:
    """A vertical line of five pixels. The background is right."""
    y_true = np.zeros((1, 5, 5, 1))
    y_true[:, :, 2] = 1.0
    middle = np.zeros_like(y_true)
    middle[:, 2, 2] = 1.0
    cases = (
        case("of the whole line", y_true, lambda x: y_true * x),
        case("of the pixel in its middle", y_true, lambda x: y_true - middle + middle * x),
    )
    return Path("probability of a line of five pixels", "gradient by this probability", PROBABILITIES, cases)


MASKS = InputKind(
    "masks",
    "Zeros and ones of images",
    "probabilities or logits",
    draw=draw_masks,
    smallest=([[[[1.0]]]], [[[[0.5]]]]),
    layer=activation("sigmoid"),
    path=line_in_an_image,
    sizes=Sizes(
        sized_masks, {"small": (8, 64, 64, 1), "middle": (16, 256, 256, 1), "large": (16, 512, 512, 1)}
    ),
    wrong_targets=(mask_of_bytes, signs),
    shape=(4, DRAWN_WIDTH, 7),
    probabilities=True,
    coupled=True,
    example=Example(
        "\n".join(
            [
                BRIGHT,
                "x[:, np.arange(16), np.arange(16)] += 3  # a bright line",
                "y = np.zeros_like(x)\ny[:, np.arange(16), np.arange(16)] = 1  # its mask",
            ]
        ),
        convolutions('keras.layers.Conv2D(1, 1, activation="sigmoid")'),
        epochs=10,
    ),
)
