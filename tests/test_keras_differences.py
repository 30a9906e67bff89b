"""The page of differences from keras.losses says what is so: every call of it, run with both packages."""

import keras
import numpy as np
import pytest
from keras import ops
from keras_differences import KERAS, METRICS, PAGE, ROWS, page, shown
from masks import masked

import keraslosses
from keraslosses.portability.gradients import value_and_gradient

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


def gradient(loss, y_true, y_pred):
    y_true = np.asarray(y_true, getattr(y_true, "dtype", "float32"))
    return value_and_gradient(loss, y_true, np.asarray(y_pred, "float32"), mode="eager")[1]


def names_of(package):
    """What a call of the page may use."""
    return {
        **vars(package),
        "array": np.array,
        "gradient": gradient,
        "inf": np.inf,
        "masked": masked,
        "np": np,
    }


def answer(call, package):
    """The value of a call as numbers, or the word that it gives, or that it raises."""
    try:
        value = eval(call, names_of(package))
    except Exception:
        return "raises"
    return value if isinstance(value, str) else ops.convert_to_numpy(ops.cast(value, "float32"))


def agree(said, received):
    """As exact as the page shows it."""
    if isinstance(said, str) or isinstance(received, str):
        return isinstance(said, str) and isinstance(received, str) and said == received
    return np.shape(said) == received.shape and np.allclose(received, said, rtol=1e-4, atol=0, equal_nan=True)


@pytest.mark.parametrize("row", ROWS, ids=[row.call for row in ROWS])
def test_row(row, backend):
    ours, theirs = answer(row.call, keraslosses), answer(row.call, keras.losses)
    assert agree(row.ours, ours), f"keraslosses gives {ours}"
    assert agree(row.of_keras(backend, VERSION), theirs), f"keras gives {theirs}"


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")
@pytest.mark.parametrize("row", METRICS, ids=[row.call for row in METRICS])
def test_row_of_a_metric(row, backend):
    ours, theirs = answer(row.here, keraslosses), answer(row.call, keras.metrics)
    assert agree(row.ours, ours), f"keraslosses gives {ours}"
    assert agree(row.of_keras(backend, VERSION), theirs), f"keras gives {theirs}"


def test_every_row_is_a_difference():
    for row in [*ROWS, *METRICS]:
        of_keras = row.keras.values() if isinstance(row.keras, dict) else [row.keras]
        assert any(shown(value) != shown(row.ours) for value in of_keras), row.call


def test_no_call_stands_twice():
    assert len({row.call for row in ROWS}) == len(ROWS)
    assert len({row.call for row in METRICS}) == len(METRICS)


def test_the_page_is_made_of_these_rows():
    assert PAGE.read_text("utf-8") == page(), "run: python tests/keras_differences.py"


def test_the_version_on_the_page_is_the_one_that_is_pinned():
    pinned = (PAGE.parent.parent / "pyproject.toml").read_text("utf-8")
    assert f'"keras=={KERAS}"' in pinned
