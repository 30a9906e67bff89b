"""Losses for unequal classes and several labels: their special cases, peers, and what they count."""

import re

import numpy as np
import optax
import pytest
from keras import ops
from masks import masked
from peers import CLASSES_OF_ALL, LABELS, ONE_HOT, PER_CLASS, PROBABILITIES, REAL, YES_NO, softmax
from sklearn import metrics

import keraslosses as kl
from keraslosses.portability.gradients import MODES, value_and_gradient

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy
COUNTS = [400, 100, 40, 10, 4, 1, 0]
EQUAL = [3] * CLASSES_OF_ALL
LOGITS = REAL[1]


def close(received, expected):
    np.testing.assert_allclose(N(received), N(expected), rtol=1e-5, atol=1e-6)


def crossentropy(y_true, logits, **options):
    return kl.sparse_categorical_crossentropy(y_true, logits, from_logits=True, **options)


# Special cases


@pytest.mark.parametrize("logits", [True, False])
def test_asymmetric_without_discounts_is_binary_crossentropy(logits):
    plain = {"gamma_negative": 0.0, "gamma_positive": 0.0, "clip": 0.0}
    shared = {"from_logits": logits, "class_weights": PER_CLASS}
    pair = YES_NO, LOGITS if logits else PROBABILITIES
    found = value_and_gradient(kl.Asymmetric(**plain, **shared), *pair)
    for received, expected in zip(
        found, value_and_gradient(kl.BinaryCrossentropy(**shared), *pair), strict=True
    ):
        close(received, expected)


@pytest.mark.parametrize("logits", [True, False])
def test_asymmetric_shows_a_nan_whatever_the_target_is(logits):
    y_true, y_pred = np.array([[0.0], [1.0]]), np.full((2, 1), np.nan)
    assert np.isnan(N(kl.asymmetric(y_true, y_pred, from_logits=logits))).all()


def test_asymmetric_with_equal_exponents_is_focal_loss():
    focal = kl.binary_focal_crossentropy(YES_NO, LOGITS, gamma=2.0, from_logits=True)
    options = {"gamma_negative": 2.0, "gamma_positive": 2.0, "clip": 0.0, "from_logits": True}
    close(kl.asymmetric(YES_NO, LOGITS, **options), focal)


@pytest.mark.parametrize(
    "loss",
    [
        kl.LogitAdjusted(COUNTS, tau=0.0, reduction="none"),
        kl.LogitAdjusted(EQUAL, reduction="none"),
        kl.LDAM(COUNTS, max_margin=0.0, scale=1.0, reduction="none"),
        kl.PolyCrossentropy(epsilon=0.0, from_logits=True, reduction="none"),
    ],
)
@pytest.mark.parametrize("labels", [LABELS, LABELS[..., None], ONE_HOT])
def test_without_its_term_each_is_crossentropy(loss, labels):
    close(loss(labels, LOGITS), crossentropy(LABELS, LOGITS))


def test_logits_adjusted_by_counts_are_a_balanced_softmax():
    counts = np.array(COUNTS[:-1], "float64")
    shares = counts * np.exp(LOGITS[..., :-1])
    labels = LABELS % len(counts)
    chosen = np.take_along_axis(shares, labels[..., None], -1)[..., 0]
    close(kl.logit_adjusted(labels, LOGITS[..., :-1], counts=counts), -np.log(chosen / shares.sum(-1)))


def test_class_weights_are_those_of_crossentropy():
    weighting = {"class_weights": PER_CLASS, "reduction": "mean_with_sample_weight"}
    expected = kl.SparseCategoricalCrossentropy(from_logits=True, **weighting)(LABELS, LOGITS)
    for labels in (LABELS, ONE_HOT):
        close(kl.LogitAdjusted(EQUAL, **weighting)(labels, LOGITS), expected)
        close(kl.PolyCrossentropy(0.0, True, **weighting)(labels, LOGITS), expected)


def test_poly_is_that_of_optax():
    theirs = optax.losses.poly_loss_cross_entropy(LOGITS, ONE_HOT, epsilon=1.5)
    close(kl.poly_crossentropy(LABELS, LOGITS, epsilon=1.5, from_logits=True), np.asarray(theirs))


# Soft counts


SAID = (PROBABILITIES > 0.5).astype("float32").reshape(-1, CLASSES_OF_ALL)
TRUE = YES_NO.reshape(SAID.shape)
RARE = TRUE * (np.arange(CLASSES_OF_ALL) != 2)
SELDOM = SAID * (np.arange(CLASSES_OF_ALL) != 2)


@pytest.mark.parametrize("average", ["macro", "micro", "samples"])
@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_f_beta_of_decisions_is_that_of_scikit_learn(average, beta):
    """Also if nothing of an output, or of a row, is true or said."""
    true, said = np.concatenate([RARE, RARE[:1] * 0]), np.concatenate([SELDOM, SELDOM[:1] * 0])
    score = metrics.fbeta_score(true, said, beta=beta, average=average, zero_division=np.nan)
    close(kl.SoftFBeta(beta, average)(true, said), 1 - score)


def test_f_beta_of_classes_is_that_of_scikit_learn():
    labels, said = LABELS.ravel(), LOGITS.reshape(-1, CLASSES_OF_ALL).argmax(-1)
    score = metrics.f1_score(labels, said, average="macro", zero_division=np.nan)
    rows = np.eye(CLASSES_OF_ALL, dtype="float32")[said]
    close(kl.SoftFBeta(multi_label=False)(labels, rows), 1 - score)
    close(kl.SoftFBeta(multi_label=False, from_logits=True)(labels, 200 * rows), 1 - score)


def test_matthews_of_decisions_is_that_of_scikit_learn():
    close(kl.SoftMatthews()(TRUE, SAID), 1 - metrics.matthews_corrcoef(TRUE.ravel(), SAID.ravel()))


@pytest.mark.parametrize("loss", [kl.SoftFBeta(), kl.SoftFBeta(average="micro"), kl.SoftMatthews()])
def test_what_is_ignored_or_masked_is_not_counted(loss):
    known = np.arange(YES_NO.size).reshape(YES_NO.shape) % 3 > 0
    again = type(loss).from_config({**loss.get_config(), "ignore_class": -1})
    unknown = np.where(known, YES_NO, -1)
    poisoned = np.where(known, PROBABILITIES, np.nan)
    value, gradient = value_and_gradient(again, unknown, poisoned)
    close(loss(YES_NO, masked(PROBABILITIES, known)), value)
    assert (gradient[known] != 0).all() and not gradient[~known].any()
    some = known.reshape(3, -1).any(0)
    assert some.all()
    few = kl.SoftMatthews(ignore_class=-1)(unknown, PROBABILITIES)
    close(few, kl.SoftMatthews()(YES_NO[known][:, None], PROBABILITIES[known][:, None]))


def test_a_row_with_nothing_to_count_leaves_the_mean():
    labels = np.array([0, -1, 1])
    shares = softmax(LOGITS[0, :3, :3])
    for average in ("macro", "samples"):
        loss = kl.SoftFBeta(1.0, average, multi_label=False, ignore_class=-1)
        rest = kl.SoftFBeta(1.0, average, multi_label=False)
        close(loss(labels, shares), rest(labels[[0, 2]], shares[[0, 2]]))
        values = N(type(loss).from_config({**loss.get_config(), "reduction": "none"})(labels, shares))
        assert values.shape == (3,) and values[1] == 0
        assert N(loss(labels * 0 - 1, shares)) == 0


def test_samples_have_a_value_each():
    loss = kl.SoftFBeta(average="samples", reduction="none")
    found = N(loss(YES_NO, PROBABILITIES, np.array([1.0, 0.0, 2.0])))
    alone = N(kl.soft_f_beta(YES_NO[2], PROBABILITIES[2], average="samples"))
    assert found.shape == (3, 5) and not found[1].any()
    close(found[2], 2 * alone)


def test_a_masked_class_leaves_the_softmax():
    labels, logits = LABELS[0] % 3, LOGITS[0, :, :4]
    mask = np.array([[True, True, True, False]] * 5)
    loss = kl.SoftFBeta(multi_label=False, from_logits=True)
    close(loss(labels, masked(logits, mask)), loss(labels, logits[:, :3]))


OUT_OF_RANGE = np.array([0, 3]), softmax(LOGITS[0, :2, :3])


def test_a_wrong_class_raises():
    with pytest.raises(ValueError, match=re.escape("must hold class indices in [0, 3) in soft_f_beta")):
        kl.soft_f_beta(*OUT_OF_RANGE, multi_label=False)


@pytest.mark.deep
def test_a_wrong_class_makes_the_batch_nan_in_compiled_code():
    value, gradient = value_and_gradient(kl.SoftFBeta(multi_label=False), *OUT_OF_RANGE, mode=MODES[-1])
    assert np.isnan(value) and np.isnan(gradient).any()


@pytest.mark.parametrize("make", [kl.LogitAdjusted, kl.LDAM])
def test_counts_must_be_as_many_as_classes(make):
    with pytest.raises(ValueError, match=re.escape("`counts` must hold 7 numbers, one for each class.")):
        make([5, 2])(LABELS, LOGITS)
    with pytest.raises(ValueError, match=re.escape("`counts` must be a sequence of numbers of at least 0")):
        make([[5, 2]])


@pytest.mark.parametrize("mode", MODES)
def test_a_count_below_the_root_of_the_smallest_number_has_a_gradient(mode):
    true, logits = np.float32([[1, 0], [0, 0]]), np.float32([[2, -46], [-1, -46]])
    gradient = value_and_gradient(kl.SoftFBeta(from_logits=True), true, logits, mode=mode)[1]
    assert np.isfinite(gradient).all() and gradient[0, 0] < 0


def test_an_output_that_is_unknown_or_masked_does_not_count():
    """A row counts if one of its outputs is known and not masked."""
    seen = masked([[0.9, 0.2], [0.5, 0.5]], [[True, False], [True, True]])
    loss = kl.BinaryCrossentropy(ignore_class=-1)(np.float32([[-1, 1], [1, 1]]), seen)
    np.testing.assert_allclose(N(loss), np.log(2), rtol=1e-6)
