"""How inputs are drawn: one function for each kind of pair that a loss reads.

The first paragraph of its docstring says what y_true and y_pred are; `python -m keraslosses list` prints it.
"""

from typing import Any

import numpy as np

CLASSES = 7

Rng = np.random.Generator
Leading = tuple[int, ...]
Pair = tuple[np.ndarray, np.ndarray]


def real(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Real numbers."""
    shape = (*leading, width(options))
    return placed(options, rng.normal(0, 2, shape), rng.normal(0, 2, shape))


def positive(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Positive numbers, as counts, prices and rates."""
    shape = (*leading, width(options))
    return placed(options, rng.gamma(2, 2, shape), rng.gamma(2, 2, shape) + 0.1)


def distributions(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Rows of probabilities."""
    return placed(options, simplex(rng, leading, width(options)), simplex(rng, leading, width(options)))


def binary(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Independent zeros and ones, against probabilities or logits."""
    y_true = rng.integers(0, 2, (*leading, width(options))).astype("float64")
    logits = rng.normal(0, 2, (*leading, width(options)))
    return placed(options, y_true, logits if options.get("from_logits") else 1 / (1 + np.exp(-logits)))


def one_hot(rng: Rng, options: Any, leading: Leading) -> Pair:
    """One class of C as a one-hot row (some rows soft), against probabilities or logits."""
    y_true = np.eye(width(options))[rng.integers(0, width(options), leading)]
    soft = rng.random(leading)[..., None] < 0.3
    y_true = np.where(soft, simplex(rng, leading, width(options)), y_true)
    return placed(options, y_true, scores(rng, options, leading))


def labels(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Class indices, some of them ignored if there is an `ignore_class`, against probabilities or logits."""
    y_true = rng.integers(0, width(options), leading).astype("int32")
    if options.get("ignore_class") is not None:
        y_true = np.where(rng.random(leading) < 0.4, options["ignore_class"], y_true).astype("int32")
    return y_true, placed(options, scores(rng, options, leading))[0]


def signs(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Targets -1 and 1, against scores."""
    y_true = 2.0 * rng.integers(0, 2, (*leading, width(options))) - 1.0
    return y_true, rng.normal(0, 2, (*leading, width(options)))


def one_hot_scores(rng: Rng, options: Any, leading: Leading) -> Pair:
    """One class of C as a one-hot row, against scores."""
    y_true = np.eye(width(options))[rng.integers(0, width(options), leading)]
    return y_true, rng.normal(0, 2, (*leading, width(options)))


def labels_and_scores(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Class indices, some of them ignored if there is an `ignore_class`, against scores."""
    return labels(rng, {**options, "from_logits": True}, leading)


def labels_and_log_probabilities(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Class indices against the logarithms of probabilities."""
    y_true, y_pred = labels(rng, options, leading)
    return y_true, np.log(y_pred)


def labels_and_cosines(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Class indices, some of them ignored if there is an `ignore_class`, against cosines."""
    y_true, _ = labels(rng, options, leading)
    return y_true, rng.uniform(-0.98, 0.98, (*leading, width(options)))


def label_lists(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Lists of class indices, some twice, some empty, ended by -1, against scores."""
    y_true = rng.integers(0, width(options), (*leading, width(options)))
    length = rng.integers(0, 5, leading)
    y_true = np.where(np.arange(width(options)) == length[..., None], -1, y_true).astype("int32")
    return y_true, rng.normal(0, 2, (*leading, width(options)))


def regions(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Zeros and ones against probabilities."""
    y_true = (rng.random((*leading, width(options))) < 0.4).astype("float64")
    return y_true, rng.random((*leading, width(options)))


def embeddings(rng: Rng, options: Any, leading: Leading) -> Pair:
    """The class of each sample of a batch, against vectors of length 1.

    The last class has one sample only.
    """
    size = int(np.prod(leading))
    y_true = np.append(rng.integers(0, 3, max(size - 1, 0)), 2**24 + 1)[:size].astype("int32")
    vectors = rng.normal(0, 1, (size, width(options)))
    return y_true, vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def boxes(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Boxes against boxes.

    Width and height are 1 to 50 times each other; most of a pair overlap, some do not.
    """
    centers = rng.normal(0, 2, (2, *leading, 2))
    sizes = np.exp(rng.uniform(-2, 2, (2, *leading, 2)))
    starts, ends = centers - sizes / 2, centers + sizes / 2
    parts = {
        "xyxy": (starts, ends),
        "yxyx": (starts[..., ::-1], ends[..., ::-1]),
        "xywh": (starts, sizes),
        "center_xywh": (centers, sizes),
    }[options.get("box_format", "xyxy")]
    y_true, y_pred = np.concatenate(parts, axis=-1)
    return y_true, y_pred


def anchors(rng: Rng, options: Any, leading: Leading) -> Pair:
    """For each anchor of each image a class, background or "ignored", and a box, against logits and a box."""
    if len(leading) == 1:
        leading = (*leading, 6)
    true, pred = boxes(rng, options, leading)
    classes = rng.choice([-1, 0, 0, *range(1, options["num_classes"] + 1)], (*leading, 1))
    logits = rng.normal(0, 2, (*leading, options["num_classes"] + 1))
    return np.concatenate([classes, true], axis=-1), np.concatenate([logits, pred], axis=-1)


def locations(rng: Rng, options: Any, leading: Leading) -> Pair:
    """For each location of each image a class, background or "ignored", and the distances to the edges of its
    box, against logits, distances and a logit of the centerness.
    """
    y_true, y_pred = anchors(rng, options, leading)
    count, leading = options["num_classes"], y_true.shape[:-1]
    true, pred = np.exp(rng.normal(0, 1, (2, *leading, 4)))
    centerness = rng.normal(0, 1, (*leading, 1))
    return (
        np.concatenate([y_true[..., :1], true], axis=-1),
        np.concatenate([y_pred[..., :count], pred, centerness], axis=-1),
    )


def sequences(rng: Rng, options: Any, leading: Leading) -> Pair:
    """Sequences of labels, ended by -1, against the frames in which they appear.

    The leading shape is (batch, frames); frames are 6 where there is only a batch. y_true (batch, 4): no
    label, some, or 4, as many as have an alignment. y_pred (batch, frames, classes).
    """
    leading = leading if len(leading) == 2 else (*leading, 6)
    blank = options.get("blank_index", 0) % width(options)
    others = [label for label in range(width(options)) if label != blank]
    y_true = np.full((leading[0], 4), -1, "int32")
    for row in y_true:
        labels = rng.choice(others, rng.integers(0, 5))
        while len(labels) + np.sum(labels[1:] == labels[:-1]) > leading[1]:
            labels = labels[:-1]
        row[: len(labels)] = labels
    return y_true, scores(rng, {"from_logits": True, **options}, leading)


def width(options: Any) -> int:
    """How many classes or features there are; the option `width` is nobody's but a draw's."""
    return int(options.get("width", CLASSES))


def scores(rng: Rng, options: Any, leading: Leading) -> np.ndarray:
    if options.get("from_logits"):
        return rng.normal(0, 2, (*leading, width(options)))
    return simplex(rng, leading, width(options))


def simplex(rng: Rng, leading: Leading, count: int) -> np.ndarray:
    weights = np.exp(rng.normal(0, 1, (*leading, count)))
    return weights / weights.sum(-1, keepdims=True)


def placed(options: Any, *arrays: np.ndarray) -> Any:
    """The last axis put where the option `axis` says."""
    return tuple(np.moveaxis(array, -1, options.get("axis", -1)) for array in arrays)
