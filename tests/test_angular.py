"""Angular margins: the values of the papers, the neutral margin, labels in both forms, and what is no cosine."""

import re
from functools import partial

import numpy as np
import pytest
from keras import ops

import keraslosses as kl
from keraslosses.losses import angular_margins
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient, values_of
from keraslosses.reference import REFERENCES
from keraslosses.reference.angular import WEIGHTS

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy
NAMES = [name for name in REFERENCES if REFERENCES[name].family == "angular"]
RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 7, 6)
COSINES = RNG.uniform(-0.95, 0.95, (6, 7)).astype("float32")


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def entries(name, **options):
    return getattr(kl, name)(reduction="none", **options)


def moved(function, cosines, **options):
    return N(function(None, ops.convert_to_tensor(np.array(cosines, "float32")), **options).values)


# Values


def test_values_of_arcface_with_its_line():
    found = moved(
        angular_margins.added_to_angle, [1, 0.9, 0.5, 0, -0.5, -0.9, -1], margin=0.5, easy_margin=False
    )
    expected = [0.8775826, 0.5808476, 0.0235966, -0.4794255, -0.8539860, -1.1397128, -1.2397128]
    np.testing.assert_allclose(found, expected, atol=5e-7)


def test_values_of_psi():
    angles = np.array([0, 30, 45, 60, 90, 120, 180])
    found = moved(angular_margins.multiplied_angle, np.cos(np.radians(angles)), margin=4, lam=0.0)
    np.testing.assert_allclose(found, [1, -0.5, -1, -1.5, -3, -4.5, -7], atol=5e-6)


@pytest.mark.parametrize(
    ("name", "scale", "expected"),
    [
        ("CosFace", 30.0, 0.0110477),
        ("AMSoftmax", 30.0, 0.0110477),
        ("ArcFace", 64.0, 6.6043e-4),
        ("ArcFace", 30.0, 0.0318008),
    ],
)
def test_values_of_three_cosines(name, scale, expected):
    found = values_of(entries(name, scale=scale), np.array([0]), np.array([[0.8, 0.3, -0.2]], "float32"))
    np.testing.assert_allclose(found, [expected], rtol=2e-5)


@pytest.mark.parametrize("margin", [1, 2, 3, 4, 7])
def test_psi_is_that_of_the_angle(margin):
    angles = np.linspace(0.01, np.pi - 0.01, 400)
    part = np.floor(angles * margin / np.pi)
    expected = (-1) ** part * np.cos(margin * angles) - 2 * part
    found = moved(angular_margins.multiplied_angle, np.cos(angles), margin=margin, lam=0.0)
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert np.all(np.diff(found) < 0)


NEUTRAL = {
    "ArcFace": {"margin": 0.0},
    "CosFace": {"margin": 0.0},
    "AMSoftmax": {"margin": 0.0},
    "SphereFace": {"margin": 1},
    "CombinedMargin": {"m1": 1.0, "m2": 0.0, "m3": 0.0},
}


def test_every_margin_has_a_neutral_one():
    assert NEUTRAL.keys() == set(NAMES)


@pytest.mark.deep
@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("name", NAMES)
def test_neutral_margin_is_scaled_cross_entropy(name, mode):
    cosines = np.concatenate(
        [COSINES, [[1.0, -1.0, *COSINES[0, 2:]], [-1.0, 1.0, *COSINES[1, 2:]]]], dtype="float32"
    )
    labels = np.append(LABELS, [0, 0])
    found = value_and_gradient(entries(name, scale=8.0, **NEUTRAL[name]), labels, cosines, mode=mode)
    plain = kl.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    expected = value_and_gradient(lambda t, p: plain(t, 8.0 * p), labels, cosines)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["ArcFace", "CosFace"])
def test_combined_margin_has_both_in_it(name):
    options = {"ArcFace": {"m2": 0.5}, "CosFace": {"m2": 0.0, "m3": 0.35}}[name]
    before_the_line = np.where(COSINES < -0.85, 0.5, COSINES)
    found = value_and_gradient(entries("CombinedMargin", scale=8.0, **options), LABELS, before_the_line)
    expected = value_and_gradient(entries(name, scale=8.0), LABELS, before_the_line)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


# Labels


@pytest.mark.parametrize("name", NAMES)
def test_one_hot_rows_are_labels(name):
    loss = getattr(kl, name)(class_weights=WEIGHTS, reduction="mean_with_sample_weight")
    expected = value_and_gradient(loss, LABELS, COSINES)
    for one_hot in (np.eye(7)[LABELS], np.eye(7, dtype="int32")[LABELS], np.eye(7)[LABELS] * 0.8 + 0.1):
        for one, other in zip(value_and_gradient(loss, one_hot, COSINES), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_row_of_zeros_has_no_class():
    one_hot = np.eye(7)[LABELS]
    one_hot[2] = 0
    with raises("`y_true` must hold class indices in [0, 7) in arcface. Received: y_true=-1 at (2,)"):
        kl.ArcFace()(one_hot, COSINES)
    ignored = values_of(entries("ArcFace", ignore_class=-1), one_hot, COSINES)
    assert (ignored == 0).tolist() == (np.arange(6) == 2).tolist()


def test_rows_of_another_size_are_refused():
    with raises("`y_true` must hold class indices or one-hot rows in arcface"):
        kl.ArcFace()(np.eye(6)[LABELS % 6], COSINES)


# What is no cosine


@pytest.mark.deep
@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("name", NAMES)
def test_numbers_that_are_no_cosines_show(name, mode):
    cosines = COSINES.copy()
    cosines[1, LABELS[1] - 1] = 1.5
    cosines[3, LABELS[3]] = -1.02
    values, gradient = value_and_gradient(entries(name), LABELS, cosines, mode=mode)
    wrong = [False, True, False, True, False, False]
    assert np.isnan(values).tolist() == wrong
    assert np.isnan(gradient).any(-1).tolist() == wrong


@pytest.mark.parametrize("name", NAMES)
def test_rounding_beyond_1_counts_as_1_and_is_felt(name):
    cosines = np.array([[1.0, 0.5], [1.0 + 1e-6, 0.5], [1.0078, 0.5], [-1.0, 0.5], [-1.0078, 0.5]], "float32")
    values, gradient = value_and_gradient(entries(name, scale=2.0), np.zeros(5, int), cosines)
    np.testing.assert_allclose(values[1:3], values[0], rtol=1e-6)
    np.testing.assert_allclose(values[4], values[3], rtol=1e-6)
    np.testing.assert_allclose(gradient[1:3], gradient[[0, 0]], rtol=1e-6)
    assert gradient[2, 0] != 0


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_finite_at_both_ends(name):
    cosines = ops.cast(ops.convert_to_tensor([[1.0, -1.0, 0.25], [-1.0, 1.0, 0.25]]), "float16")
    values, gradient = value_and_gradient(entries(name, scale=64.0), np.array([0, 0]), cosines)
    assert np.isfinite(values).all()
    assert np.isfinite(gradient.astype("float32")).all()


def test_the_line_of_arcface_begins_where_the_sum_reaches_pi():
    edge = -np.cos(0.5)
    function = partial(angular_margins.added_to_angle, margin=0.5, easy_margin=False)
    before, beyond = moved(function, [edge + 1e-5, edge - 1e-5])
    np.testing.assert_allclose(before, -1.0, atol=1e-5)
    np.testing.assert_allclose(beyond, edge - 0.5 * np.sin(0.5), atol=2e-5)
