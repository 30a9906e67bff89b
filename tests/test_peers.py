"""Values and gradients against optax, and values against scikit-learn."""

import jax
import numpy as np
import optax
import pytest
from keras import ops
from peers import (
    BATCH,
    CLASSES_OF_ALL,
    LABELS,
    ONE_HOT,
    POSITIVE,
    PROBABILITIES,
    REAL,
    SIGNS,
    SIMPLEX,
    STEPS,
    YES_NO,
    agree,
    by_optax,
)
from sklearn import metrics

import keraslosses as kl

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

# optax


def optax_dice(p, y, **options):
    """Of logits, for each class over the axis between the first and the last."""
    return optax.losses.dice_loss(p, y, smooth=1e-7, reduction="none", **options)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("ours", "peer", "inputs"),
    [
        (kl.mean_squared_error, lambda p, y: optax.squared_error(p, y).mean(-1), REAL),
        (kl.huber, lambda p, y: optax.huber_loss(p, y).mean(-1), REAL),
        (lambda y, p: kl.huber(y, p, 0.3), lambda p, y: optax.huber_loss(p, y, delta=0.3).mean(-1), REAL),
        (kl.log_cosh, lambda p, y: optax.log_cosh(p, y).mean(-1), REAL),
        (kl.kl_divergence, lambda p, y: optax.kl_divergence(jax.numpy.log(p), y), SIMPLEX),
        (kl.cosine_similarity, lambda p, y: -optax.cosine_similarity(p, y), REAL),
        (
            lambda y, p: kl.categorical_crossentropy(y, p, from_logits=True),
            optax.softmax_cross_entropy,
            (SIMPLEX[0], REAL[1]),
        ),
        (
            lambda y, p: kl.sparse_categorical_crossentropy(y, p, from_logits=True),
            optax.softmax_cross_entropy_with_integer_labels,
            (LABELS, REAL[1]),
        ),
        (
            lambda y, p: kl.binary_crossentropy(y, p, from_logits=True),
            lambda p, y: optax.sigmoid_binary_cross_entropy(p, y).mean(-1),
            (YES_NO, REAL[1]),
        ),
        (kl.hinge, lambda p, y: optax.hinge_loss(p, y).mean(-1), (SIGNS, REAL[1])),
        # Ours lets the true class enter the maximum with 0: the same where another score is positive.
        (
            kl.categorical_hinge,
            lambda p, y: optax.losses.multiclass_hinge_loss(p, y.argmax(-1)),
            (ONE_HOT, POSITIVE[1]),
        ),
        (
            lambda y, p: kl.binary_focal_crossentropy(y, p, gamma=1.5, from_logits=True),
            lambda p, y: optax.sigmoid_focal_loss(p, y, gamma=1.5).mean(-1),
            (YES_NO, REAL[1]),
        ),
        (
            lambda y, p: kl.binary_focal_crossentropy(y, p, True, 0.3, from_logits=True),
            lambda p, y: optax.sigmoid_focal_loss(p, y, alpha=0.3).mean(-1),
            (SIMPLEX[0], REAL[1]),
        ),
        (lambda y, p: kl.dice(y, ops.softmax(p), axis=1), optax_dice, (ONE_HOT, REAL[1])),
        (
            lambda y, p: kl.tversky(y, ops.softmax(p), 0.8, 0.3, axis=1),
            lambda p, y: optax_dice(p, y, alpha=0.8, beta=0.3),
            (ONE_HOT, REAL[1]),
        ),
    ],
    ids=[
        "squared_error",
        "huber_loss",
        "huber_loss, delta",
        "log_cosh",
        "kl_divergence",
        "cosine_similarity",
        "softmax_cross_entropy",
        "softmax_cross_entropy_with_integer_labels",
        "sigmoid_binary_cross_entropy",
        "hinge_loss",
        "multiclass_hinge_loss",
        "sigmoid_focal_loss, gamma",
        "sigmoid_focal_loss, alpha and soft targets",
        "dice_loss",
        "dice_loss, alpha and beta",
    ],
)
def test_optax(ours, peer, inputs):
    agree(ours, peer, by_optax, *inputs)


# scikit-learn: metrics of samples in rows, which divide by the sum of the weights


def in_rows(metric):
    def flattened(y_true, y_pred, sample_weight):
        y_true, y_pred = (x.reshape(BATCH * STEPS, -1).astype("float64") for x in (y_true, y_pred))
        return metric(y_true, y_pred, sample_weight=None if sample_weight is None else sample_weight.ravel())

    return flattened


def percentage_error(y, p, sample_weight):
    return 100 * metrics.mean_absolute_percentage_error(y, p, sample_weight=sample_weight)


def log_loss_of_labels(y, p, sample_weight):
    exact = p / p.sum(-1, keepdims=True)
    return metrics.log_loss(y.ravel(), exact, labels=range(CLASSES_OF_ALL), sample_weight=sample_weight)


def log_loss_of_one_hot(y, p, sample_weight):
    return log_loss_of_labels(y.argmax(-1), p, sample_weight)


def log_loss_of_outputs(y, p, sample_weight):
    """The mean over the outputs, each a problem of two classes."""
    return np.mean(
        [
            metrics.log_loss(yes, probability, labels=[0, 1], sample_weight=sample_weight)
            for yes, probability in zip(y.T, p.T, strict=True)
        ]
    )


def hinge_of_outputs(y, p, sample_weight):
    """The mean over the outputs, each a problem of two classes."""
    return np.mean(
        [
            metrics.hinge_loss(sign, score, labels=[-1, 1], sample_weight=sample_weight)
            for sign, score in zip(y.T, p.T, strict=True)
        ]
    )


def hinge_of_classes(y, p, sample_weight):
    return metrics.hinge_loss(y.argmax(-1), p, labels=range(CLASSES_OF_ALL), sample_weight=sample_weight)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(
    ("ours", "peer", "inputs"),
    [
        (kl.MeanSquaredError, metrics.mean_squared_error, REAL),
        (kl.MeanAbsoluteError, metrics.mean_absolute_error, REAL),
        (kl.MeanSquaredLogarithmicError, metrics.mean_squared_log_error, POSITIVE),
        (kl.MeanAbsolutePercentageError, percentage_error, POSITIVE),
        (kl.SparseCategoricalCrossentropy, log_loss_of_labels, (LABELS, SIMPLEX[1])),
        (kl.CategoricalCrossentropy, log_loss_of_one_hot, (ONE_HOT, SIMPLEX[1])),
        (kl.BinaryCrossentropy, log_loss_of_outputs, (YES_NO, PROBABILITIES)),
        (kl.Hinge, hinge_of_outputs, (SIGNS, REAL[1])),
        # As with optax: the same where another score is positive.
        (kl.CategoricalHinge, hinge_of_classes, (ONE_HOT, POSITIVE[1])),
    ],
)
def test_sklearn(ours, peer, inputs, weighted):
    weight = np.random.default_rng(2).uniform(0.1, 2, (BATCH, STEPS)).astype("float32") if weighted else None
    y_true, y_pred = inputs
    received = ours(reduction="mean_with_sample_weight")(y_true, ops.convert_to_tensor(y_pred), weight)
    np.testing.assert_allclose(float(received), in_rows(peer)(y_true, y_pred, weight), rtol=1e-5)
