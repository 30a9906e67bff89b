"""Given pairs and triplets, and two views: functions of tensors, messages, masks, weights, and laws of their own."""

import re

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.portability.gradients import MODES, value_and_gradient

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
RNG = np.random.default_rng(5)
A, B, C = (RNG.normal(size=(4, 3)).astype("float32") for _ in range(3))
SIGN = np.array([1, -1, -1, 1], "float32")
VIEWS = RNG.normal(size=(6, 2, 3)).astype("float32")
NOTHING = np.zeros(6)
OF_A_BATCH = pytest.mark.parametrize("loss", [kl.BarlowTwins, kl.VICReg], ids=lambda loss: loss.__name__)


def same(found, expected, **tolerance):
    np.testing.assert_allclose(N(found), N(expected), **{"rtol": 2e-6, **tolerance})


# Functions of two or three tensors


def test_functions_of_tensors_are_the_classes_of_their_stacks():
    pairs, each = np.stack([A, B], axis=1), {"reduction": "none"}
    triplets = np.stack([A, B, C], axis=1)
    options = {"margin": 3.0, "p": 3, "eps": 0.5, "swap": True}
    same(kl.triplet_margin(A, B, C, **options), kl.TripletMargin(**options, **each)(A, triplets))
    same(kl.cosine_embedding(A, B, SIGN, margin=0.2), kl.CosineEmbedding(0.2, **each)(SIGN, pairs))
    same(
        kl.margin_ranking(A[:, 0], B[:, 0], SIGN, margin=2), kl.MarginRanking(2, **each)(SIGN, pairs[..., 0])
    )
    same(kl.margin_ranking(A[:, :1], B[:, :1], SIGN[:, None]), kl.MarginRanking(**each)(SIGN, pairs[..., :1]))
    distances, alike = np.linalg.norm(A - B, axis=1), (1 + SIGN) / 2
    for options in ({"margin": 2.0}, {"margin": 2.0, "squared": False}):
        expected = kl.Contrastive(**options, **each)(alike, distances)
        same(kl.pair_contrastive(A, B, alike[:, None], **options), expected)


def test_equal_vectors_have_no_gradient():
    value, gradient = value_and_gradient(lambda a, b: kl.pair_contrastive(a, b, [1.0, 0.0]), A[:2], A[:2])
    assert value.tolist() == [0, 1] and not gradient.any()


def test_functions_of_tensors_are_steps_of_a_functional_model(tmp_path):
    anchor, others = keras.Input((3,)), keras.Input((2, 3))
    values = kl.triplet_margin(anchor, others[:, 0], others[:, 1], margin=2.0)
    model = keras.Model([anchor, others], values)
    model.save(tmp_path / "model.keras")
    inputs = [A, np.stack([B, C], axis=1)]
    received = keras.saving.load_model(tmp_path / "model.keras").predict(inputs, verbose=0)
    same(received, kl.triplet_margin(A, B, C, margin=2.0))


@pytest.mark.parametrize("name", ["triplet_margin", "cosine_embedding", "margin_ranking"])
def test_a_name_gives_the_function_that_compile_calls(name):
    assert kl.get(name) is getattr(kl, f"stacked_{name}")


# Messages


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.triplet_margin(A, B, C[:, :2]), "`negative` must have the shape of `anchor`. Received: "
         "anchor.shape=(4, 3), negative.shape=(4, 2)"),
        (lambda: kl.cosine_embedding(A, B[:3], SIGN), "`b` must have the shape of `a`."),
        (lambda: kl.pair_contrastive(A, 1.0, SIGN), "`b` must have the shape of `a`."),
        (lambda: kl.margin_ranking(1.0, 2.0, SIGN), "`a` must have at least one axis. Received: a.shape=()"),
        (lambda: kl.cosine_embedding(A, B, [1, 0, 1, 1]), "`y_true` must hold -1 or 1 for each sample in "
         "stacked_cosine_embedding. Received: y_true=0 at (1,). (Write labels of 0 and 1 as `2 * y_true - 1`.)"),
        (lambda: kl.MarginRanking()([np.nan], [[1.0, 2.0]]), "`y_true` must hold -1 or 1 for each sample"),
        (lambda: kl.MarginRanking()(A, A[:, :2]), "`y_true` must hold -1 or 1 for each sample in "),
        (lambda: kl.MarginRanking()(SIGN, A), "`y_pred` must have the shape (batch, 2) in stacked_margin_ranking. "
         "Received: y_pred.shape=(4, 3)"),
        (lambda: kl.TripletMargin(p=0.5), "`p` must be a number of at least 1, or infinity. Received: p=0.5"),
        (lambda: kl.TripletMargin()(A, VIEWS[:4]), "`y_pred` must have the shape (batch, 3, dim) in "),
        (lambda: kl.NegativeCosine()(NOTHING[:5], VIEWS), "`y_true` must have the batch size of y_pred in "),
        (lambda: kl.Contrastive()([1.0], [-0.5]), "`y_pred` must hold distances, none below 0, in contrastive. "
         "Received: y_pred=-0.5 at (0, 0)."),
        (lambda: kl.Contrastive()([-1.0], [0.5]), "`y_true` must lie in [0, 1] in contrastive."),
        (lambda: kl.BarlowTwins()([0], VIEWS[:1]), "`y_pred` must hold at least 2 samples in barlow_twins, because "),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.deep
@pytest.mark.parametrize("mode", MODES[-1:])
def test_compiled_a_wrong_sign_is_nan_and_the_others_stay(mode):
    loss, sign = kl.CosineEmbedding(reduction="none"), np.array([1, 0.5, -1, 1], "float32")
    pairs = np.stack([A, B], axis=1)
    values, gradient = value_and_gradient(loss, sign, pairs, mode=mode)
    assert np.isnan(values).tolist() == [False, True, False, False]
    expected, slope = value_and_gradient(loss, np.array([1, 1, -1, 1], "float32"), pairs, mode=mode)
    kept = [0, 2, 3]
    same(values[kept], expected[kept])
    same(gradient[kept], slope[kept])
    assert np.isnan(gradient[1]).any()


# Masks and weights


def test_a_masked_vector_takes_its_sample_out():
    triplets = np.stack([A, B, C], axis=1)
    loss, spoiled = kl.TripletMargin(margin=2.0), triplets.copy()
    spoiled[1, 2] = np.nan
    expected = loss(A[[0, 2, 3]], triplets[[0, 2, 3]])
    same(loss(A, masked(spoiled, [[1, 1, 1], [1, 1, 0], [1, 1, 1], [1, 1, 1]])), expected)
    same(loss(A, masked(spoiled, [1, 0, 1, 1])), expected)


@OF_A_BATCH
def test_what_has_weight_0_or_is_masked_changes_nothing(loss):
    spoiled = VIEWS.copy()
    spoiled[2] = np.nan
    kept = [0, 1, 3, 4, 5]
    expected, slope = value_and_gradient(loss(), NOTHING[kept], VIEWS[kept])
    weight = np.array([1, 1, 0, 1, 1, 1], "float32")
    same(loss()(NOTHING, masked(spoiled, weight > 0)), expected, rtol=1e-5)
    mean = loss(reduction="mean_with_sample_weight")
    value, gradient = value_and_gradient(lambda y, x: mean(y, x, weight), NOTHING, spoiled)
    same(value, expected, rtol=1e-5)
    same(gradient[kept], slope, rtol=1e-4, atol=1e-6)
    assert not gradient[2].any()


@OF_A_BATCH
def test_equal_weights_scale_the_loss_and_unequal_ones_move_its_means(loss):
    value = loss()(NOTHING, VIEWS)
    same(loss()(NOTHING, VIEWS, np.full(6, 0.25, "float32")), value / 4, rtol=1e-5)
    twice = np.array([2, 1, 1, 1, 1, 1], "float32")
    mean = loss(reduction="mean_with_sample_weight")
    assert abs(N(mean(NOTHING, VIEWS, twice)) - N(value)) > 1e-3


def test_a_weight_of_2_is_a_sample_twice_in_barlow_twins():
    twice, mean = np.array([2, 1, 1, 1, 1, 1], "float32"), kl.BarlowTwins(reduction="mean_with_sample_weight")
    same(mean(NOTHING, VIEWS, twice), mean(np.zeros(7), np.concatenate([VIEWS[:1], VIEWS])), rtol=1e-5)


@OF_A_BATCH
def test_one_sample_left_is_nan_and_none_is_0(loss):
    one, none = np.array([0, 0, 1, 0, 0, 0], "float32"), np.zeros(6, "float32")
    assert np.isnan(N(loss()(NOTHING, VIEWS, one)))
    assert np.isnan(N(loss()(NOTHING, masked(VIEWS, one > 0))))
    assert N(loss()(NOTHING, VIEWS, none)) == N(loss()(NOTHING, masked(VIEWS, none > 0))) == 0


# Laws


def test_barlow_twins_knows_no_scale_and_no_place():
    loss = kl.BarlowTwins(lambda_=0.5)
    value, slope = value_and_gradient(loss, NOTHING, VIEWS)
    for scale in (1e-25, 1e-3, 1e25):
        scaled, slopes = value_and_gradient(loss, NOTHING, (VIEWS * scale).astype("float32"))
        same(scaled, value, rtol=1e-5)
        same(slopes.astype("float64") * scale, slope, rtol=1e-4, atol=1e-6)
    exact = np.round(8 * VIEWS) / 8
    same(loss(NOTHING, exact + 4096), loss(NOTHING, exact), rtol=1e-4)


def test_a_feature_that_is_constant_up_to_rounding_has_no_gradient():
    views = VIEWS.copy()
    views[:, 0, 1] = 100.1
    views[3, 0, 1] = np.nextafter(np.float32(100.1), 200)
    value, gradient = value_and_gradient(kl.BarlowTwins(lambda_=0.0), NOTHING, views)
    assert value > 1 and not gradient[:, 0, 1].any() and not gradient[:, 1, 1].any()


def test_constant_features_of_a_large_batch_have_no_gradient():
    """TensorFlow's sum of so many equal numbers is wrong by more than a rounding error of one of them."""
    views = np.full((5000, 2, 64), 100.1, "float32")
    value, gradient = value_and_gradient(kl.BarlowTwins(), np.zeros(5000), views)
    assert value == 64 and not gradient.any()


def test_negative_cosine_is_the_loss_of_byol_and_simsiam():
    unit = VIEWS / np.linalg.norm(VIEWS, axis=-1, keepdims=True)
    byol = np.sum((unit[:, 0] - unit[:, 1]) ** 2, axis=-1)
    same(2 + 2 * kl.negative_cosine(NOTHING, VIEWS), byol, rtol=1e-5)


def test_the_view_that_stops_has_no_gradient():
    moved = {
        stop: np.any(value_and_gradient(kl.NegativeCosine(stop), NOTHING, VIEWS)[1], axis=(0, 2)).tolist()
        for stop in ("first", "second", None)
    }
    assert moved == {"first": [False, True], "second": [True, False], None: [True, True]}
