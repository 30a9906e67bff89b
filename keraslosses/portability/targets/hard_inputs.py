"""Hard inputs of each kind, for what has no reference: values and gradients must be finite there.

Each makes a pair of inputs from a drawn pair.
"""

from collections.abc import Callable

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]
Change = Callable[[np.ndarray, np.ndarray], Pair]

CERTAIN_LOGIT = 100.0


def equal(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, y_true.astype(y_pred.dtype)


def zeros(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.zeros_like(y_true), np.zeros_like(y_pred)


def far_apart(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, y_pred + np.asarray(1e4, y_pred.dtype)


def close(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, (y_true * (1 + 1e-6)).astype(y_pred.dtype)


def tiny(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, np.full_like(y_pred, 1e-6)


def sure(right: bool, low: float, high: float) -> Change:
    """Predictions that are sure of a class: the right one, or one beside it."""

    def change(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
        count = y_pred.shape[-1]
        labels = y_true if y_true.ndim < y_pred.ndim else np.argmax(y_true, axis=-1)
        hot = np.eye(count)[(labels + (not right)) % count]
        pure = y_true if y_true.ndim < y_pred.ndim else np.eye(count)[labels]
        return pure.astype(y_true.dtype), np.where(hot, high, low).astype(y_pred.dtype)

    return change


def sure_of_each(right: bool, low: float, high: float) -> Change:
    """The same where each element is a question of its own: yes is above 0."""

    def change(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
        return y_true, np.where((y_true > 0) == right, high, low).astype(y_pred.dtype)

    return change


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


def one_class(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.zeros_like(y_true), y_pred


def each_its_own_class(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.arange(len(y_true), dtype=y_true.dtype), y_pred


def at_one_point(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return y_true, np.broadcast_to(y_pred[:1], y_pred.shape).copy()


def without_labels(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.full_like(y_true, -1), y_pred


def label_twice(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    twice = np.full_like(y_true, -1)
    twice[:, :2] = 1
    return twice, y_pred


PROBABILITIES: dict[str, Change] = {
    "probabilities of exactly 0 and 1, all right": sure(True, 0.0, 1.0),
    "probabilities of exactly 0 and 1, all wrong": sure(False, 0.0, 1.0),
}
SCORES: dict[str, Change] = {
    "logits of 100, all right": sure(True, -CERTAIN_LOGIT, CERTAIN_LOGIT),
    "logits of 100, all wrong": sure(False, -CERTAIN_LOGIT, CERTAIN_LOGIT),
    "equal logits": lambda y_true, y_pred: (y_true, np.zeros_like(y_pred)),
}
HARD: dict[str, dict[str, Change]] = {
    "real": {"equal inputs": equal, "zeros": zeros, "nearly equal inputs": close, "errors of 1e4": far_apart},
    "positive": {"equal inputs": equal, "predictions of 1e-6": tiny, "errors of 1e4": far_apart},
    "probabilities": {"equal probabilities": equal, **PROBABILITIES},
    "binary": {
        "probabilities of exactly 0 and 1, all right": sure_of_each(True, 0.0, 1.0),
        "probabilities of exactly 0 and 1, all wrong": sure_of_each(False, 0.0, 1.0),
    },
    "binary-logits": {
        "logits of 100, all right": sure_of_each(True, -CERTAIN_LOGIT, CERTAIN_LOGIT),
        "logits of 100, all wrong": sure_of_each(False, -CERTAIN_LOGIT, CERTAIN_LOGIT),
    },
    "one-hot": PROBABILITIES,
    "logits": SCORES,
    "labels": PROBABILITIES,
    "label-logits": SCORES,
    "signs": {
        "scores of 0": lambda y_true, y_pred: (y_true, np.zeros_like(y_pred)),
        "scores at the margin": equal,
        "scores of 100, all wrong": sure_of_each(False, -CERTAIN_LOGIT, CERTAIN_LOGIT),
    },
    "boxes": {
        "equal boxes": equal,
        "boxes far apart": apart,
        "boxes that touch": touching,
        "a predicted box without area": without_area,
        "two boxes without area": both_without_area,
    },
    "embeddings": {
        "one class only": one_class,
        "each sample its own class": each_its_own_class,
        "all samples at one point": at_one_point,
    },
    "sequences": {"no label to say": without_labels, "a label said twice": label_twice},
}
