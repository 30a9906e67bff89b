"""Inputs outside their range on torch where no value can be looked at, as on an accelerator."""

import numpy as np
import pytest
from test_domain import CASES, HIGH, LOW, ROUNDED, arrays, loss_of

import keraslosses
from keraslosses.core.backend.torch.look import as_on_an_accelerator
from keraslosses.portability.gradients import value_and_gradient
from keraslosses.reference import REFERENCES


def received(loss, y_true, y_pred, look):
    """The values, and the gradient of their sum."""
    if look:
        return value_and_gradient(loss, y_true, y_pred)
    with as_on_an_accelerator():
        return value_and_gradient(loss, y_true, y_pred)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.loss}-{case.advice[1:7]}")
def test_its_sample_is_nan_and_the_others_stay(case):
    loss, (y_true, y_pred) = loss_of(case, reduction="none"), arrays(case)
    values, gradient = received(loss, y_true, y_pred, look=False)
    alone, slope = received(loss, y_true[1:], y_pred[1:], look=True)
    assert np.isnan(values[0]) and np.isnan(gradient[0]).any()
    np.testing.assert_allclose(values[1:], alone, rtol=1e-5)
    np.testing.assert_allclose(gradient[1:], slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.loss}-{case.advice[1:7]}")
def test_the_mean_is_nan(case):
    value, gradient = received(loss_of(case), *arrays(case), look=False)
    assert np.isnan(value) and np.isnan(gradient[0]).any()


@pytest.mark.parametrize("name", ROUNDED)
def test_outside_by_rounding_counts_as_the_bound(name):
    near = np.array([[HIGH, LOW], [LOW, HIGH]], "float32")
    exact, y_true = np.round(near), np.array([[1.0, 0.0], [1.0, 0.0]], "float32")
    loss = getattr(keraslosses, name)(reduction="none")
    values, gradient = received(loss, y_true, exact, look=False)
    for pair in ((y_true, near), (np.where(y_true, HIGH, LOW), exact)):
        found = received(loss, *pair, look=False)
        np.testing.assert_array_equal(found[0], values)
        np.testing.assert_array_equal(found[1], gradient)


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "KLDivergence"])
def test_the_gradient_is_that_of_the_loss(name):
    """It passes through the repair."""
    reference = REFERENCES[name]
    y_true, y_pred = reference.inputs({})
    loss = getattr(keraslosses, name)()
    found, expected = (received(loss, y_true, y_pred, look) for look in (False, True))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-8)
