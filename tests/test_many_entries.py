"""Means of very many entries keep their digits, compiled and eager; so do counts."""

import math

import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.core.reduction import Entries, entries_counted
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

SIDE, CLASSES = 512, 21
LABELS = np.zeros((1, SIDE, SIDE), "int32")
STRIPED = np.where(np.arange(SIDE) % 16 == 0, 255, LABELS).astype("int32")
WEIGHTS = [1.1] * CLASSES
# The loss, its labels, the number that all predictions are, and the mean.
MEANS = {
    "plain": (keraslosses.SparseCategoricalCrossentropy(from_logits=True), LABELS, 0.0, math.log(CLASSES)),
    "ignored": (
        keraslosses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255),
        STRIPED,
        0.0,
        math.log(CLASSES),
    ),
    "weighted": (
        keraslosses.SparseCategoricalCrossentropy(from_logits=True, class_weights=WEIGHTS),
        LABELS,
        0.0,
        1.1 * math.log(CLASSES),
    ),
    "divided by weights": (
        keraslosses.SparseCategoricalCrossentropy(
            from_logits=True, class_weights=WEIGHTS, reduction="mean_with_sample_weight"
        ),
        LABELS,
        0.0,
        math.log(CLASSES),
    ),
    "likelihood, ignored": (keraslosses.NegativeLogLikelihood(ignore_class=255), STRIPED, -3.3, 3.3),
}


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("name", MEANS)
def test_mean_over_many_pixels(name, mode):
    loss, labels, number, expected = MEANS[name]
    y_pred = np.full((1, SIDE, SIDE, CLASSES), number, "float32")
    value, gradient = value_and_gradient(loss, labels, y_pred, mode=mode)
    assert value == pytest.approx(expected, rel=1e-5)
    assert np.abs(gradient).sum() > 0


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("shape", [(2**22, 1), (2**11, 2**11), (2, 2**21)])
def test_mean_over_many_numbers(shape, mode):
    y_pred = np.full(shape, 1.1, "float32")
    value, _ = value_and_gradient(
        keraslosses.MeanSquaredError(), np.zeros(shape, "float32"), y_pred, mode=mode
    )
    assert value == pytest.approx(1.21, rel=1e-5)


@pytest.mark.parametrize("mode", HARD_MODES)
def test_overlap_of_many_pixels(mode):
    y = np.full((4, SIDE, SIDE, 3), 0.3, "float32")
    value, _ = value_and_gradient(keraslosses.Dice(), y, y, mode=mode)
    assert value == pytest.approx(0.7, rel=1e-5)


@pytest.mark.parametrize("mode", HARD_MODES)
def test_one_entry_without_an_axis(mode):
    box, other = np.array([0.0, 0.0, 2.0, 2.0], "float32"), np.array([1.0, 0.0, 3.0, 2.0], "float32")
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        value, _ = value_and_gradient(keraslosses.IoU(reduction=reduction), box, other, mode=mode)
        assert value == pytest.approx(2 / 3)


def test_valid_entries_are_counted_as_integers():
    """float32 counts to 2^24 and no further."""
    values, valid = ops.zeros((2**12 + 1, 2**12)), ops.ones((2**12 + 1, 1), dtype="bool")
    assert int(entries_counted(Entries(values, valid))) == pytest.approx(2**24 + 2**12, abs=2)


@pytest.mark.parametrize("mode", HARD_MODES)
def test_mean_over_very_many_labels(mode):
    """The formula does not state its derivatives, so the mean is taken by another way."""
    y_pred = np.full((2**22, 2), -3.3, "float32")
    value, _ = value_and_gradient(
        keraslosses.NegativeLogLikelihood(), np.zeros(2**22, "int32"), y_pred, mode=mode
    )
    assert value == pytest.approx(3.3, rel=1e-5)
