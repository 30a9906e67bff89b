"""Losses for wrong labels: the cases in which they are other losses, and values from outside."""

import re

import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.losses.tempered import tempered_softmax
from keraslosses.portability.gradients import value_and_gradient
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

LOGITS = np.random.default_rng(0).normal(0, 2, (3, 5)).astype("float32")
ROWS = np.float32([[0.0, 1.0, 0.0, 0.0, 0.0], [0.5, 0.0, 0.25, 0.25, 0.0], [0.2, 0.2, 0.2, 0.2, 0.2]])
P = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
OF_LOGITS = {"from_logits": True}


def same(found, expected, rtol=2e-6):
    np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(expected), rtol=rtol)


def test_each_is_cross_entropy_at_one_end():
    expected = kl.categorical_crossentropy(ROWS, LOGITS, from_logits=True)
    same(kl.symmetric_crossentropy(ROWS, LOGITS, alpha=1.0, beta=0.0, **OF_LOGITS), expected)
    same(kl.bootstrapping(ROWS, LOGITS, beta=1.0, **OF_LOGITS), expected)
    same(kl.bootstrapping(ROWS, LOGITS, beta=1.0, hard=True, **OF_LOGITS), expected)
    near = np.float32([[0.6, 0.4]])
    same(kl.taylor_crossentropy([1], near, order=60), kl.sparse_categorical_crossentropy([1], near))


def test_the_reverse_part_of_an_index_is_an_absolute_error():
    p = ops.convert_to_numpy(P)[np.arange(3), [1, 0, 4]]
    same(kl.symmetric_crossentropy([1, 0, 4], P, alpha=0.0, log_zero=-6.0), 6.0 * (1.0 - p))
    same(kl.taylor_crossentropy([1, 0, 4], P, order=1), 1.0 - p)


def test_bootstrapping_without_a_target_is_entropy_or_the_largest_prediction():
    same(kl.bootstrapping(ROWS, P, beta=0.0), -np.sum(P * np.log(P), axis=-1))
    same(kl.bootstrapping(ROWS, P, beta=0.0, hard=True), -np.log(P.max(-1)))


def test_normalised_cross_entropies_of_all_classes_sum_to_1():
    each = [kl.normalized_crossentropy(np.full(3, k), LOGITS, **OF_LOGITS) for k in range(5)]
    same(sum(each), np.ones(3))


@pytest.mark.parametrize("options", [{}, OF_LOGITS])
def test_a_masked_class_leaves_the_sum_over_the_classes(options):
    y_pred, seen = (LOGITS if options else P), np.broadcast_to(np.arange(5) != 3, P.shape)
    loss = kl.NormalizedCrossentropy(**options, class_weights=[1.0, 2.0, 3.0, 4.0, 5.0], reduction="none")
    left = kl.NormalizedCrossentropy(**options, class_weights=[1.0, 2.0, 3.0, 5.0], reduction="none")
    same(loss(ROWS, masked(y_pred, seen)), left(np.delete(ROWS, 3, 1), np.delete(y_pred, 3, 1)))


def test_one_single_class_costs_nothing():
    with pytest.warns(SyntaxWarning, match="more than one class"):
        same(kl.normalized_crossentropy([0, 0], [[0.5], [2.0]]), np.zeros(2))


def test_no_infinite_part_hides_behind_a_factor_of_0():
    """A class that a logit of -inf excludes costs nothing where cross-entropy has no share."""
    wrong = np.float32([[-np.inf, 1.0]])
    same(kl.symmetric_crossentropy([0], wrong, alpha=0.0, **OF_LOGITS), [4.0])
    same(kl.bootstrapping([0], wrong, beta=0.0, **OF_LOGITS), [0.0])


# Bi-tempered


def without_entropy(rows, logits):
    entropy = -np.sum(rows * np.log(np.where(rows > 0, rows, 1.0)), axis=-1)
    return ops.convert_to_numpy(kl.categorical_crossentropy(rows, logits, from_logits=True)) - entropy


def test_at_and_near_1_bi_tempered_is_cross_entropy_without_the_entropy_of_the_target():
    expected = without_entropy(ROWS, LOGITS)
    same(kl.bi_tempered(ROWS, LOGITS, t1=1.0, t2=1.0), expected, 1e-6)
    same(kl.bi_tempered(ROWS, LOGITS, t1=1.0 - 1e-8, t2=1.0 + 1e-8), expected, 1e-6)
    same(kl.bi_tempered(ROWS, LOGITS, t1=1.0, t2=1.0 + 1e-15), expected, 1e-6)


@pytest.mark.parametrize(("t", "classes"), [(1.01, 2000), (2.0, 2000), (3.379, 162)])
def test_the_tempered_softmax_of_many_classes_sums_to_1(t, classes):
    """One class is before all others. Of the pairs that were tried, the last with 78,609 takes most steps."""
    ahead = np.append(10.0 ** np.arange(-3, 8), 78_609.0)[:, None]
    logits = np.where(np.arange(classes) == 7, 0.0, -ahead).astype("float32")
    p, log_p = tempered_softmax(ops.convert_to_tensor(logits), t)
    same(ops.sum(p, axis=-1), np.ones(len(logits)), 2e-6)
    same(ops.exp(log_p), p)


def test_the_bound_of_a_wrong_label():
    """At t2 of 1 a logit far below the others has no probability at all."""
    for t1 in (0.0, 0.5, 0.8):
        most = 1.0 / ((1.0 - t1) * (2.0 - t1)) + 1.0 / (2.0 - t1)
        same(kl.bi_tempered([0], np.float32([[-200.0, 0.0]]), t1=t1, t2=1.0), [most], 1e-6)


def test_a_share_of_almost_0_is_none_in_bi_tempered():
    target, logits = np.float32([[3e-40, 1.0]]), np.float32([[50.0, -41.0]])
    expected = kl.bi_tempered(np.float32([[0.0, 1.0]]), logits, t1=0.0, t2=1.0)
    same(kl.bi_tempered(target, logits, t1=0.0, t2=1.0), expected, 1e-6)


def test_near_0_bi_tempered_keeps_its_digits():
    """The value of a target that is almost met is the second order of the gap."""
    logits = np.float32([[0.0, 1e-3]])
    expected = REFERENCES["BiTempered"].values(np.float64([[0.5, 0.5]]), logits, {})
    same(kl.bi_tempered(np.float32([[0.5, 0.5]]), logits), expected, 2e-3)


def test_smoothing_gives_an_excluded_class_its_share():
    """As in `CategoricalCrossentropy`, where that costs inf; here each part of the target has a bound."""
    excluded, options = np.float32([[1.0, 2.0, -np.inf]]), {"t1": 0.5, "t2": 1.0, "label_smoothing": 0.3}
    p = np.array([np.exp(1.0), np.exp(2.0), 0.0]) / (np.exp(1.0) + np.exp(2.0))
    y = np.array([0.8, 0.1, 0.1])
    terms = y * 2.0 * (np.sqrt(y) - np.sqrt(p)) - (y**1.5 - p**1.5) / 1.5
    same(kl.bi_tempered([0], excluded, **options), [terms.sum()])
    value, gradient = value_and_gradient(kl.BiTempered(**options), np.array([0]), excluded)
    assert gradient[0, 2] == 0.0 and np.isfinite(gradient).all() and gradient[0, 0] < 0.0
    unbounded = kl.BiTempered(t1=1.0, t2=1.0, label_smoothing=0.3)
    for loss in (unbounded, kl.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)):
        value, gradient = value_and_gradient(loss, np.float32([[1.0, 0.0, 0.0]]), excluded)
        assert value == np.inf and not gradient.any()


# Truncated


def test_truncation_cuts_the_values_off():
    p = np.float32([[0.1, 0.9], [0.4, 0.6], [0.8, 0.2]])
    whole = ops.convert_to_numpy(kl.categorical_generalized_cross_entropy([0, 0, 0], p, q=0.7))
    for truncation, expected in ((0.0, whole), (0.4, [whole[1], whole[1], whole[2]]), (1.0, [0.0] * 3)):
        same(kl.categorical_generalized_cross_entropy([0, 0, 0], p, q=0.7, truncation=truncation), expected)


def test_a_t2_that_underflows_raises():
    rows = np.zeros((1, 1000), "float32")
    with pytest.raises(
        ValueError, match=re.escape("`t2` must be at most 12.5 for 1000 classes. Received: t2=13")
    ):
        kl.bi_tempered([0], rows, t2=13.0)
    value, gradient = value_and_gradient(kl.BiTempered(t2=12.4), np.array([0]), rows)
    assert np.isfinite(value) and np.isfinite(gradient).all() and gradient.any()
