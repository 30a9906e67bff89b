"""Which backend is named where the backends do not agree."""

import numpy as np
import pytest

from keraslosses.portability.processes.agreement import disagreements


@pytest.fixture
def named(tmp_path):
    """The findings by backend of what each of them measured."""

    def name(rtol=1e-4, **measured):
        for backend, arrays in measured.items():
            np.savez(tmp_path / f"{backend}.npz", **arrays)
        paths = {backend: tmp_path / f"{backend}.npz" for backend in measured}
        found = disagreements(paths, {"value": ("backends-differ", "y_pred = 1")}, rtol)
        return {backend: [f.text for f in of_backend] for backend, of_backend in found.items() if of_backend}

    return name


def value(number):
    return {"value": np.array([1.0, number])}


def test_nobody_is_named_where_all_agree(named):
    assert named(tensorflow=value(2.0), jax=value(2.0 + 1e-6), torch=value(2.0)) == {}


def test_the_one_that_differs_is_named_with_the_others(named):
    assert named(tensorflow=value(2.0), jax=value(3.0), torch=value(2.0)) == {
        "jax": ["value: 3 at (1,), but 2 on tensorflow and torch"]
    }


def test_a_disagreement_has_the_code_of_what_was_measured(tmp_path):
    for backend, number in {"jax": 3.0, "torch": 2.0}.items():
        np.savez(tmp_path / f"{backend}.npz", **value(number))
    paths = {backend: tmp_path / f"{backend}.npz" for backend in ("jax", "torch")}
    found = disagreements(paths, {"value": ("kink-differs", "y_pred = 1")})
    assert [(one.code, one.inputs) for one in found["jax"]] == [("kink-differs", "y_pred = 1")]


def test_of_two_both_are_named(named):
    assert named(jax=value(3.0), torch=value(2.0)) == {
        "jax": ["value: 3 at (1,), but 2 on torch"],
        "torch": ["value: 2 at (1,), but 3 on jax"],
    }


def test_where_no_two_agree_all_are_named(named):
    assert set(named(tensorflow=value(1.0), jax=value(3.0), torch=value(2.0))) == {
        "tensorflow",
        "jax",
        "torch",
    }


def test_another_shape_is_a_difference(named):
    found = named(tensorflow=value(2.0), jax={"value": np.array(1.0)}, torch=value(2.0))
    assert found == {"jax": ["value: shape (), but (2,) on tensorflow and torch"]}


def test_what_one_does_not_measure_is_left_out(named):
    assert named(tensorflow=value(2.0), jax=value(2.0), torch={}) == {}
    assert named(tensorflow=value(2.0), jax={}, torch={}) == {}


def test_nan_agrees_with_nan(named):
    assert named(jax=value(np.nan), torch=value(np.nan)) == {}
    assert set(named(jax=value(np.nan), torch=value(2.0))) == {"jax", "torch"}


def test_tolerance_is_the_users(named):
    assert named(rtol=0.1, jax=value(2.1), torch=value(2.0)) == {}
