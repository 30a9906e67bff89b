"""Changes of a drawn pair of inputs.

Some changes make hard inputs, at which many implementations fail. The others make inputs outside the domain
of a loss, which are common mistakes of users.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray
Change = Callable[[Array, Array], tuple[Array, Array]]

CERTAIN_LOGIT = 100.0


# Hard inputs


def equal(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    return y_true, y_true.astype(y_pred.dtype)


def far_apart(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    return y_true, y_pred + np.asarray(1e4, y_pred.dtype)


def predicted_zeros(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    return y_true, np.zeros_like(y_pred)


def sure(right: bool, low: float, high: float) -> Change:
    """Predictions that are certain of one class: the right class, or the next one."""

    def change(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        count = y_pred.shape[-1]
        labels = y_true if y_true.ndim < y_pred.ndim else np.argmax(y_true, axis=-1)
        hot = np.eye(count)[(labels + (not right)) % count]
        pure = y_true if y_true.ndim < y_pred.ndim else np.eye(count)[labels]
        return pure.astype(y_true.dtype), np.where(hot, high, low).astype(y_pred.dtype)

    return change


def sure_of_each(right: bool, low: float, high: float) -> Change:
    """Certain predictions for elements that are independent of each other. A target above 0 means yes."""

    def change(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
        return y_true, np.where((y_true > 0) == right, high, low).astype(y_pred.dtype)

    return change


CERTAIN_CLASSES: dict[str, Change] = {
    "probabilities of exactly 0 and 1, all right": sure(True, 0.0, 1.0),
    "probabilities of exactly 0 and 1, all wrong": sure(False, 0.0, 1.0),
}
LARGE_LOGITS: dict[str, Change] = {
    "logits of 100, all right": sure(True, -CERTAIN_LOGIT, CERTAIN_LOGIT),
    "logits of 100, all wrong": sure(False, -CERTAIN_LOGIT, CERTAIN_LOGIT),
    "equal logits": predicted_zeros,
}


# Inputs outside the domain of a loss: the first sample is changed, the others stay


class Outside(NamedTuple):
    """A pair of inputs whose first sample is outside the domain. `what` says what is wrong with it."""

    what: str
    y_true: Array
    y_pred: Array


WrongPair = Callable[[Array, Array], Outside]


def logits_for_probabilities(y_true: Array, y_pred: Array) -> Outside:
    wrong = y_pred.copy()
    wrong[0] = np.resize([-2.0, 3.0], y_pred[0].shape)
    return Outside("logits where probabilities belong", y_true, wrong)


def mask_of_bytes(y_true: Array, y_pred: Array) -> Outside:
    return wrong_targets("targets of 0 and 255", [255.0, 0.0], y_true, y_pred)


def signs(y_true: Array, y_pred: Array) -> Outside:
    return wrong_targets("targets of -1 and 1", [-1.0, 1.0], y_true, y_pred)


def wrong_targets(what: str, numbers: list[float], y_true: Array, y_pred: Array) -> Outside:
    wrong = y_true.copy()
    wrong[0] = np.resize(numbers, y_true[0].shape)
    return Outside(what, wrong, y_pred)
