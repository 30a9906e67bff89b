"""torch: its own check of gradients, and its autocast."""

import numpy as np
import pytest
import torch

import keraslosses
from keraslosses.portability.checks.float64 import OFF_FLOAT32, in_float64, wide
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES

CASES = [(name, options) for name, reference in REFERENCES.items() for options in reference.options]


@pytest.mark.deep
@pytest.mark.parametrize(("name", "options"), CASES)
def test_gradcheck_passes_at_its_defaults(name, options):
    reference = REFERENCES[name]
    y_true, y_pred = (torch.as_tensor(wide(x)) for x in reference.inputs(options, leading=(2, 3)))
    y_pred = (y_pred * OFF_FLOAT32).requires_grad_()
    loss = in_float64(Subject(getattr(keraslosses, name), reference), options)
    # What is held constant in the gradient is not in the differences that gradcheck takes.
    constant = (
        options.get("stop_weights")
        or (name == "CIoU" and not options.get("alpha_gradient"))
        or (name == "NegativeCosine" and options.get("stop", "second") is not None)
    )
    if not constant:
        assert torch.autograd.gradcheck(lambda y_pred: loss(y_true, y_pred), (y_pred,))


@pytest.mark.parametrize(("name", "options"), [(n, o) for n, o in CASES if o == REFERENCES[n].options[0]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_changes_nothing(name, options, dtype):
    y_true, y_pred = map(torch.as_tensor, REFERENCES[name].inputs(options))
    y_pred = y_pred.to(dtype).requires_grad_()
    loss = getattr(keraslosses, name)(**options)
    entries = getattr(keraslosses, name)(reduction="none", **options)
    weight = torch.linspace(0, 2, entries(y_true, y_pred).numel()).reshape(entries(y_true, y_pred).shape)
    for arguments in ((y_true, y_pred), (y_true, y_pred, weight)):
        (expected,) = torch.autograd.grad(loss(*arguments), y_pred)
        with torch.autocast("cpu"):
            value = loss(*arguments)
        (received,) = torch.autograd.grad(value, y_pred)
        assert value == loss(*arguments)
        assert torch.equal(received, expected)


@pytest.mark.parametrize("make", [keraslosses.ChunkedCrossEntropy, keraslosses.LargeMarginHead])
def test_autocast_changes_no_head(make):
    head, features = make(5), torch.linspace(-1, 1, 12).reshape(4, 3)
    expected = head.per_sample_loss(features, [0, 4, 2, 2])
    logits = head(features)
    with torch.autocast("cpu"):
        assert torch.equal(head.per_sample_loss(features, [0, 4, 2, 2]), expected)
        assert torch.equal(head(features), logits)


def test_near_predictions_keep_the_digits_of_their_logarithms():
    y_true, y_pred = np.array([[1e4]], "float32"), np.array([[1e4 + 0.01]], "float32")
    expected = REFERENCES["MeanSquaredLogarithmicError"].values(y_true, y_pred, {})
    received = keraslosses.mean_squared_logarithmic_error(y_true, torch.as_tensor(y_pred))
    np.testing.assert_allclose(received.numpy(), expected, rtol=1e-6)
