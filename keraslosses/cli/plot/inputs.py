"""What a loss is drawn against: for each kind of inputs, predictions that one number moves along a path."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from keraslosses.cli.plot.boxes import anchors, boxes, locations
from keraslosses.cli.plot.path import Case, Options, Path, case, tensor
from keraslosses.reference import Reference

# Of losses over classes: one is the label's, the others share what is left.
CLASSES = 10
PROBABILITIES = (0.04, 0.96)
DEGREES = (0.0, 45.0, 90.0, 135.0, 180.0)


# Numbers


def column(x: Any) -> Any:
    return x[:, None]


def errors(options: Options) -> Path:
    return Path("error, y_pred − y_true", "gradient by y_pred", (-3, 3), (case("", [0.0], column),))


def amounts(options: Options) -> Path:
    cases = tuple(case(f"y_true = {true:g}", [true], column) for true in (1.0, 3.0))
    return Path("y_pred", "gradient by y_pred", (0.1, 6), cases)


def binary(options: Options) -> Path:
    cases = tuple(case(f"y_true = {true:g}", [true], column) for true in (1.0, 0.0))
    if options.get("from_logits"):
        return Path("predicted logit", "gradient by the logit", (-6, 6), cases)
    return Path("predicted probability", "gradient by the probability", PROBABILITIES, cases)


def signs(options: Options) -> Path:
    cases = tuple(case(f"y_true = {true:+g}", [true], column) for true in (1.0, -1.0))
    return Path("score", "gradient by the score", (-3, 3), cases)


# Directions


def turned(x: Any) -> Any:
    """Vectors of the plane at these angles to the first axis, in degrees."""
    radians = np.pi / 180 * x
    return ops.stack([ops.cos(radians), ops.sin(radians)], axis=-1)


def directions(options: Options) -> Path:
    cases = (case("", [1.0, 0.0], turned),)
    return Path("angle between y_true and y_pred (degrees)", "gradient per degree", (0, 180), cases, DEGREES)


def angles_to_class(options: Options) -> Path:
    """Not from 0 to 180: there the cosine has no digits left that tell angles apart."""
    cases = (case("", 0, lambda x: first_of_classes(turned(x)[:, 0])),)
    axis = "angle to the label's class (degrees), 90 to the others"
    return Path(axis, "gradient per degree", (1, 179), cases, DEGREES)


def pairs(options: Options) -> Path:
    """Three samples; the first is the anchor, and its loss is drawn."""

    def positive_at(x: Any) -> Any:
        return embeddings(x, 60.0 + 0.0 * x)

    def negative_at(x: Any) -> Any:
        return embeddings(60.0 + 0.0 * x, x)

    y_true = np.array([0, 0, 1], "int32")
    cases = (
        case("to the positive, the negative at 60°", y_true, positive_at),
        case("to the negative, the positive at 60°", y_true, negative_at),
    )
    return Path("angle from the anchor (degrees)", "gradient per degree", (1, 179), cases, DEGREES)


def embeddings(positive: Any, negative: Any) -> Any:
    """The anchor, and two samples at these angles to it, in planes of their own."""
    near, far = turned(positive)[0], turned(negative)[0]
    zero = ops.zeros_like(near[0])
    anchor = ops.stack([zero + 1.0, zero, zero])
    return ops.stack([anchor, ops.stack([near[0], near[1], zero]), ops.stack([far[0], zero, far[1]])])


# Classes


def first_of_classes(x: Any) -> Any:
    """x for the first class, 0 for the others."""
    return tensor(np.eye(CLASSES)[0]) * x[:, None]


def shared(x: Any, right: np.ndarray) -> Any:
    """Rows of probabilities: x for the class that `right` marks, the rest shared evenly."""
    x = ops.reshape(x, (-1, *[1] * right.ndim))
    return tensor(right) * x + tensor(1.0 - right) * (1.0 - x) / (right.shape[-1] - 1)


def own_probability(x: Any) -> Any:
    return shared(x, np.eye(CLASSES)[0])


def one_class(options: Options, y_true: Any) -> Path:
    if options.get("from_logits"):
        return own_score(y_true, "logit", (-8.0, 8.0))
    axis = "probability of the true class, the rest shared evenly"
    cases = (case("", y_true, own_probability),)
    return Path(axis, "gradient by this probability", PROBABILITIES, cases)


def own_score(y_true: Any, what: str, span: tuple[float, float]) -> Path:
    axis = f"{what} of the true class, 0 for the others"
    return Path(axis, f"gradient by the {what}", span, (case("", y_true, first_of_classes),))


def one_hot(options: Options) -> Path:
    return one_class(options, np.eye(CLASSES)[0])


def labels(options: Options) -> Path:
    return one_class(options, 0)


def one_hot_scores(options: Options) -> Path:
    return own_score(np.eye(CLASSES)[0], "score", (-4.0, 4.0))


def label_scores(options: Options) -> Path:
    return own_score(0, "score", (-4.0, 4.0))


def log_probabilities(options: Options) -> Path:
    cases = (case("", 0, lambda x: ops.log(own_probability(ops.exp(x)))),)
    axis = "log-probability of the true class"
    return Path(axis, "gradient by the log-probability", (-5.0, -0.05), cases)


def label_lists(options: Options) -> Path:
    """The labels listed all get x."""

    def case_of(count: int) -> Case:
        listed = np.arange(CLASSES) < count
        y_true = np.where(listed, np.arange(CLASSES), -1).astype("int32")
        return case(f"{count} of {CLASSES} classes listed", y_true, lambda x: tensor(listed) * x[:, None])

    axis = "score of the listed classes, 0 for the others"
    return Path(axis, "gradient by the score", (-3.0, 3.0), (case_of(1), case_of(3)))


def distributions(options: Options) -> Path:
    def case_of(p: float) -> Case:
        y_true = np.where(np.arange(CLASSES) == 0, p, (1 - p) / (CLASSES - 1))
        return case(f"true probability {p:g}", y_true, own_probability)

    axis = "probability of the first class, the rest shared evenly"
    return Path(axis, "gradient by this probability", PROBABILITIES, (case_of(0.3), case_of(0.8)))


# Images and sequences


def regions(options: Options) -> Path:
    """Four pixels, one of them of the object."""
    y_true = np.array([[1.0, 0.0, 0.0, 0.0]])

    def of_object(x: Any) -> Any:
        return tensor(y_true) * x[:, None]

    def of_background(x: Any) -> Any:
        return tensor(y_true) + tensor(1.0 - y_true) * (1.0 - x[:, None])

    cases = (
        case("of the object's pixels, the background right", y_true, of_object),
        case("of the background's pixels, the object right", y_true, of_background),
    )
    axis = "probability of what is right (the object fills a quarter)"
    return Path(axis, "gradient by this probability", (0.0, 1.0), cases)


def sequences(options: Options) -> Path:
    """Two labels in three frames: the first, blank, the second."""
    blank = options.get("blank_index", 0) % CLASSES
    first, second = [label for label in range(CLASSES) if label != blank][:2]

    def case_of(label: str, *labels: int) -> Case:
        right = np.eye(CLASSES)[[labels[0], blank, labels[1]]]

        def y_pred(x: Any) -> Any:
            frames = shared(x, right)
            return ops.log(frames) if options.get("from_logits", True) else frames

        return case(label, np.array(labels, "int32"), y_pred)

    cases = case_of("two labels", first, second), case_of("the same label twice", first, first)
    axis = "probability of each frame's class, the rest shared evenly"
    return Path(axis, "gradient by this probability", PROBABILITIES, cases)


# By family, or by how the reference draws the inputs.
PATHS: dict[str, Callable[[Options], Path]] = {
    "similarity": directions,
    "real": errors,
    "positive": amounts,
    "distributions": distributions,
    "binary": binary,
    "one_hot": one_hot,
    "labels": labels,
    "signs": signs,
    "one_hot_scores": one_hot_scores,
    "labels_and_scores": label_scores,
    "labels_and_log_probabilities": log_probabilities,
    "labels_and_cosines": angles_to_class,
    "label_lists": label_lists,
    "regions": regions,
    "embeddings": pairs,
    "boxes": boxes,
    "anchors": anchors,
    "locations": locations,
    "sequences": sequences,
}


def path_of(reference: Reference, options: Options) -> Path:
    """What the loss is drawn against.

    Raises:
        KeyError: for a kind of inputs that has no picture.
    """
    return PATHS[reference.family if reference.family in PATHS else reference.draw.__name__](options)
