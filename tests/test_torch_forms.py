"""The forms that torch's seam has for finite inputs: they are found by name, and give what they may overwrite.

That they give the right numbers is seen by every check of their losses on torch.
"""

import inspect

import numpy as np
import pytest
import torch

import keraslosses
from keraslosses.core.backend.torch_forms import FORMS
from keraslosses.reference import REFERENCES

BY_FUNCTION = {reference.function: reference for reference in REFERENCES.values()}
CASES = [
    (name, options)
    for name in FORMS
    for options in BY_FUNCTION[name].options
    if not {"class_weights", "pos_weight", "apply_class_balancing"} & options.keys()
]


def found(name, options):
    y_true, y_pred = (torch.from_numpy(np.asarray(x, "float32")) for x in BY_FUNCTION[name].inputs(options))
    parameters = list(inspect.signature(getattr(keraslosses, name)).parameters.values())[2:]
    every = {parameter.name: parameter.default for parameter in parameters}
    return FORMS[name](y_true, y_pred, **{**every, **options})


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_derivative_is_a_tensor_of_its_own(name, options):
    explicit = found(name, options)
    if explicit is None:
        return
    values = explicit.values.clone()
    first = explicit.by_pred()
    kept = first.clone()
    first.zero_()
    assert torch.equal(explicit.by_pred(), kept)
    assert torch.equal(explicit.values, values)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_covers_the_options_it_is_there_for(name):
    assert any(found(name, options) is not None for one, options in CASES if one == name)
