"""Inputs that our losses share with other people's, and how the two are compared.

The peers compute in this process whatever the backend: torch in float64, optax in float32.
"""

import jax
import numpy as np
import torch

from keraslosses.portability.gradients import value_and_gradient, values_of

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
LOG_PROBABILITIES_SECOND = np.log(softmax(CLASSES_SECOND, axis=1))
SIGNS = 2 * YES_NO - 1
LABEL_LISTS = np.where(np.arange(CLASSES_OF_ALL) == 3, -1, RNG.integers(0, CLASSES_OF_ALL, REAL[0].shape))


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
