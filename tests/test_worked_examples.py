"""The worked examples of the source articles: the numbers that a reader of those would check first."""

import re

import numpy as np
import pytest
from keras import ops
from worked_examples import EXAMPLES, PAGE, READINGS, agrees, filled_page

import keraslosses
from keraslosses.portability.gradients import value_and_gradient, values_of
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")


def loss_of(example, reduction):
    return getattr(keraslosses, example.loss)(reduction=reduction, **example.options)


def received(example):
    """What the loss gives, in float32."""
    reduction, read = READINGS[example.reading]
    y_true, y_pred = example.arrays("float32")
    loss = loss_of(example, reduction)
    if read is not None:
        return read(values_of(loss, y_true, y_pred), y_pred)
    function = (lambda t, p: loss(t, ops.sigmoid(p))) if example.activation else loss
    return value_and_gradient(function, y_true, y_pred)[1]


def expected(example):
    """The same by the NumPy formula, in float64."""
    reduction, read = READINGS[example.reading]
    y_true, y_pred = example.arrays("float64")
    if y_pred.ndim == 1:
        y_true, y_pred = y_true[:, None], y_pred[:, None]
    reference, options = REFERENCES[example.loss], example.options
    if read is not None:
        values = reference.values(y_true, y_pred, options)
        return read({"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](values), y_pred)
    if not example.activation:
        return reference.gradient(y_true, y_pred, options, np.ones(len(y_pred)))
    p = 1 / (1 + np.exp(-y_pred))
    return reference.gradient(y_true, p, options, np.ones(len(p))) * p * (1 - p)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_example(example):
    numbers = expected(example)
    for number, given in zip(np.ravel(numbers), example.given, strict=True):
        assert agrees(number, given), f"{number!r} is not {given}"
    np.testing.assert_allclose(received(example), numbers, rtol=example.rtol)


def test_only_the_sigmoid_stands_before_a_loss():
    assert {example.activation for example in EXAMPLES} == {"", "sigmoid"}


@pytest.mark.parametrize(
    ("number", "given", "verdict"),
    [(0.32549, "0.325", True), (0.3256, "0.325", False), (16 / 3, "16/3", True), (5.3333, "16/3", False)],
)
def test_given_digits_are_held_to(number, given, verdict):
    assert agrees(number, given) is verdict


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.loss == "BalancedL1"], ids=lambda e: e.id)
def test_balanced_l1_does_not_see_the_sign(example):
    y_true, y_pred = example.arrays("float32")
    loss = loss_of(example, "none")
    np.testing.assert_array_equal(values_of(loss, y_true, -y_pred), values_of(loss, y_true, y_pred))


def test_page_is_up_to_date():
    text = PAGE.read_text("utf-8")
    assert text == filled_page(text), "run: python tests/worked_examples.py"


def test_pictures_of_the_page_are_those_that_the_example_draws():
    source = (PAGE.parent.parent / "examples" / "article_plots.py").read_text("utf-8")
    shown = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", PAGE.read_text("utf-8"))
    assert sorted(shown) == sorted(re.findall(r'"([a-z-]+\.png)"', source))
    assert all((PAGE.parent / name).is_file() for name in shown)
