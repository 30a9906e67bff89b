"""The smaller and the larger of two numbers: their gradient is shared where they are equal, on every backend."""

import numpy as np
import pytest
from keras import ops

from keraslosses.core import backend
from keraslosses.portability.gradients import MODES, value_and_gradient

INF = float("inf")
A = np.array([1.0, 2.0, 3.0, 0.0, INF, INF, -INF], "float32")
B = np.array([2.0, 1.0, 3.0, -0.0, INF, 1.0, -INF], "float32")
SHARE = {"smaller": [1.0, 0.0, 0.5, 0.5, 0.5, 0.0, 0.5], "larger": [0.0, 1.0, 0.5, 0.5, 0.5, 1.0, 0.5]}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "share"), SHARE.items())
def test_equal_numbers_share_the_gradient(name, share, mode):
    chosen = getattr(backend, name)
    values, of_second = value_and_gradient(chosen, A, B, mode=mode)
    _, of_first = value_and_gradient(lambda a, b: chosen(b, a), B, A, mode=mode)
    np.testing.assert_array_equal(values, (np.minimum if name == "smaller" else np.maximum)(A, B))
    np.testing.assert_array_equal(of_first, share)
    np.testing.assert_array_equal(of_second, 1.0 - np.array(share))


@pytest.mark.parametrize("name", SHARE)
def test_nan_stays(name):
    nan = ops.convert_to_tensor(np.array([np.nan, 1.0], "float32"))
    for pair in ((nan, ops.ones_like(nan)), (ops.ones_like(nan), nan)):
        assert np.isnan(ops.convert_to_numpy(getattr(backend, name)(*pair))[0])
