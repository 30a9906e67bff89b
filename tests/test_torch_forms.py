"""The forms and kernels that torch's seam has for finite inputs: found by name, and right only for some inputs.

That they give the right numbers is seen by every check of their losses on torch.
"""

import inspect

import numpy as np
import pytest
import torch

import keraslosses
from keraslosses.core import backend
from keraslosses.core.backend import torch as backend_of_torch
from keraslosses.core.backend.torch.forms import FORMS
from keraslosses.core.backend.torch.kernels import KERNELS
from keraslosses.portability.gradients import value_and_gradient
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


# The kernels for whole losses

WEIGHTS = [0.5, 1.0, 2.0, 0.0, 1.5, 3.0, 0.25]


def means(name, options, reduction, y_true, y_pred, monkeypatch):
    """Value and gradient of the mean, by the kernel and without it, and how often it served."""
    served = []

    def watched(*arguments):
        served.append(backend_of_torch.mean_by_kernel(*arguments) is not None)
        return backend_of_torch.mean_by_kernel(*arguments)

    loss = getattr(keraslosses, BY_FUNCTION[name].name)(reduction=reduction, **options)
    found = []
    for instead in (watched, lambda *arguments: None):
        monkeypatch.setattr(backend, "mean_by_kernel", instead)
        found.append(value_and_gradient(loss, y_true, y_pred))
    return *found, any(served)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_gives_what_the_formula_gives(name, reduction, monkeypatch):
    parameters = inspect.signature(getattr(keraslosses, name)).parameters
    logits = {"from_logits": True} if "from_logits" in parameters else {}
    for more in (
        {},
        {"class_weights": WEIGHTS},
        {"label_smoothing": 0.1},
        {"ignore_class": 3},
        {"ignore_class": -1},
        {"ignore_class": 3, "class_weights": WEIGHTS},
    ):
        if not more.keys() <= parameters.keys():
            continue
        options = {**logits, **more}
        y_true, y_pred = BY_FUNCTION[name].inputs(options)
        (value, gradient), (expected, slope), served = means(
            name, options, reduction, y_true, y_pred, monkeypatch
        )
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-8)
        assert served == covered(name, options, reduction)


def covered(name, options, reduction):
    """Whether torch's kernel has these options too."""
    if name == "categorical_crossentropy":
        return "class_weights" not in options
    divided_by_weights = "class_weights" in options and reduction == "mean_with_sample_weight"
    return name != "multi_margin" or not ("ignore_class" in options or divided_by_weights)


NOT_FOR_THE_KERNEL = {
    "labels as floats": (np.array([1.0, 2.0], "float32"), {}),
    "every label ignored": (np.array([3, 3]), {"ignore_class": 3}),
    "a label out of range": (np.array([1, 7]), {}),
    "the label that torch ignores": (np.array([1, -100]), {}),
    "weights for other classes": (np.array([1, 2]), {"class_weights": [1.0, 2.0]}),
}


@pytest.mark.parametrize(("y_true", "options"), NOT_FOR_THE_KERNEL.values(), ids=NOT_FOR_THE_KERNEL)
def test_what_the_kernel_would_read_otherwise_goes_to_the_formula(y_true, options):
    y_pred = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 7)).astype("float32"))
    every = {"from_logits": True, "axis": -1, "label_smoothing": 0.0, "ignore_class": None}
    every = {**every, "class_weights": None, **options}
    name = "sparse_categorical_crossentropy"
    right = backend_of_torch.mean_by_kernel(
        name, np.array([1, 2]), y_pred, {**every, "class_weights": None}, "mean"
    )
    assert right is not None
    assert backend_of_torch.mean_by_kernel(name, y_true, y_pred, every, "mean") is None


@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy", "MultiMargin"])
def test_labels_may_be_reversed_or_read_only(name):
    labels, y_pred = np.arange(4), torch.eye(4, 5)
    logits = {"from_logits": True} if name.startswith("Sparse") else {}
    loss = getattr(keraslosses, name)(**logits)
    locked = labels.copy()
    locked.flags.writeable = False
    assert loss(labels[::-1], y_pred) == loss(labels[::-1].copy(), y_pred)
    assert loss(locked, y_pred) == loss(labels, y_pred)


def test_an_infinite_loss_goes_to_the_formula():
    """Its gradient there is 0, that of the kernel NaN."""
    y_pred = np.array([[0.0, -np.inf], [0.0, 1.0]], "float32")
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
    value, gradient = value_and_gradient(loss, np.array([1, 0]), y_pred)
    assert value == np.inf
    assert not gradient[0].any() and gradient[1].all()


@pytest.mark.parametrize("name", KERNELS)
def test_nan_shows_through_a_kernel(name):
    y_true, y_pred = BY_FUNCTION[name].inputs({})
    # Beside the label, unless only the label's number is looked at.
    label = np.argmax(y_true[1, 2]) if name == "categorical_crossentropy" else y_true[1, 2]
    y_pred[1, 2, label if name == "negative_log_likelihood" else label - 1] = np.nan
    logits = {"from_logits": True} if "crossentropy" in name else {}
    value, _ = value_and_gradient(getattr(keraslosses, BY_FUNCTION[name].name)(**logits), y_true, y_pred)
    assert np.isnan(value)


def test_large_scores_keep_their_margin():
    y_true, y_pred = np.array([0, 1]), np.array([[1e8, 1e8, 0.0], [3e7, 3e7, 1.0]], "float32")
    value, _ = value_and_gradient(keraslosses.MultiMargin(), y_true, y_pred)
    assert value == pytest.approx(1 / 3)


@pytest.mark.parametrize("softmax", [True, False])
def test_a_compiler_is_told_the_layout_that_the_kernel_of_ctc_gives(softmax):
    """Forward and backward: a compiler plans with it, and refuses another one."""
    scores = torch.randn(2, 5, 4).log_softmax(-1)
    lengths = torch.tensor([2, 1]), torch.tensor([5, 4])
    given = scores, torch.tensor([[1, 2], [3, 0]]), *lengths, 0, softmax
    ops = torch.ops.keraslosses
    torch.library.opcheck(ops.ctc.default, given, test_utils="test_faketensor")
    values, log_p, log_alpha = ops.ctc(*given)
    kept = torch.ones(2), log_p, given[1], *lengths, values, log_alpha, 0, softmax
    torch.library.opcheck(ops.ctc_backward.default, kept, test_utils="test_faketensor")
