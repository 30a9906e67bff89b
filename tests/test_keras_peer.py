"""keras.losses: whatever has its name has its signature and its values, and then more options."""

import inspect
from typing import NamedTuple

import keras
import numpy as np
import pytest
from keras import ops
from keras.src.losses import ALL_OBJECTS_DICT

import keraslosses as kl
from keraslosses.lookup import CLASSES
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

PUBLIC = sorted(name for name in dir(keras.losses) if name[0] != "_")
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


def shared_with_keras(things):
    return sorted(set(things) & set(PUBLIC))


def positional(thing):
    parameters = inspect.signature(thing).parameters.values()
    return [(p.name, p.default, p.kind) for p in parameters if p.kind is not p.KEYWORD_ONLY]


# 2026-11-22: Keras 3.16 (nightly) inserts `label_smoothing` into the positional arguments of the sparse
# cross-entropy. Ours is keyword-only, by the signature of 3.15, and takes it by name like theirs.
SINCE_3_16 = {
    ("SparseCategoricalCrossentropy", "label_smoothing"),
    ("sparse_categorical_crossentropy", "label_smoothing"),
}


def parameters_of_keras(thing):
    parameters = inspect.signature(thing).parameters.values()
    return [p for p in parameters if (thing.__name__, p.name) not in SINCE_3_16]


def test_every_public_name_of_keras_losses_is_here():
    assert {"Huber", "huber", "CTC", "get", "Loss"} <= set(PUBLIC)
    assert set(PUBLIC) - set(kl.__all__) == set()


@pytest.mark.parametrize("name", PUBLIC)
def test_keras_signature(name):
    theirs = parameters_of_keras(getattr(keras.losses, name))
    assert positional(getattr(kl, name)) == [(p.name, p.default, p.kind) for p in theirs]


@pytest.mark.parametrize("name", shared_with_keras(CLASSES))
def test_keras_name_and_reduction(name):
    ours, theirs = getattr(kl, name)(), getattr(keras.losses, name)()
    assert (ours.name, ours.reduction, ours.dtype) == (theirs.name, theirs.reduction, theirs.dtype)


class Failing(NamedTuple):
    """Options that are no use in Keras together: `until` a version, on some backends."""

    name: str
    options: set[str]
    until: tuple[int, int] = (99, 0)
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")

    def holds(self):
        return self.until > VERSION and keras.backend.backend() in self.backends


KERAS_FAILS = [
    # It divides the smoothing by the size of the last axis, whatever `axis` is.
    Failing("CategoricalCrossentropy", {"label_smoothing", "axis"}, until=(3, 16)),
    # It lays a list `alpha` along the last axis, whatever `axis` is.
    Failing("CategoricalFocalCrossentropy", {"alpha", "axis"}),
    # It raises for every axis but the last.
    Failing("SparseCategoricalCrossentropy", {"axis"}, backends=("tensorflow", "jax")),
    # It counts the -1 of padding as labels.
    Failing("CTC", set()),
    # It has the two the other way round.
    Failing("Tversky", {"alpha", "beta"}, until=(3, 16)),
]


def keras_fails(name, options):
    return any(case.name == name and case.options <= options.keys() for case in KERAS_FAILS if case.holds())


GRID = [
    (name, options)
    for name in shared_with_keras(CLASSES)
    for options in REFERENCES[name].options
    if options.keys() <= inspect.signature(getattr(keras.losses, name)).parameters.keys()
]
RIGHT = [case for case in GRID if not keras_fails(*case)]
WRONG = [case for case in GRID if keras_fails(*case)]


def named(cases):
    return [pytest.param(*case, id=f"{case[0]} {case[1]}") for case in cases]


@pytest.mark.parametrize(("name", "options"), named(RIGHT))
def test_keras_values(name, options):
    y_true, y_pred = REFERENCES[name].inputs(options)
    theirs, ours = getattr(keras.losses, name), getattr(kl, name)
    y_pred = ops.convert_to_tensor(y_pred)
    shape = tuple(ours(reduction="none", **options)(y_true, y_pred).shape)
    for weight in (None, np.random.default_rng(2).uniform(0.5, 2, shape).astype("float32")):
        for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none"):
            expected = theirs(reduction=reduction, **options)(y_true, y_pred, sample_weight=weight)
            if weight is None and name in ("Dice", "Tversky") and "axis" not in options:
                expected = of_copies(expected, reduction, shape)
            received = ours(reduction=reduction, **options)(y_true, y_pred, sample_weight=weight)
            same(received, expected)


def of_copies(value, reduction, shape):
    """Of a region that is the whole batch Keras has one value, and we a copy for each sample."""
    if reduction in ("sum", "none"):
        copies = ops.broadcast_to(value, shape)
        return ops.sum(copies) if reduction == "sum" else copies
    return value


@pytest.mark.parametrize(("name", "options"), named(RIGHT))
def test_keras_function_called_by_position(name, options):
    function = REFERENCES[name].function
    theirs, ours = getattr(keras.losses, function), getattr(kl, function)
    y_true, y_pred = REFERENCES[name].inputs(options)
    y_pred = ops.convert_to_tensor(y_pred)
    defaults = parameters_of_keras(theirs)[2:]
    arguments = [options.get(parameter.name, parameter.default) for parameter in defaults]
    expected, received = (
        theirs(ops.convert_to_tensor(y_true), y_pred, *arguments),
        ours(y_true, y_pred, *arguments),
    )
    if name in ("Dice", "Tversky") and "axis" not in options:
        expected = of_copies(expected, "none", received.shape)
    same(received, expected)


@pytest.mark.parametrize(("name", "options"), named(WRONG))
def test_keras_still_fails_where_it_is_left_out(name, options):
    """So that what is left out above comes back with the version of Keras that has it right."""
    y_true, y_pred = REFERENCES[name].inputs(options)
    received = getattr(kl, name)(reduction="none", **options)(y_true, y_pred)
    try:
        expected = getattr(keras.losses, name)(reduction="none", **options)(y_true, y_pred)
    except Exception:
        return
    with pytest.raises(AssertionError, match="Not equal"):
        np.testing.assert_allclose(*map(ops.convert_to_numpy, (received, expected)), rtol=1e-3)


# What keras.losses.get finds, keraslosses.get finds: ours where there is one

CTC_INPUTS = (
    np.array([[1, 2], [3, 0], [4, 4]]),
    np.random.default_rng(0).normal(size=(3, 5, 7)).astype("float32"),
)
# Bases of losses: they compute nothing.
ABSTRACT = {"Loss", "LossFunctionWrapper"}
UNDERSTOOD = sorted(ALL_OBJECTS_DICT.keys() - ABSTRACT)


def inputs_and_options(found):
    """What a loss or a function is called with, to see which one it is."""
    name = getattr(found, "__name__", type(found).__name__)
    if name in ("CTC", "ctc"):
        return CTC_INPUTS, {}
    (entry,) = (entry for entry in REFERENCES.values() if name in (entry.name, entry.function))
    options = entry.options[0]
    return entry.inputs(options), options if inspect.isfunction(found) else {}


def value_of(found):
    (y_true, y_pred), options = inputs_and_options(found)
    return ops.convert_to_numpy(
        found(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred), **options)
    )


def test_the_names_that_keras_understands_were_found():
    assert {"Huber", "huber", "mse", "MSLE", "CTC"} <= set(UNDERSTOOD)
    assert ALL_OBJECTS_DICT.keys() >= ABSTRACT


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_get_understands_what_keras_understands(name):
    theirs = keras.losses.get(name)
    identifiers = [name, theirs]
    if not inspect.isfunction(theirs):
        identifiers += [type(theirs), {"class_name": name, "config": {}}, keras.losses.serialize(theirs)]
    for identifier in identifiers:
        found = kl.get(identifier)
        assert inspect.isfunction(found) == inspect.isfunction(theirs)
        np.testing.assert_allclose(value_of(found), value_of(theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", UNDERSTOOD)
def test_get_finds_ours(name):
    found = kl.get(name)
    assert (found if inspect.isfunction(found) else type(found)).__module__.startswith("keraslosses.")


def same(received, expected):
    received, expected = ops.convert_to_numpy(received), ops.convert_to_numpy(expected)
    assert (received.dtype, received.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)
