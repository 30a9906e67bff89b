"""Values and gradients against other people's code: torch, optax, scikit-learn, and keras.losses.

The peers compute in this process whatever the backend: torch in float64, optax in float32.
"""

import inspect

import jax
import keras
import numpy as np
import optax
import pytest
import torch
import torch.nn.functional as F
from keras import ops
from sklearn import metrics

import keraslosses as kl
from keraslosses.lookup import CLASSES, FUNCTIONS
from keraslosses.portability.gradients import value_and_gradient, values_of
from keraslosses.reference import REFERENCES

RNG = np.random.default_rng(20)
BATCH, STEPS, CLASSES_OF_ALL = 3, 5, 7
PER_CLASS = [1.0, 0.5, 2.0, 0.25, 3.0, 1.5, 0.75]


def drawn(*shape):
    return RNG.normal(0, 2, shape).astype("float32")


def softmax(x, axis=-1):
    exponentials = np.exp(x.astype("float64"))
    return (exponentials / exponentials.sum(axis, keepdims=True)).astype("float32")


REAL = drawn(BATCH, STEPS, CLASSES_OF_ALL), drawn(BATCH, STEPS, CLASSES_OF_ALL)
POSITIVE = tuple(np.abs(x) + 0.1 for x in REAL)
SIMPLEX = softmax(REAL[0]), softmax(REAL[1])
YES_NO = (REAL[0] > 0).astype("float32")
PROBABILITIES = 1 / (1 + np.exp(-REAL[1]))
LABELS = RNG.integers(0, CLASSES_OF_ALL, (BATCH, STEPS))
SOME_IGNORED = np.where(RNG.random(LABELS.shape) < 0.4, -100, LABELS)
# torch puts the classes second.
CLASSES_SECOND = drawn(BATCH, CLASSES_OF_ALL, STEPS)
SOFT_CLASSES_SECOND = softmax(drawn(BATCH, CLASSES_OF_ALL, STEPS), axis=1)
ONE_HOT = np.eye(CLASSES_OF_ALL, dtype="float32")[LABELS]


def by_torch(function, y_true, y_pred, cotangent):
    """Value and gradient of a function (y_pred, y_true) of torch, in float64."""
    y_true = torch.from_numpy(y_true)
    y_true = y_true.double() if y_true.is_floating_point() else y_true.long()
    y_pred = torch.from_numpy(y_pred).double().requires_grad_(True)
    values = function(y_pred, y_true)
    total = (values * torch.as_tensor(cotangent)).sum()
    return values.detach().numpy(), torch.autograd.grad(total, y_pred)[0].numpy()


def by_optax(function, y_true, y_pred, cotangent):
    """Value and gradient of a function (y_pred, y_true) of optax."""
    gradient = jax.grad(lambda y_pred: (function(y_pred, y_true) * cotangent).sum())
    return np.asarray(function(y_pred, y_true)), np.asarray(gradient(y_pred))


def agree(ours, peer, run, y_true, y_pred):
    values = values_of(ours, y_true, y_pred)
    cotangent = np.random.default_rng(1).normal(size=values.shape).astype("float32")
    values, gradient = value_and_gradient(ours, y_true, y_pred, cotangent)
    expected_values, expected_gradient = run(peer, y_true, y_pred, cotangent)
    np.testing.assert_allclose(values, expected_values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-5, atol=1e-6)


# torch.nn.functional: the elementwise ones, averaged over the last axis


def averaged(function, **options):
    return lambda p, y: function(p, y, reduction="none", **options).mean(-1)


def torch_kl_divergence(p, y):
    return F.kl_div(p.log(), y, reduction="none").sum(-1)


WEIGHT = torch.tensor(PER_CLASS, dtype=torch.float64)


TORCH = [
    (kl.MeanSquaredError, {}, averaged(F.mse_loss), REAL),
    (kl.MeanAbsoluteError, {}, averaged(F.l1_loss), REAL),
    *((kl.Huber, {"delta": d}, averaged(F.huber_loss, delta=d), REAL) for d in (0.3, 1.0, 2.5)),
    *((kl.SmoothL1, {"beta": b}, averaged(F.smooth_l1_loss, beta=b), REAL) for b in (0.0, 0.3, 1.0, 2.5)),
    (kl.BinaryCrossentropy, {}, averaged(F.binary_cross_entropy), (YES_NO, PROBABILITIES)),
    (kl.BinaryCrossentropy, {}, averaged(F.binary_cross_entropy), (SIMPLEX[0], PROBABILITIES)),
    (
        kl.BinaryCrossentropy,
        {"class_weights": PER_CLASS},
        averaged(F.binary_cross_entropy, weight=WEIGHT),
        (YES_NO, PROBABILITIES),
    ),
    (
        kl.BinaryCrossentropy,
        {"from_logits": True},
        averaged(F.binary_cross_entropy_with_logits),
        (YES_NO, REAL[1]),
    ),
    (
        kl.BinaryCrossentropy,
        {"from_logits": True, "pos_weight": 3.0},
        averaged(F.binary_cross_entropy_with_logits, pos_weight=torch.tensor(3.0)),
        (YES_NO, REAL[1]),
    ),
    (
        kl.BinaryCrossentropy,
        {"from_logits": True, "class_weights": PER_CLASS, "pos_weight": PER_CLASS[::-1]},
        averaged(F.binary_cross_entropy_with_logits, weight=WEIGHT, pos_weight=WEIGHT.flip(0)),
        (SIMPLEX[0], REAL[1]),
    ),
    (kl.KLDivergence, {}, torch_kl_divergence, SIMPLEX),
    (kl.Poisson, {}, averaged(F.poisson_nll_loss, log_input=False, eps=1e-7), POSITIVE),
    *(
        (kl.CosineSimilarity, {"axis": axis}, lambda p, y, axis=axis: -F.cosine_similarity(p, y, axis), REAL)
        for axis in (-1, 1)
    ),
]


@pytest.mark.parametrize(
    ("ours", "options", "peer", "inputs"), TORCH, ids=[f"{case[0].__name__} {case[1]}" for case in TORCH]
)
def test_torch(ours, options, peer, inputs):
    agree(ours(reduction="none", **options), peer, by_torch, *inputs)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("ours", "peer"),
    [
        (kl.MeanSquaredError, F.mse_loss),
        (kl.MeanAbsoluteError, F.l1_loss),
        (kl.Huber, F.huber_loss),
        (kl.SmoothL1, F.smooth_l1_loss),
    ],
)
def test_torch_reduced(ours, peer, reduction):
    # The mean of means is the mean; our sum is over samples whose last axis was averaged.
    factor = CLASSES_OF_ALL if reduction == "sum" else 1
    agree(ours(reduction=reduction), lambda p, y: peer(p, y, reduction=reduction) / factor, by_torch, *REAL)


# torch.nn.functional.cross_entropy, whose weighted mean is our "mean_with_sample_weight"

CROSS_ENTROPY_REDUCTIONS = [("mean_with_sample_weight", "mean"), ("sum", "sum"), ("none", "none")]


@pytest.mark.parametrize(("ours", "torchs"), CROSS_ENTROPY_REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, PER_CLASS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("labels", [LABELS, SOME_IGNORED], ids=["all", "some ignored"])
def test_torch_cross_entropy(labels, weights, smoothing, ours, torchs):
    loss = kl.SparseCategoricalCrossentropy(
        from_logits=True,
        ignore_class=-100,
        axis=1,
        label_smoothing=smoothing,
        class_weights=weights,
        reduction=ours,
    )

    def peer(p, y):
        weight = None if weights is None else WEIGHT
        return F.cross_entropy(p, y, weight, ignore_index=-100, reduction=torchs, label_smoothing=smoothing)

    agree(loss, peer, by_torch, labels, CLASSES_SECOND)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, PER_CLASS], ids=["unweighted", "weighted"])
def test_torch_cross_entropy_of_soft_targets(weights, smoothing, reduction):
    """Here torch's mean divides by the number of entries, also with weights: our plain mean."""
    loss = kl.CategoricalCrossentropy(
        from_logits=True, axis=1, label_smoothing=smoothing, class_weights=weights, reduction=reduction
    )

    def peer(p, y):
        weight = None if weights is None else WEIGHT
        return F.cross_entropy(p, y, weight, reduction=reduction, label_smoothing=smoothing)

    agree(loss, peer, by_torch, SOFT_CLASSES_SECOND, CLASSES_SECOND)


# optax


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
    ],
)
def test_sklearn(ours, peer, inputs, weighted):
    weight = np.random.default_rng(2).uniform(0.1, 2, (BATCH, STEPS)).astype("float32") if weighted else None
    y_true, y_pred = inputs
    received = ours(reduction="mean_with_sample_weight")(y_true, ops.convert_to_tensor(y_pred), weight)
    np.testing.assert_allclose(float(received), in_rows(peer)(y_true, y_pred, weight), rtol=1e-5)


# keras.losses: whatever has its name has its signature and its values, and then more options


def shared_with_keras(things):
    return sorted(name for name in things if hasattr(keras.losses, name))


def positional(thing):
    parameters = inspect.signature(thing).parameters.values()
    return [(p.name, p.default, p.kind) for p in parameters if p.kind is not p.KEYWORD_ONLY]


def test_the_names_shared_with_keras_were_found():
    assert {"Huber", "SparseCategoricalCrossentropy"} <= set(shared_with_keras(CLASSES))
    assert {"huber", "sparse_categorical_crossentropy"} <= set(shared_with_keras(FUNCTIONS))


@pytest.mark.parametrize("name", [*shared_with_keras(CLASSES), *shared_with_keras(FUNCTIONS)])
def test_keras_signature(name):
    theirs = parameters_of_keras(getattr(keras.losses, name))
    assert positional(getattr(kl, name)) == [(p.name, p.default, p.kind) for p in theirs]


@pytest.mark.parametrize("name", shared_with_keras(CLASSES))
def test_keras_name_and_reduction(name):
    ours, theirs = getattr(kl, name)(), getattr(keras.losses, name)()
    assert (ours.name, ours.reduction, ours.dtype) == (theirs.name, theirs.reduction, theirs.dtype)


# Options that are no use in Keras 3.15.1 together, by name of the class.
KERAS_FAILS = {
    # It divides the smoothing by the size of the last axis, whatever `axis` is.
    "CategoricalCrossentropy": {"label_smoothing", "axis"},
    # It raises for every axis but the last on TensorFlow and JAX.
    "SparseCategoricalCrossentropy": {"axis"},
}


def keras_computes(name, options):
    known = inspect.signature(getattr(keras.losses, name)).parameters.keys()
    failing = KERAS_FAILS.get(name)
    return options.keys() <= known and not (failing and failing <= options.keys())


KERAS = [
    pytest.param(name, options, id=f"{name} {options}")
    for name in shared_with_keras(CLASSES)
    for options in REFERENCES[name].options
    if keras_computes(name, options)
]


@pytest.mark.parametrize(("name", "options"), KERAS)
def test_keras_values(name, options):
    y_true, y_pred = REFERENCES[name].inputs(options)
    theirs, ours = getattr(keras.losses, name), getattr(kl, name)
    y_pred = ops.convert_to_tensor(y_pred)
    shape = tuple(ours(reduction="none", **options)(y_true, y_pred).shape)
    for weight in (None, np.random.default_rng(2).uniform(0.5, 2, shape).astype("float32")):
        for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none"):
            expected = theirs(reduction=reduction, **options)(y_true, y_pred, sample_weight=weight)
            received = ours(reduction=reduction, **options)(y_true, y_pred, sample_weight=weight)
            same(received, expected)


@pytest.mark.parametrize(("name", "options"), KERAS)
def test_keras_function_called_by_position(name, options):
    function = REFERENCES[name].function
    theirs, ours = getattr(keras.losses, function), getattr(kl, function)
    y_true, y_pred = REFERENCES[name].inputs(options)
    y_pred = ops.convert_to_tensor(y_pred)
    defaults = parameters_of_keras(theirs)[2:]
    arguments = [options.get(parameter.name, parameter.default) for parameter in defaults]
    expected = theirs(ops.convert_to_tensor(y_true), y_pred, *arguments)
    same(ours(y_true, y_pred, *arguments), expected)


# 2026-11-22: Keras 3.16 (nightly) inserts `label_smoothing` into the positional arguments of the sparse
# cross-entropy. Ours is keyword-only, by the signature of 3.15, and takes it by name like theirs.
SINCE_3_16 = {
    ("SparseCategoricalCrossentropy", "label_smoothing"),
    ("sparse_categorical_crossentropy", "label_smoothing"),
}


def parameters_of_keras(thing):
    parameters = inspect.signature(thing).parameters.values()
    return [p for p in parameters if (thing.__name__, p.name) not in SINCE_3_16]


def same(received, expected):
    received, expected = ops.convert_to_numpy(received), ops.convert_to_numpy(expected)
    assert received.dtype == expected.dtype
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)
