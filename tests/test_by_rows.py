"""A function of rows that is computed for a few rows at a time gives the same value and gradients."""

import numpy as np
import pytest
from keras import ops

from keraslosses.core import backend
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient

ROWS = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
LABELS = np.array([0, 1, 1, 2, 0, 2, 2])


def whole(vectors, labels, others, other_labels):
    near = ops.exp(-ops.sum(ops.square(vectors[:, None] - others[None]), axis=-1))
    same = ops.cast(labels[:, None] == other_labels[None], near.dtype)
    return ops.sum(near * same, axis=1) - ops.log(ops.sum(near, axis=1))


def by_rows(size):
    return lambda labels, x: backend.by_rows(whole, (x, labels), (x, labels), size)


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("size", [1, 3, 7, 10])
def test_value_and_gradient_are_those_of_all_rows(size, mode):
    cotangent = np.linspace(-1, 2, 7)
    expected = value_and_gradient(
        lambda labels, x: whole(x, labels, x, labels), LABELS, ROWS, cotangent, mode
    )
    found = value_and_gradient(by_rows(size), LABELS, ROWS, cotangent, mode)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_no_rows():
    assert value_and_gradient(by_rows(3), LABELS[:0], ROWS[:0], np.zeros(0))[0].shape == (0,)
