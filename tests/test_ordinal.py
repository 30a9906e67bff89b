"""Ordered classes: what the checks of every loss do not cover, and the layers, the decoder, the metric and the soft labels."""

import re

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked
from scipy import stats
from sklearn.metrics import cohen_kappa_score

import keraslosses as kl
from keraslosses.core import backend
from keraslosses.portability.gradients import values_of

N = ops.convert_to_numpy
RNG = np.random.default_rng(5)
LINKS = {"logit": stats.logistic, "probit": stats.norm, "cloglog": stats.gumbel_l}
LOGITS = RNG.normal(0, 2, (5, 3)).astype("float32")
LABELS = np.array([0, 3, 1, 2, 1])


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def unread(loss, y_true, y_pred):
    """The values of a loss where no value can be read, as on an accelerator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "peek", lambda tensor: None)
        return N(loss(np.asarray(y_true), y_pred))


# CumulativeLink

THRESHOLDS = np.array([-1.5, 0.25, 0.5, 3.0], "float32")


def rows(*scores):
    return np.array([[score, *THRESHOLDS] for score in scores], "float32")


@pytest.mark.parametrize("link", LINKS)
def test_the_probabilities_of_the_classes_sum_to_1(link):
    scores = rows(*np.linspace(-3, 5, 9))
    costs = [values_of(kl.CumulativeLink(link, reduction="none"), np.full(9, k), scores) for k in range(5)]
    np.testing.assert_allclose(np.sum(np.exp(-np.array(costs)), axis=0), 1.0, rtol=1e-6)


@pytest.mark.parametrize("link", LINKS)
def test_the_end_classes_keep_their_digits_in_the_tails(link):
    """The smallest costs too: a relative error of 1e-6."""
    y_pred = rows(-30.0, -6.0, -1.0, 2.0, 7.0, 60.0)
    scores = y_pred[:, 0].astype("float64")
    below, above = LINKS[link].logcdf(-1.5 - scores), LINKS[link].logsf(3.0 - scores)
    for label, expected in ((0, -below), (4, -above)):
        received = N(kl.cumulative_link(np.full(6, label), y_pred, link=link))
        normal = expected > 1e-37
        np.testing.assert_allclose(received[normal], expected[normal], rtol=2e-6)
        assert (received[~normal] < 1e-37).all()


@pytest.mark.parametrize("score", [-4.0, 0.0, 4.0])
@pytest.mark.parametrize("link", LINKS)
def test_thresholds_close_together_keep_their_digits(link, score):
    """There the probability is the density times the gap."""
    y_pred = np.array([[score, 0.0, 1e-5]], "float32")
    expected = -LINKS[link].logpdf(-score) - np.log(1e-5)
    np.testing.assert_allclose(N(kl.cumulative_link([1], y_pred, link=link)), [expected], rtol=1e-5)


def test_thresholds_that_decrease_raise_or_are_nan():
    y_pred = np.array([[0.0, -1.0, 1.0], [0.5, 1.0, -1.0]], "float32")
    with raises("`y_pred` must hold a score and then thresholds that do not decrease in cumulative_link."):
        kl.CumulativeLink()([0, 1], y_pred)
    values = unread(kl.CumulativeLink(reduction="none"), [0, 0], y_pred)
    assert np.isfinite(values[0]) and np.isnan(values[1])


def test_a_score_without_thresholds_is_refused():
    with raises("`y_pred` must hold a score and at least one threshold in each row in cumulative_link."):
        kl.cumulative_link([0], [[1.0]])


# Coral and Corn


@pytest.mark.parametrize("name", ["Coral", "Corn", "CumulativeLink"])
def test_a_label_out_of_range_raises_or_is_nan(name):
    y_pred = np.sort(LOGITS, axis=-1)
    classes = 3 if name == "CumulativeLink" else 4
    loss = getattr(kl, name)(reduction="none")
    with raises(f"`y_true` must hold class indices in [0, {classes})"):
        loss(np.array([0, 1, classes, 0, 1]), y_pred)
    values = unread(loss, [0, 1, classes, 0, 1], y_pred)
    assert np.isnan(values[2]).any()
    assert np.isfinite(values[[0, 1, 3, 4]]).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_labels_that_half_precision_rounds_are_exact(dtype):
    labels, logits = np.array([257, 258]), np.zeros((2, 300), "float32")
    logits[:, :257], logits[:, 257:] = 20.0, -20.0
    narrow = ops.cast(ops.convert_to_tensor(logits), dtype)
    for loss in (kl.coral, lambda y, p: ops.sum(kl.corn(y, p), axis=-1)):
        right, wrong = N(loss(labels, narrow))
        assert right < 1e-5 and abs(wrong - 20) < 1e-3


def test_the_mean_of_corn_is_over_the_questions_that_count():
    values, reached = N(kl.corn(LABELS, LOGITS)), LABELS[:, None] >= np.arange(3)
    assert not values[~reached].any()
    np.testing.assert_allclose(N(kl.Corn()(LABELS, LOGITS)), values.sum() / reached.sum(), rtol=1e-6)
    weight = np.array([1.0, 0.0, 2.0, 0.5, 1.0], "float32")
    weighted = kl.Corn(reduction="mean_with_sample_weight")(LABELS, LOGITS, weight)
    expected = (values * weight[:, None]).sum() / (reached * weight[:, None]).sum()
    np.testing.assert_allclose(N(weighted), expected, rtol=1e-6)
    kept = np.array([True, True, False, True, False])
    np.testing.assert_allclose(
        N(kl.Corn()(LABELS, masked(LOGITS, kept))), N(kl.Corn()(LABELS[kept], LOGITS[kept])), rtol=1e-6
    )


def test_a_masked_level_leaves_the_sum():
    seen = np.array([[True, True, False]] * 4 + [[False] * 3])
    logits = np.where(seen, LOGITS, np.nan)
    expected = kl.coral(np.minimum(LABELS, 2)[:4], LOGITS[:4, :2])
    np.testing.assert_allclose(N(kl.Coral()(LABELS, masked(logits, seen))), N(expected).mean(), rtol=1e-6)


def test_the_root_of_a_small_power_does_not_underflow():
    p = np.float32([[1 - 1e-4, 1e-4], [1, 0]])
    found = kl.earth_mover([0, 0], p, power=10.0, root=True)
    np.testing.assert_allclose(N(found), [1e-4 * 0.5**0.1, 0], rtol=1e-3)


# The layers


def test_ordinal_dense_shares_its_weights():
    layer = kl.OrdinalDense(4, kernel_initializer=keras.initializers.Constant(0.5))
    x = RNG.normal(size=(6, 5)).astype("float32")
    outputs = N(layer(x))
    np.testing.assert_allclose(N(layer.bias), [1, 2 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(outputs, x @ N(layer.kernel) + N(layer.bias), rtol=1e-5, atol=1e-6)
    again = kl.OrdinalDense.from_config(layer.get_config())
    assert again.num_classes == 4 and again.compute_output_shape((None, 7, 5)) == (None, 7, 3)


@pytest.mark.parametrize("count", [2, 3, 6])
def test_thresholds_increase_whatever_the_weights(count):
    layer = kl.OrdinalThresholds(count)
    start = N(layer(np.array([[0.5]])))
    np.testing.assert_allclose(start[0], [0.5, *(np.arange(count - 1) - (count - 2) / 2)], atol=1e-6)
    for weight in layer.trainable_variables:
        weight.assign(RNG.normal(0, 3, weight.shape))
    outputs = N(layer(RNG.normal(size=(2, 4, 1))))
    assert outputs.shape == (2, 4, count) and (np.diff(outputs[..., 1:]) > 0).all()
    assert kl.OrdinalThresholds.from_config(layer.get_config()).num_classes == count


@pytest.mark.parametrize("layer", [kl.OrdinalDense, kl.OrdinalThresholds])
def test_outputs_are_float32_under_every_policy(layer):
    found = layer(3, dtype="mixed_bfloat16")(ops.ones((2, 1), "bfloat16"))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"


def test_what_the_layers_refuse():
    for layer in (kl.OrdinalDense, kl.OrdinalThresholds):
        with raises("`num_classes` must be an integer of at least 2. Received: num_classes=1"):
            layer(1)
    with raises(
        "`scores` must have shape (batch, .., 1) in OrdinalThresholds. Received: scores.shape=(2, 3)"
    ):
        kl.OrdinalThresholds(4)(np.zeros((2, 3)))


# The predicted class


def test_the_predicted_class_is_the_median():
    above = 1 / (1 + np.exp(-LOGITS.astype("float64")))
    falling = np.sort(LOGITS)[:, ::-1].copy()
    assert N(kl.ordinal_class(falling)).tolist() == (falling > 0).sum(-1).tolist()
    products = np.cumprod(above, axis=-1)
    assert N(kl.ordinal_class(LOGITS, "corn")).tolist() == (products > 0.5).sum(-1).tolist()


@pytest.mark.parametrize("link", LINKS)
def test_the_median_of_a_cumulative_link(link):
    scores = np.linspace(-4, 6, 30)
    expected = (LINKS[link].cdf(THRESHOLDS - scores[:, None]) < 0.5).sum(-1)
    assert N(kl.ordinal_class(rows(*scores), "cumulative_link", link)).tolist() == expected.tolist()


def test_the_decoder_is_a_step_of_a_model_and_names_its_losses():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, kl.ordinal_class(inputs, "corn"))
    assert N(model(LOGITS)).tolist() == N(kl.ordinal_class(LOGITS, "corn")).tolist()
    with raises("`loss` must be one of 'coral', 'corn', 'cumulative_link'. Received: loss='Corn'"):
        kl.ordinal_class(LOGITS, "Corn")


# Kappa

TRUE, GUESS = RNG.integers(0, 4, 40), RNG.integers(0, 4, 40)
WEIGHT = RNG.uniform(0.1, 2, 40).astype("float32")


@pytest.mark.parametrize("weighting", [None, "linear", "quadratic"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_kappa_of_scikit_learn(weighting, weight):
    expected = cohen_kappa_score(TRUE, GUESS, weights=weighting, sample_weight=weight)
    scores = np.eye(4, dtype="float32")[GUESS]
    for guess in (GUESS, GUESS[:, None], scores):
        metric = kl.CohenKappa.from_config(kl.CohenKappa(4, weighting).get_config())
        for part in np.split(np.arange(40), 4):
            metric.update_state(TRUE[part], guess[part], None if weight is None else weight[part])
        np.testing.assert_allclose(float(metric.result()), expected, atol=1e-6)


def test_kappa_without_anything_to_disagree_about_is_0():
    metric = kl.CohenKappa(3)
    assert float(metric.result()) == 0.0
    metric.update_state([1, 1], [1, 1])
    assert float(metric.result()) == 0.0


def test_kappa_of_what_is_no_class():
    metric = kl.CohenKappa(3)
    with raises("`y_pred` must hold class indices in [0, 3) in CohenKappa. Received: y_pred=3 at (1,)."):
        metric.update_state([0, 1], [0, 3])
    with raises("`y_true` must hold one class index for each class index or row of 3 scores in CohenKappa."):
        metric.update_state([0, 1, 2], [0, 1])
    metric.update_state([0, 1], [[0.5, np.nan, 0.1], [0.1, 0.2, 0.7]])
    assert np.isnan(float(metric.result()))


PROBABILITIES = N(ops.softmax(RNG.normal(size=(5, 4)).astype("float32")))


def test_ignored_and_masked_entries_are_no_part_of_the_kappa():
    kept = np.array([True, True, False, True, True])
    expected = float(kl.WeightedKappa(4)(LABELS[kept], PROBABILITIES[kept]))
    ignoring = kl.WeightedKappa(4, ignore_class=-1)(np.where(kept, LABELS, -1), PROBABILITIES)
    hidden = kl.WeightedKappa(4)(LABELS, masked(PROBABILITIES, kept))
    np.testing.assert_allclose([float(ignoring), float(hidden)], expected, rtol=1e-6)


def test_what_weighted_kappa_refuses():
    with raises("`y_pred` must have `num_classes` numbers in its last axis in weighted_kappa."):
        kl.WeightedKappa(5)(LABELS, PROBABILITIES)
    assert np.isnan(unread(kl.WeightedKappa(4, reduction="none"), [0, 1, 2, 4, 0], PROBABILITIES)).all()


# Soft labels, against those of dlordinal 2.7.0 (`get_exponential_soft_labels` and so on)

DLORDINAL = {
    ("exponential", 4, ()): [
        [0.64391426, 0.236882818, 0.087144319, 0.032058603],
        [0.196611933, 0.534446645, 0.196611933, 0.072329488],
        [0.032058603, 0.087144319, 0.236882818, 0.64391426],
    ],
    ("exponential", 4, (("p", 2.0), ("tau", 3.0))): [
        [0.492631339, 0.352985779, 0.129856211, 0.02452667],
        [0.265710685, 0.370829133, 0.265710685, 0.097749498],
        [0.02452667, 0.129856211, 0.352985779, 0.492631339],
    ],
    ("triangular", 5, ()): [
        [0.988454944, 0.011545047, 0.0, 0.0, 0.0],
        [0.010000001, 0.98, 0.01, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.005055243, 0.994944748],
    ],
    ("triangular", 5, (("alpha2", 0.05),)): [
        [0.972182068, 0.027817924, 0.0, 0.0, 0.0],
        [0.050000001, 0.899999999, 0.05, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.012544584, 0.987455407],
    ],
    ("binomial", 4, ()): [
        [0.729, 0.243, 0.027, 0.001],
        [0.254037037, 0.441222222, 0.255444444, 0.049296296],
        [0.001, 0.027, 0.243, 0.729],
    ],
    ("poisson", 4, ()): [
        [0.280272534, 0.280272534, 0.233182812, 0.20627212],
        [0.230628053, 0.264050807, 0.264050807, 0.241270332],
        [0.227947877, 0.240823406, 0.259129119, 0.272099598],
    ],
    ("beta", 4, ()): [
        [0.822021479, 0.162353515, 0.015380859, 0.000244141],
        [0.148368078, 0.700753015, 0.150083957, 0.000794949],
        [0.000244141, 0.015380859, 0.162353515, 0.822021479],
    ],
    ("beta", 5, ()): [
        [0.832227833, 0.150975999, 0.0161408, 0.0006528, 2.56e-06],
        [0.163062306, 0.674015212, 0.159854652, 0.00306715, 6.8e-07],
        [2.56e-06, 0.0006528, 0.0161408, 0.150975999, 0.832227833],
    ],
}


@pytest.mark.parametrize(("kind", "count", "options"), DLORDINAL)
def test_soft_labels_of_dlordinal(kind, count, options):
    found = kl.soft_ordinal_labels([0, 1, count - 1], count, kind, **dict(options))
    np.testing.assert_allclose(found, DLORDINAL[kind, count, options], atol=1e-7)
    assert found.dtype == "float32"


def test_soft_labels_of_a_batch_sum_to_1():
    for kind in ("exponential", "triangular", "binomial", "poisson", "beta"):
        found = kl.soft_ordinal_labels(RNG.integers(0, 6, (2, 3)), 6, kind)
        assert found.shape == (2, 3, 6)
        np.testing.assert_allclose(found.sum(-1), 1.0, rtol=1e-6)


def test_soft_labels_of_many_classes():
    for kind in ("exponential", "triangular", "binomial", "poisson"):
        np.testing.assert_allclose(kl.soft_ordinal_labels([0, 5, 1099], 1100, kind).sum(-1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(
        kl.soft_ordinal_labels([2], 5, p=1e4)[0, ::2], [0, 1 / (1 + 2 / np.e), 0], rtol=1e-6
    )
    found = kl.soft_ordinal_labels([0, 700, 1099], 1100, "binomial")
    expected = [stats.binom.pmf(np.arange(1100), 1099, 0.1 + 0.8 * y / 1099) for y in (0, 700, 1099)]
    np.testing.assert_allclose(found, np.float32(expected), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([3], 3), {}, "`labels` must hold class indices in [0, 3) in soft_ordinal_labels."),
        (([0], 1), {}, "`num_classes` must be an integer of at least 2. Received: num_classes=1"),
        (([0], 2, "beta"), {}, "`num_classes` must lie between 3 and 14 for the kind 'beta'."),
        (([0], 3, "normal"), {}, "`kind` must be one of 'exponential'"),
        (([0], 3), {"tau": 0.0}, "`tau` must be a positive number. Received: tau=0.0"),
        (([0], 3), {"p": -1.0}, "`p` must be a positive number. Received: p=-1.0"),
        (([0], 3), {"alpha2": 0.5}, "`alpha2` must be at least 0 and below 0.5. Received: alpha2=0.5"),
    ],
)
def test_what_soft_labels_refuse(arguments, options, message):
    with raises(message):
        kl.soft_ordinal_labels(*arguments, **options)
