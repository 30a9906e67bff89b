"""Inputs outside their range on torch where no value can be looked at, as on an accelerator."""

import numpy as np
import pytest
import torch
from test_domain import CASES, HIGH, LOW, ROUNDED, arrays, loss_of

import keraslosses
from keraslosses.core.backend.torch.look import as_on_an_accelerator, peek
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


@pytest.mark.parametrize("name", ["CategoricalCrossentropy", "KLDivergence"])
def test_a_target_out_of_range_makes_the_gradient_nan_where_the_probability_is_0(name):
    y_true, y_pred = np.array([[-1.0, 1.0, 1.0]], "float32"), np.array([[0.0, 0.5, 0.5]], "float32")
    value, gradient = received(getattr(keraslosses, name)(), y_true, y_pred, look=False)
    assert np.isnan(value) and np.isnan(gradient[0, 0])


def test_the_largest_rounding_error_itself_counts_as_the_bound():
    y_true, y_pred = np.array([[0.0, 1.0]], "float32"), np.array([[-1e-5, 1.0]], "float32")
    found = received(keraslosses.CategoricalCrossentropy(), y_true, y_pred, look=False)
    assert found[0] == pytest.approx(0.0, abs=1e-6)


def test_the_dtype_is_that_of_the_inputs_whatever_torch_s_default_is():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with as_on_an_accelerator():
            rows = torch.tensor([[0.2, 0.8]], dtype=torch.float32)
            made = [
                keraslosses.arcface(torch.tensor([1]), rows),
                keraslosses.sparse_categorical_crossentropy(torch.tensor([1]), rows),
                keraslosses.categorical_generalized_cross_entropy(torch.tensor([1]), rows, q=0.5),
            ]
    finally:
        torch.set_default_dtype(before)
    assert {values.dtype for values in made} == {torch.float32}


def test_tiny_class_weights_divide():
    options = {"class_weights": [1e-40, 1e-40], "reduction": "mean_with_sample_weight", "dtype": "float64"}
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True, **options)
    value, _ = received(loss, np.array([0, 1]), np.zeros((2, 2)), look=False)
    assert value == pytest.approx(np.log(2), rel=1e-12)


def test_a_nested_switch_ends_with_the_outer_one():
    tensor = torch.ones(1)
    with as_on_an_accelerator():
        with as_on_an_accelerator():
            pass
        assert peek(tensor) is None
    assert peek(tensor) is not None
