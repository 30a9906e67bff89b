"""What watches for NaN and infinity finds none where nothing is wrong. `test_checks.py` watches `fit`."""

import contextlib

import numpy as np
import pytest
from compiled import FORMS, outcome
from keras import ops
from watching import watched

import keraslosses
from keraslosses.core.backend import nan_where, one_or_nan
from keraslosses.core.nonfinite import inf_where
from keraslosses.portability.gradients import BACKEND, USUAL, value_and_gradient

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
# As `fit` runs it.
WATCHED = "graph" if BACKEND == "tensorflow" else USUAL


def test_the_watch_sees_what_is_wrong():
    def root(y_true, y_pred):
        return ops.sqrt(y_pred - y_true)

    with watched(), pytest.raises(Exception, match=r"(?i)nan|inf"):
        value_and_gradient(root, np.ones((2, 1), "float32"), np.zeros((2, 1), "float32"), mode=WATCHED)


# What is meant to be NaN or infinite is, whatever a compiler makes of it.

ON, OFF = np.array([True, False]), np.array([False, False])


@pytest.mark.parametrize("form", [None, *FORMS])
def test_nan_and_infinity_are_computed(form):
    def numbers(condition):
        return [made(condition, "float32") for made in (nan_where, one_or_nan, inf_where)]

    undefined, factor, infinite = outcome(numbers, ON, form=form)
    np.testing.assert_array_equal(undefined, [np.nan, 0.0])
    np.testing.assert_array_equal(factor, [np.nan, 1.0])
    np.testing.assert_array_equal(infinite, [np.inf, 0.0])
    # XLA cannot compile what watches for them.
    with contextlib.nullcontext() if form == "xla" else watched():
        for healthy, expected in zip(outcome(numbers, OFF, form=form), (0.0, 1.0, 0.0), strict=True):
            assert (healthy == expected).all()


# Certain probabilities and logits far apart, at which a formula easily passes through infinity.
CERTAIN = {
    "BinaryCrossentropy": ({}, [[1.0, 0.0]], [[0.0, 1.0]]),
    "BinaryFocalCrossentropy": ({"gamma": 0.5}, [[1.0, 0.0]], [[1.0, 0.0]]),
    "CategoricalCrossentropy": ({}, [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]]),
    "SparseCategoricalFocalCrossentropy": ({"from_logits": True}, [0, 1], [[-100.0, 100.0], [-100.0, 100.0]]),
    "KLDivergence": ({}, [[1.0, 0.0]], [[0.0, 1.0]]),
    "MultiMargin": ({}, [0, 1], [[-100.0, 100.0], [-100.0, 100.0]]),
    "CTC": ({"zero_infinity": True}, [[1, 1]], [[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_passes_through_no_infinity(name):
    options, y_true, y_pred = CERTAIN[name]
    y_true = np.asarray(y_true, "int32" if isinstance(np.ravel(y_true)[0], np.integer) else "float32")
    loss = getattr(keraslosses, name)(**options)
    with watched():
        value, gradient = value_and_gradient(loss, y_true, np.asarray(y_pred, "float32"), mode=WATCHED)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
