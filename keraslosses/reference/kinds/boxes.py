"""Kinds of boxes: boxes alone, anchors with a class and a box, and locations with a class and distances."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keraslosses.reference.kinds.changes import equal
from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng
from keraslosses.reference.kinds.example import HIDDEN, Example, sequential
from keraslosses.reference.kinds.kind import InputKind, Named, activation
from keraslosses.reference.kinds.path import Case, Path, case
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal

SHAPES = {"small": (256, 4), "middle": (100_000, 4), "large": (1_000_000, 4)}
# 20 classes.
DETECTIONS = {"small": (4, 64, 25), "middle": (16, 1024, 25), "large": (16, 16_384, 25)}
# The width and height of the predicted box, and how far it is above the true box, the unit box.
SLID_BOXES = {"same size": (1.0, 1.0, 0.0), "twice as wide, half as high, ¼ higher": (2.0, 0.5, 0.25)}


def in_format(box_format: str, centers: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Boxes with these centers (x, y) and sizes (width, height), in a format of the losses."""
    starts, ends = centers - sizes / 2, centers + sizes / 2
    parts = {
        "xyxy": (starts, ends),
        "yxyx": (starts[..., ::-1], ends[..., ::-1]),
        "xywh": (starts, sizes),
        "center_xywh": (centers, sizes),
    }[box_format]
    return np.concatenate(parts, axis=-1)


def sliding(
    options: Options, target: Callable[[np.ndarray], Any], prediction: Callable[[np.ndarray], np.ndarray]
) -> Path:
    """The path of a box that moves past the unit box."""
    box_format = options.get("box_format", "xyxy")

    def case_of(label: str, width: float, height: float, up: float) -> Case:
        def y_pred(x: np.ndarray) -> np.ndarray:
            centers = np.stack([x, np.full_like(x, up)], axis=-1)
            sizes = np.broadcast_to([width, height], centers.shape)
            return prediction(in_format(box_format, centers, sizes))

        return case(label, target(in_format(box_format, np.zeros(2), np.ones(2))), y_pred)

    cases = tuple(case_of(label, *shape) for label, shape in SLID_BOXES.items())
    axis = "offset of the box (widths of the true box)"
    return Path(axis, "gradient by the offset", (-2.0, 2.0), cases)


def rows(size: int, *parts: Any) -> np.ndarray:
    """Concatenates parts of predictions. A part that is a list of numbers is the same in all rows."""
    wide = [np.tile(part, (size, 1)) if isinstance(part, list) else part for part in parts]
    return np.concatenate(wide, axis=-1)


# Boxes alone


def draw_boxes(rng: Rng, options: Options, leading: Leading) -> Pair:
    """Width and height differ by a factor of 1 to 50. Most pairs overlap, some do not."""
    centers = rng.normal(0, 2, (2, *leading, 2))
    sizes = np.exp(rng.uniform(-2, 2, (2, *leading, 2)))
    y_true, y_pred = in_format(options.get("box_format", "xyxy"), centers, sizes)
    return y_true, y_pred


def sized_boxes(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Boxes by their corners, of positive width and height. The predictions are wrong by about a quarter."""
    half = (*shape[:-1], 2)
    start, size = normal(rng, half), rng.random(half, dtype="float32") + 0.5
    start_pred, size_pred = start + normal(rng, half) / 4, size * np.exp(normal(rng, half) / 4)
    pairs = (start, start + size), (start_pred, start_pred + size_pred)
    y_true, y_pred = (np.concatenate(corners, axis=-1) for corners in pairs)
    return y_true, y_pred


def apart(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, y_true + np.asarray(100.0, y_pred.dtype)


def touching(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    width = y_true[..., 2:3] - y_true[..., :1]
    return y_true, y_true + width * np.asarray([1.0, 0.0, 1.0, 0.0], y_pred.dtype)


def without_area(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    corner = y_true[..., :2]
    return y_true, np.concatenate([corner, corner], axis=-1)


def both_without_area(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    _, points = without_area(y_true, y_pred)
    return points, points


BOXES = InputKind(
    "boxes",
    "Boxes",
    "Boxes",
    draw=draw_boxes,
    smallest=([[0.0, 0.0, 2.0, 2.0]], [[1.0, 0.0, 3.0, 2.0]]),
    # The predicted boxes overlap all true boxes. Without an overlap, training cannot increase it.
    layer=("Rescaling", {"scale": 1.0, "offset": [-3.0, -3.0, 3.0, 3.0]}),
    path=lambda options: sliding(options, lambda box: box, lambda box: box),
    sizes=Sizes(sized_boxes, SHAPES),
    named=(
        Named(
            "boxes",
            {
                "equal boxes": equal,
                "boxes far apart": apart,
                "boxes that touch": touching,
                "a predicted box without area": without_area,
                "two boxes without area": both_without_area,
            },
        ),
    ),
    shape=(5, 4),
    width=4,
    example=Example(
        "\n".join(
            [
                'corner = rng.uniform(0.0, 0.5, size=(512, 2)).astype("float32")',
                'size = rng.uniform(0.2, 0.5, size=(512, 2)).astype("float32")',
                "x = np.concatenate([corner, size], axis=1)",
                "y = np.concatenate([corner, corner + size], axis=1)  # a box: x1, y1, x2, y2",
            ]
        ),
        sequential(
            HIDDEN,
            "keras.layers.Dense(4)",
            "keras.layers.Rescaling(1.0, offset=[0.0, 0.0, 1.0, 1.0])",
        ),
    ),
)


# Anchors


def detector_data(numbers: str, what: str) -> str:
    """Data of 64 images with 16 places each, of 20 classes."""
    return "\n".join(
        [
            "# 64 images with 16 places each. Class 0 is background, and -1 is ignored.",
            "classes = rng.integers(-1, 21, size=(64, 16, 1))",
            "corner = rng.uniform(0.1, 0.5, size=(64, 16, 2))",
            "size = rng.uniform(0.2, 0.5, size=(64, 16, 2))",
            'x = np.concatenate([classes, corner, size], axis=-1).astype("float32")',
            f"y = np.concatenate([classes, {numbers}], axis=-1)  # a class, {what}",
        ]
    )


def detector_model(*heads: str) -> str:
    """A model whose heads see each place."""
    return "\n".join(
        [
            "inputs = keras.Input((16, 5))",
            f"hidden = {HIDDEN}(inputs)",
            "heads = [",
            *(f"    {head}" for head in heads),
            "]",
            "model = keras.Model(inputs, keras.layers.Concatenate()(heads))",
        ]
    )


def draw_anchors(rng: Rng, options: Options, leading: Leading) -> Pair:
    if len(leading) == 1:
        leading = (*leading, 6)
    true, pred = draw_boxes(rng, options, leading)
    classes = rng.choice([-1, 0, 0, *range(1, options["num_classes"] + 1)], (*leading, 1))
    logits = rng.normal(0, 2, (*leading, options["num_classes"] + 1))
    return np.concatenate([classes, true], axis=-1), np.concatenate([logits, pred], axis=-1)


def sized_anchors(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Classes and boxes by their corners, against logits and boxes. A tenth of the anchors have an object."""
    y_true, y_pred = sized_boxes(rng, (*shape[:-1], 4), options)
    classes = np.where(rng.random(shape[:-1]) < 0.1, rng.integers(1, shape[-1] - 4, shape[:-1]), 0)
    logits = normal(rng, (*shape[:-1], shape[-1] - 4))
    return (
        np.concatenate([classes[..., None], y_true], axis=-1, dtype="float32"),
        np.concatenate([logits, y_pred], axis=-1),
    )


def one_anchor(options: Options) -> Path:
    """An anchor of class 1. Every logit is 0, and its box moves."""
    logits = [0.0] * (options["num_classes"] + 1)
    return sliding(options, lambda box: [[1, *box]], lambda box: rows(len(box), logits, box)[:, None])


ANCHORS = InputKind(
    "anchors",
    'For each anchor of each image a class, background or "ignored", and a box',
    "logits and a box",
    draw=draw_anchors,
    smallest=([[[1.0, 0.0, 0.0, 2.0, 2.0]]], [[[0.0, 0.0, 0.0, 1.0, 0.0, 3.0, 2.0]]]),
    layer=activation("linear"),
    path=one_anchor,
    sizes=Sizes(sized_anchors, DETECTIONS),
    example=Example(
        detector_data("corner, corner + size", "and a box: x1, y1, x2, y2"),
        detector_model(
            "keras.layers.Dense(21)(hidden),  # logits: background and 20 classes",
            "keras.layers.Dense(4)(hidden),  # a box",
        ),
    ),
)


# Locations, with the distances to the edges of their boxes


def draw_locations(rng: Rng, options: Options, leading: Leading) -> Pair:
    y_true, y_pred = draw_anchors(rng, options, leading)
    count, leading = options["num_classes"], y_true.shape[:-1]
    true, pred = np.exp(rng.normal(0, 1, (2, *leading, 4)))
    centerness = rng.normal(0, 1, (*leading, 1))
    return (
        np.concatenate([y_true[..., :1], true], axis=-1),
        np.concatenate([y_pred[..., :count], pred, centerness], axis=-1),
    )


def sized_locations(rng: Rng, shape: Shape, options: Options) -> Pair:
    y_true, y_pred = sized_anchors(rng, shape, options)
    y_true[..., 1:], y_pred[..., -5:-1] = np.exp(y_true[..., 1:]), np.exp(y_pred[..., -5:-1])
    return y_true, y_pred


def one_location(options: Options) -> Path:
    """The box of a location if the user sets `box_loss`, else the logit of its class."""
    return location_box(options) if "box_loss" in options else location_logit(options)


def location_box(options: Options) -> Path:
    """The location in the middle of the true box. Every logit is 0."""
    to_sides, logits = np.array([-1.0, -1.0, 1.0, 1.0]), [0.0] * options["num_classes"]

    def y_pred(box: np.ndarray) -> np.ndarray:
        return rows(len(box), logits, to_sides * box, [0.0])[:, None]

    return sliding(options, lambda box: [[1, *(to_sides * box)]], y_pred)


def location_logit(options: Options) -> Path:
    half, rest = [0.5] * 4, [0.0] * (options["num_classes"] - 1)

    def y_pred(x: np.ndarray) -> np.ndarray:
        return rows(len(x), x[:, None], rest, half, [0.0])[:, None]

    cases = (
        case("inside an object of this class", [[1, *half]], y_pred),
        case("background", [[0, *half]], y_pred),
    )
    return Path("logit of the first class, 0 for the others", "gradient by the logit", (-6.0, 6.0), cases)


LOCATIONS = InputKind(
    "locations",
    'For each location of each image a class, background or "ignored", and the distances to the edges of '
    "its box",
    "logits, distances and a logit of the centerness",
    draw=draw_locations,
    smallest=([[[1.0, 1.0, 1.0, 1.0, 1.0]]], [[[0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 0.0]]]),
    layer=activation("linear"),
    path=one_location,
    sizes=Sizes(sized_locations, DETECTIONS),
    example=Example(
        detector_data("corner, size", "and the distances to the four edges"),
        detector_model(
            "keras.layers.Dense(20)(hidden),  # logits of 20 classes",
            'keras.layers.Dense(4, activation="softplus")(hidden),  # distances',
            "keras.layers.Dense(1)(hidden),  # the logit of the centerness",
        ),
    ),
)
