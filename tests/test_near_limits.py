"""Values and inputs that come near a limit: what underflows, what rounding carries beyond, what is no list."""

import numpy as np
import pytest
from compiled import FORMS, outcome
from keras import ops

import keraslosses as kl
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient, values_of
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy


def test_circle_counts_samples_of_a_loss_that_underflows():
    """Complete are all but the last; with gamma 1024 the loss of two of them is exactly 0."""
    y_true = np.array([0, 0, 1, 1, 2])
    angles = np.array([0.0, 0.1, 1.8, 2.0, 2.1])
    y_pred = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype("float32")
    values = N(kl.circle(y_true, y_pred, gamma=1024.0))
    assert (values == 0).tolist() == [True, True, False, False, True]
    mean = kl.Circle(gamma=1024.0)(y_true, y_pred)
    assert float(mean) == pytest.approx(values[:4].sum() / 4, rel=1e-6)


@pytest.mark.parametrize("mode", HARD_MODES)
def test_a_cosine_lies_between_minus_one_and_one(mode):
    """Its derivative is that of the cosine, also where rounding carries that beyond 1."""
    x = np.random.default_rng(0).normal(0, 1, (300, 3)).astype("float32")
    y_true, y_pred = np.concatenate([x, x]), np.concatenate([x, -2.0 * x])
    values, gradient = value_and_gradient(kl.cosine_similarity, y_true, y_pred, mode=mode)
    assert values.min() >= -1.0 and values.max() <= 1.0
    np.testing.assert_allclose(np.abs(values), 1.0, rtol=1e-6)
    expected = REFERENCES["CosineSimilarity"].gradient(y_true, y_pred, {}, np.ones(600))
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


# Lists of labels

ONES_AND_ZEROS = np.array([[0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]])
SCORES = np.random.default_rng(1).normal(0, 1, (3, 4)).astype("float32")


@pytest.mark.parametrize("dtype", ["int32", "float32", "bool"])
def test_ones_and_zeros_are_no_lists_of_labels(dtype):
    with pytest.raises(
        ValueError, match=r"`y_true` must hold lists of class indices(.|\n)*the indices of the ones"
    ):
        kl.MultiLabelMargin()(ONES_AND_ZEROS.astype(dtype), SCORES)


@pytest.mark.parametrize("form", FORMS)
def test_ones_and_zeros_are_nan_in_compiled_code(form):
    assert np.isnan(outcome(kl.multi_label_margin, ONES_AND_ZEROS, SCORES, form=form)).all()
    ended = np.where(np.arange(4) == [[2], [1], [3]], -1, ONES_AND_ZEROS)
    assert np.isfinite(outcome(kl.multi_label_margin, ended, SCORES, form=form)).all()


@pytest.mark.parametrize(
    "lists",
    [[[0, 1, 0, 1], [1, -1, 0, 0]], [[0, 1, 0, 1], [1, 2, 0, 0]], np.zeros((0, 4), "int32")],
    ids=["one ends", "another class", "none"],
)
def test_other_lists_are_read_as_they_are(lists):
    scores = SCORES[: len(lists)]
    expected = REFERENCES["MultiLabelMargin"].values(lists, scores, {}) if len(lists) else np.zeros(0)
    np.testing.assert_allclose(
        values_of(kl.multi_label_margin, np.asarray(lists), scores), expected, rtol=1e-6
    )


def test_two_classes_may_both_be_listed():
    received = values_of(kl.multi_label_margin, np.array([[1, 0]]), SCORES[:1, :2])
    np.testing.assert_allclose(received, 0.0)


# One output

WITH_LABELS = [name for name in REFERENCES if REFERENCES[name].kind.labels]


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("name", WITH_LABELS)
def test_a_label_of_one_single_class_warns(name, reduction):
    """Whichever way the loss is computed. It is 0 whatever the prediction."""
    loss = getattr(kl, name)(reduction=reduction)
    with pytest.warns(SyntaxWarning, match="more than one class"):
        loss(np.array([0, 0]), np.array([[0.3], [0.6]], "float32"))
