"""The faster forms that losses declare: what they say of themselves, and that no other loss gets one."""

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.core.backend import forms
from keraslosses.core.backend.forms import Faster, Form, at_work
from keraslosses.core.contract import Contract
from keraslosses.core.explicit import Explicit
from keraslosses.core.kinds.elementwise import Elementwise
from keraslosses.core.kinds.labels import Labels
from keraslosses.core.loss import FunctionLoss, loss_function
from keraslosses.lookup import FUNCTIONS
from keraslosses.portability.gradients import value_and_gradient

DECLARED = {name: function.contract.forms for name, function in FUNCTIONS.items() if function.contract.forms}
ALL = [form for declared in DECLARED.values() for form in declared]
# What counts as a gain: a tenth, somewhere.
GAIN = 1.1


def test_every_form_is_declared_by_one_loss():
    defined = [thing for thing in vars(forms).values() if isinstance(thing, Form)]
    assert sorted(form.name for form in defined) == sorted(form.name for form in ALL)
    assert len({form.name for form in ALL}) == len(ALL)


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
def test_a_form_gains_and_says_where(form):
    assert max(form.gain.values()) >= GAIN
    assert form.measured_on.partition(" ")[0] == form.backend
    assert form.needs


@pytest.mark.parametrize("name", DECLARED)
def test_a_form_is_at_work_on_its_backend_only(name, backend):
    own = {form.computes for form in DECLARED[name] if form.backend == backend}
    faster = FUNCTIONS[name].contract.faster
    assert {part for part, function in faster._asdict().items() if function is not None} == own


def test_two_forms_for_one_thing_are_refused():
    form = Form("one", "mean", "ops.where", needs=(), gain={})
    with pytest.raises(TypeError, match="two forms compute the same"):
        at_work([form, form], "ops")
    assert at_work([form], "ops") == Faster(mean=ops_where())
    assert at_work([form], "jax") == Faster()


def ops_where():
    from keraslosses.core.backend import ops as of_the_seam

    return of_the_seam.where


def slope(y_true, y_pred):
    """Not what any loss computes, with a derivative of its own."""
    return Explicit(5.0 * (y_pred - y_true), lambda: 5.0 * ops.ones_like(y_pred))


def total(y_true, y_pred):
    return ops.sum(y_pred, axis=-1) + 0.0 * ops.cast(y_true, y_pred.dtype)


@pytest.mark.parametrize("name", DECLARED)
def test_a_loss_of_somebody_else_with_the_same_name_gets_no_form(name, monkeypatch):
    monkeypatch.setitem(keras.saving.get_custom_objects(), f"keraslosses>{name}", FUNCTIONS[name])
    ours = FUNCTIONS[name].contract
    of_labels = isinstance(ours.kind, Labels)
    kind, formula = (Labels(), total) if of_labels else (Elementwise(explicit=True), slope)

    def theirs(y_true, y_pred):
        return formula(y_true, y_pred)

    theirs.__name__ = name
    loss = FunctionLoss(loss_function(kind)(theirs), "sum_over_batch_size", name, None)
    y_pred = np.array([[0.25, 0.5, 0.125], [0.5, 1.0, 0.75]], "float32")
    y_true = np.array([0, 2]) if of_labels else np.zeros((2, 3), "float32")
    value, gradient = value_and_gradient(loss, y_true, y_pred)
    expected = y_pred.sum(axis=1).mean() if of_labels else 5.0 * y_pred.mean()
    assert value == pytest.approx(expected)
    np.testing.assert_allclose(gradient, np.full((2, 3), 0.5 if of_labels else 5.0 / 6.0), rtol=1e-6)


def test_a_loss_may_have_an_option_of_any_name(monkeypatch):
    monkeypatch.setitem(keras.saving.get_custom_objects(), "keraslosses>scaled_by", None)

    def scaled_by(y_true, y_pred, *, faster=2.0):
        return faster * (y_pred - y_true)

    contract = Contract(scaled_by, Elementwise(), {"faster": lambda name, value: None})
    values = contract.entries([[1.0, 1.0]], [[2.0, 4.0]], {"faster": 3.0}).values
    assert ops.convert_to_numpy(values) == pytest.approx([6.0])
    assert keraslosses.huber.contract.forms == (forms.HUBER,)
