"""The kind `LabelsOrDistributions`: a class index costs what its one-hot row costs, and is checked as an index."""

import re

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses import kinds, rules
from keraslosses.core import numerics
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.labels_or_distributions import LabelsOrDistributions, weighted
from keraslosses.portability.gradients import MODES, value_and_gradient

OPTIONS = {"ignore_class": rules.optional_integer, "class_weights": rules.optional_weights}
LOGITS = np.random.default_rng(0).normal(0, 2, (3, 4)).astype("float32")
LABELS = np.array([2, 0, 3])
ROWS = np.eye(4, dtype="float32")[LABELS]
SOFT = np.full((3, 4), 0.25, "float32")
WEIGHTS = [1.0, 2.0, 0.5, 4.0]


@kl.loss_function(LabelsOrDistributions(true=kinds.DISTRIBUTIONS), **OPTIONS)
def of_rows(y_true, y_pred, ignore_class=None, class_weights=None):
    return weighted(
        -ops.sum(numerics.times_unless_zero(y_true, ops.log_softmax(y_pred)), axis=-1), class_weights, y_true
    )


@kl.loss_function(LabelsOrDistributions(explicit=True), ignore_class=rules.optional_integer)
def of_rows_explicit(y_true, y_pred, ignore_class=None):
    log_p = ops.log_softmax(y_pred)
    return Explicit(-ops.sum(y_true * log_p, axis=-1), lambda: ops.exp(log_p) - y_true)


@kl.loss_function(LabelsOrDistributions(), axis=rules.integer)
def of_axis(y_true, y_pred, axis=-1):
    return -ops.sum(y_true * ops.log_softmax(y_pred, axis=axis), axis=axis)


OfRows, OfRowsExplicit = kl.loss_class(of_rows), kl.loss_class(of_rows_explicit)


def number(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("loss", [OfRows, OfRowsExplicit])
@pytest.mark.parametrize("mode", MODES[::3])
def test_an_index_costs_what_its_row_costs(loss, mode):
    expected, slope = value_and_gradient(loss(), ROWS, LOGITS, mode=mode)
    for labels in (LABELS, LABELS[:, None], LABELS.astype("float32")):
        value, gradient = value_and_gradient(loss(), labels, LOGITS, mode=mode)
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-7)


def test_a_distribution_is_read_as_it_is():
    np.testing.assert_allclose(
        number(of_rows(SOFT, LOGITS)), -np.mean(number(ops.log_softmax(LOGITS)), -1), rtol=1e-6
    )


@pytest.mark.parametrize("mode", MODES[:2])
def test_an_ignored_index_leaves_the_mean(mode):
    """Also that of a formula with its derivatives, whose mean is computed in one step."""
    ignoring = OfRowsExplicit(ignore_class=-1)
    mean, gradient = value_and_gradient(ignoring, np.array([2, -1, 3]), LOGITS, mode=mode)
    np.testing.assert_allclose(mean, number(OfRows()(LABELS[[0, 2]], LOGITS[[0, 2]])), rtol=1e-6)
    assert not gradient[1].any() and gradient[[0, 2]].all()
    nothing, gradient = value_and_gradient(ignoring, np.array([-1, -1, -1]), LOGITS, mode=mode)
    assert nothing == 0 and not gradient.any()


def test_an_index_out_of_range_raises_or_is_nan():
    message = "`y_true` must hold class indices in [0, 4) in of_rows"
    for wrong in (4, -1):
        for loss in (OfRows(), OfRowsExplicit()):
            with pytest.raises(ValueError, match=re.escape(message)):
                loss(np.array([2, 0, wrong]), LOGITS)
    value, gradient = value_and_gradient(OfRowsExplicit(), np.array([2, 0, 4]), LOGITS, mode=MODES[-1])
    assert np.isnan(value) and np.isnan(gradient[2]).all()


@pytest.mark.parametrize("y_true", [LABELS, ROWS])
def test_class_weights_are_in_the_divisor(y_true):
    weighting = OfRows(class_weights=WEIGHTS, reduction="mean_with_sample_weight")
    values, weights = number(of_rows(ROWS, LOGITS)), np.take(WEIGHTS, LABELS)
    np.testing.assert_allclose(
        number(weighting(y_true, LOGITS)), np.sum(values * weights) / np.sum(weights), rtol=1e-6
    )


def test_classes_may_lie_in_another_axis():
    images = np.random.default_rng(1).normal(size=(2, 4, 3, 5)).astype("float32")
    labels = np.random.default_rng(2).integers(0, 4, (2, 3, 5))
    rows = np.moveaxis(np.eye(4, dtype="float32")[labels], -1, 1)
    expected = number(of_axis(rows, images, axis=1))
    assert expected.shape == (2, 3, 5)
    for given in (labels, labels[:, None], labels[..., None]):
        np.testing.assert_allclose(number(of_axis(given, images, axis=1)), expected, rtol=1e-6)


def test_a_mask_over_samples_and_one_over_classes():
    mask = [True, False, True]
    np.testing.assert_allclose(
        number(OfRows()(LABELS, masked(LOGITS, mask))),
        number(OfRows()(LABELS[mask], LOGITS[mask])),
        rtol=1e-6,
    )
    seen = np.array([[True, True, True, False]] * 2)
    few = number(OfRows()(LABELS[:2], masked(LOGITS[:2], seen)))
    np.testing.assert_allclose(few, number(OfRows()(LABELS[:2], LOGITS[:2, :3])), rtol=1e-6)


@pytest.mark.parametrize(
    ("y_true", "words"),
    [
        (np.zeros((3, 5)), "`y_true` must hold class indices or distributions in of_rows."),
        (np.zeros((3, 5, 1, 1)), "`y_true` must hold one class index for each entry of y_pred in of_rows."),
        (-ROWS, "`y_true` must hold distributions, with no number below 0, in of_rows."),
    ],
)
def test_what_fits_neither_form_raises(y_true, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        of_rows(y_true, LOGITS)


@pytest.mark.parametrize("y_true", [np.zeros((2, 3), "int32"), np.ones((2, 1, 3))])
def test_one_single_class_warns(y_true):
    with pytest.warns(SyntaxWarning, match="more than one class"):
        of_axis(y_true, np.zeros((2, 1, 3)), axis=1)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="sizes are unknown on TensorFlow only; 2026-11-28"
)
@pytest.mark.parametrize("sizes", [(None, None), (None, 4)])
def test_indices_of_unknown_shape_are_not_read_as_rows(sizes):
    import tensorflow as tf

    rows = tf.TensorSpec([None, None]), tf.TensorSpec(sizes)
    loss = tf.function(OfRows(), input_signature=rows)
    np.testing.assert_allclose(number(loss(ROWS, LOGITS)), number(OfRows()(LABELS, LOGITS)), rtol=1e-6)
    for y_true in (LABELS[:, None], ROWS[:1]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            loss(y_true.astype("float32"), LOGITS)
