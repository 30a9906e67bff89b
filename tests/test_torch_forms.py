"""The faster forms of losses on torch, against the formula in float64, where they serve and where they do not.

The list is that of the forms which the losses declare.
"""

import inspect
from contextlib import ExitStack, nullcontext

import numpy as np
import pytest
import torch

import keraslosses
from keraslosses.core.backend.forms import FINITE, LABELS, SEEN, SOME, UNSEEN, Faster
from keraslosses.core.backend.torch import overlaps, written_out
from keraslosses.core.backend.torch.look import as_on_an_accelerator
from keraslosses.lookup import FUNCTIONS
from keraslosses.portability.gradients import value_and_gradient
from keraslosses.reference import REFERENCES, kinds

BY_FUNCTION = {reference.function: reference for reference in REFERENCES.values()}
DECLARED = {name: function.contract.forms for name, function in FUNCTIONS.items() if function.contract.forms}
FORMS = {form.name: (form, name) for name, declared in DECLARED.items() for form in declared}
REDUCTIONS = ["sum_over_batch_size", "mean_with_sample_weight", "none"]


def needing(need):
    return [name for name, (form, _) in FORMS.items() if need in form.needs]


def test_forms_of_another_backend_need_a_module_like_this_one():
    assert {form.backend for form, _ in FORMS.values()} == {"torch"}


# The inputs


def inputs_of(name, options, **shape):
    """Those of the reference. If a form needs labels, they take the place of distributions."""
    y_true, y_pred = BY_FUNCTION[name].inputs(options, **shape)
    distributions = y_true.shape == y_pred.shape and any(name == FORMS[form][1] for form in needing(LABELS))
    return (y_true.argmax(-1) if distributions else y_true), y_pred


def within(numbers, name, options, argument):
    """Numbers in the range in which a loss reads them."""
    range_ = FUNCTIONS[name].contract.kind.ranges(options).get(argument)
    return numbers if range_ is None else np.clip(numbers, 0.0, range_.high)


def scaled(factor):
    """Predictions times a factor, and targets with them where these are any numbers."""

    def inputs(name, options):
        y_true, y_pred = inputs_of(name, options)
        if y_true.dtype.kind == "f" and "y_true" not in FUNCTIONS[name].contract.kind.ranges(options):
            y_true = factor * y_true
        return y_true, within(factor * y_pred, name, options, "y_pred")

    return inputs


def near(name, options):
    """Predictions next to their targets; of labels, scores next to each other."""
    y_true, y_pred = inputs_of(name, options)
    if BY_FUNCTION[name].kind is kinds.REGIONS:  # Their sums keep fewer digits.
        return y_true, within(y_true + 0.05 * y_pred, name, options, "y_pred")
    if y_true.shape == y_pred.shape:
        return y_true, within(y_true + 1e-4 * y_pred, name, options, "y_pred")
    return y_true, within(0.5 + 1e-3 * y_pred, name, options, "y_pred")


def many(name, options):
    return inputs_of(name, options, leading=(64, 512))


INPUTS = {
    "usual": scaled(1.0),
    "near-equal": near,
    "tiny": scaled(1e-5),
    "large": scaled(1e4),
    "many": many,
}


def options_of(name):
    """The grid of the reference, with an ignored label too, and kernels' options beside each other."""
    reference = BY_FUNCTION[name]
    grid = [dict(options) for options in reference.options]
    if reference.kind is kinds.REGIONS:
        return [options for options in grid if not {"from_logits", "squared"} & options.keys()]
    parameters = inspect.signature(getattr(keraslosses, name)).parameters
    logits = {"from_logits": True} if "from_logits" in parameters else {}
    more = [
        {"class_weights": [0.5, 1.0, 2.0, 0.0, 1.5, 3.0, 0.25]},
        {"label_smoothing": 0.1},
        {"ignore_class": 3},
        {"ignore_class": 3, "class_weights": [0.5, 1.0, 2.0, 0.0, 1.5, 3.0, 0.25]},
    ]
    return grid + [{**logits, **one} for one in more if one.keys() <= parameters.keys()]


# What they give


@pytest.fixture
def switched(monkeypatch):
    """Sets which forms of a loss are at work; gives a list that grows with each result of one."""

    def switch(name, keep):
        contract, served = FUNCTIONS[name].contract, []

        def watched(part, function):
            def call(*args, **options):
                found = function(*args, **options)
                if found is not None:
                    served.append(part)
                return found

            return call

        at_work = {
            part: watched(part, function)
            for part, function in contract.faster._asdict().items()
            if function is not None and keep(part)
        }
        monkeypatch.setattr(contract, "faster", Faster(**at_work))
        return served

    return switch


@pytest.fixture
def no_look():
    """As on an accelerator: no tensor can be looked at."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(as_on_an_accelerator())


def by_formula(name, *arguments):
    """Value and gradient by the formula of the loss alone."""
    contract = FUNCTIONS[name].contract
    at_work, contract.faster = contract.faster, Faster()
    try:
        return result(name, *arguments)
    finally:
        contract.faster = at_work


def in_float64(name, options, reduction, y_true, y_pred, weight=None):
    wide = y_true.astype("float64") if y_true.dtype.kind == "f" else y_true
    return by_formula(name, options, reduction, wide, y_pred.astype("float64"), weight)


def result(name, options, reduction, y_true, y_pred, weight=None):
    dtype = "float64" if y_pred.dtype == np.float64 else "float32"
    loss = getattr(keraslosses, BY_FUNCTION[name].name)(reduction=reduction, dtype=dtype, **options)

    def total(y_true, y_pred):
        value = loss(y_true, y_pred, weight)
        if not value.ndim:
            return value
        # Unequal shares, so that no derivative stands at another's place.
        return (value * torch.linspace(0.5, 1.5, value.numel()).reshape(value.shape)).sum()

    return value_and_gradient(total, y_true, y_pred)


# Near their minimum, the parts of these losses and of their gradients cancel each other.
ROUNDING = {"kl_divergence": 1e-7, "cosine_similarity": 1e-7}


def assert_close(found, expected, atol=0.0):
    (value, gradient), (wanted, slope) = found, expected
    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=atol)
    np.testing.assert_allclose(gradient, slope, rtol=3e-5, atol=1e-6 * np.abs(slope).max() + atol)


LOOK = pytest.mark.parametrize("look", [True, False], ids=["look", "no look"])


# torch's kernel of CTC has the rounding errors of long and of large sums in float32.
ROUGH = {("ctc", "large"), ("ctc", "many")}
PRECISE = [(name, inputs) for name in DECLARED for inputs in INPUTS if (name, inputs) not in ROUGH]


@LOOK
@pytest.mark.parametrize(("name", "inputs"), PRECISE)
def test_a_form_gives_what_the_formula_gives_in_float64(name, inputs, look, no_look):
    for options in options_of(name):
        y_true, y_pred = INPUTS[inputs](name, options)
        reductions = REDUCTIONS[:1] if inputs == "many" else REDUCTIONS
        expected = {r: in_float64(name, options, r, y_true, y_pred) for r in reductions}
        if not look:
            no_look()
        for reduction, wanted in expected.items():
            assert_close(result(name, options, reduction, y_true, y_pred), wanted, ROUNDING.get(name, 0.0))


@LOOK
@pytest.mark.parametrize("name", DECLARED)
def test_what_has_weight_0_may_hold_anything(name, look, no_look):
    for options in options_of(name):
        if BY_FUNCTION[name].coupled and 0 in np.atleast_1d(options.get("axis") or 0):
            continue  # A weight of 0 takes no sample out of a region that spans the batch.
        y_true, y_pred = inputs_of(name, options)
        weight = np.array([1.0, 0.0, 2.0], "float32")
        expected = in_float64(name, options, "sum_over_batch_size", y_true, y_pred, weight)
        if not look:
            no_look()
        y_pred[1] = np.nan
        value, gradient = result(name, options, "sum_over_batch_size", y_true, y_pred, weight)
        assert_close((value, gradient), expected)
        assert not gradient[1].any()


@pytest.mark.parametrize("form", FORMS)
def test_a_form_serves_and_only_where_its_needs_are_met(form, switched, no_look):
    declared, name = FORMS[form]
    served = switched(name, lambda part: part == declared.computes)
    for options in options_of(name):
        result(name, options, "sum_over_batch_size", *inputs_of(name, options))
    assert bool(served) == (UNSEEN not in declared.needs)
    served.clear()
    no_look()
    for options in options_of(name):
        result(name, options, "sum_over_batch_size", *inputs_of(name, options))
    assert bool(served) == (SEEN not in declared.needs)


@LOOK
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("form", needing(FINITE))
def test_what_is_not_finite_gives_what_the_formula_gives(form, number, look, no_look):
    _, name = FORMS[form]
    for options in options_of(name):
        y_true, y_pred = inputs_of(name, options)
        reads = FUNCTIONS[name].contract.kind.ranges(options).get("y_pred")
        if reads is not None and not np.isnan(number):
            continue  # What is out of range is an error.
        y_pred[1, 2] = number
        for reduction in REDUCTIONS:
            expected = by_formula(name, options, reduction, y_true, y_pred)
            with nullcontext() if look else as_on_an_accelerator():
                found = result(name, options, reduction, y_true, y_pred)
            np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
            np.testing.assert_allclose(found[1], expected[1], rtol=3e-5, atol=1e-7)


@pytest.mark.parametrize("form", needing(SOME))
def test_the_mean_of_nothing_is_0(form):
    _, name = FORMS[form]
    for options in options_of(name):
        y_true, y_pred = inputs_of(name, options)
        value, _ = result(name, options, "sum_over_batch_size", y_true[:0], y_pred[:0])
        assert value == 0


@LOOK
@pytest.mark.parametrize("form", needing(LABELS))
def test_the_mean_of_what_is_all_ignored_is_0(form, look, no_look):
    _, name = FORMS[form]
    if not look:
        no_look()
    for options in options_of(name):
        if "ignore_class" in options:
            y_true, y_pred = inputs_of(name, options)
            y_true[:] = options["ignore_class"]
            for reduction in REDUCTIONS[:2]:
                value, gradient = result(name, options, reduction, y_true, y_pred)
                assert value == 0 and not gradient.any()


# The forms of a formula


def every_option(name, options):
    return {**FUNCTIONS[name].contract.defaults, **options}


@pytest.mark.parametrize("form", [name for name, (form, _) in FORMS.items() if form.computes == "formula"])
def test_a_derivative_is_a_tensor_of_its_own(form):
    declared, name = FORMS[form]
    for options in options_of(name):
        y_true, y_pred = (torch.from_numpy(x.astype("float32")) for x in inputs_of(name, options))
        explicit = declared.function()(y_true, y_pred, **every_option(name, options))
        if explicit is None:
            continue
        values = explicit.values.clone()
        first = explicit.by_pred()
        kept = first.clone()
        first.zero_()
        assert torch.equal(explicit.by_pred(), kept)
        assert torch.equal(explicit.values, values)


# The kernels for whole losses

LABELLED = needing(LABELS)


def kernel_gives(form, y_true, y_pred, options, reduction="mean"):
    declared, name = FORMS[form]
    return declared.function()(y_true, y_pred, every_option(name, options), reduction)


@pytest.mark.parametrize("reduction", REDUCTIONS[:2])
@pytest.mark.parametrize("form", [name for name, (form, _) in FORMS.items() if form.computes == "loss"])
def test_a_kernel_serves_the_options_that_it_has(form, reduction):
    _, name = FORMS[form]
    for options in options_of(name):
        y_true, y_pred = map(torch.from_numpy, inputs_of(name, options))
        with as_on_an_accelerator() if UNSEEN in FORMS[form][0].needs else nullcontext():
            found = kernel_gives(form, y_true, y_pred, options, reduction)
        assert (found is not None) == covered(name, options, reduction), options


def covered(name, options, reduction):
    """Whether torch's kernel, or the loss that is written out, has these options too."""
    if name == "ctc":
        return not options.keys() & {"normalize"} and options.get("from_logits", True)
    if name == "cosine_similarity":
        return options.get("axis", -1) == -1
    if name == "binary_crossentropy":
        apart = {"pos_weight", "class_weights", "ignore_class"}
        return not options.keys() & apart and options.get("axis", -1) == -1
    if name == "categorical_generalized_cross_entropy":
        return not options.keys() & {"ignore_class", "class_weights", "from_logits", "truncation"}
    if name in ("dice", "tversky", "jaccard", "focal_tversky"):
        return options.get("alpha", 0.5) > 0
    if name == "multi_label_soft_margin":
        return not options
    from_logits = FUNCTIONS[name].contract.defaults.get("from_logits") is None or options.get("from_logits")
    if not from_logits or options.get("axis", -1) != -1:
        return False
    if name in ("categorical_crossentropy", "poly_crossentropy"):
        return "class_weights" not in options
    divided_by_weights = "class_weights" in options and reduction == "mean_with_sample_weight"
    return name != "multi_margin" or not ("ignore_class" in options or divided_by_weights)


@LOOK
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("form", LABELLED)
def test_what_is_ignored_may_hold_anything(form, number, look, no_look):
    """A kernel gives a finite loss, and a gradient of NaN where it goes back through the softmax."""
    _, name = FORMS[form]
    logits = {"from_logits": True} if "from_logits" in FUNCTIONS[name].contract.defaults else {}
    options = {**logits, "ignore_class": 3}
    y_true, y_pred = inputs_of(name, options)
    y_true[1, 2] = 3
    expected = result(name, options, "sum_over_batch_size", y_true, y_pred)
    y_pred[1, 2, 4] = number
    if not look:
        no_look()
    found = result(name, options, "sum_over_batch_size", y_true, y_pred)
    assert_close(found, expected)
    assert not found[1][1, 2].any()


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("label", [-1, 7, -(2**31)])
@pytest.mark.parametrize("form", [*LABELLED, "categorical_generalized_cross_entropy_mean"])
def test_a_label_out_of_range_that_is_not_seen_makes_its_sample_nan(form, label, reduction, no_look):
    _, name = FORMS[form]
    for options in options_of(name):
        if options.get("ignore_class") == label or options.get("axis", -1) != -1:
            continue
        y_true, y_pred = inputs_of(name, options)
        y_true[1, 2] = 0
        _, slope = result(name, options, reduction, y_true, y_pred)
        y_true[1, 2] = label
        with as_on_an_accelerator():
            value, gradient = result(name, options, reduction, y_true, y_pred)
        assert np.isnan(value) and np.isnan(gradient[1, 2]).any()
        if reduction == "sum_over_batch_size":
            gradient[1, 2] = slope[1, 2]
            np.testing.assert_allclose(gradient, slope, rtol=3e-5, atol=1e-7)


def of_gradient(name, options, y_true, y_pred):
    """The gradient of a sum over the gradient."""
    loss = getattr(keraslosses, BY_FUNCTION[name].name)(**options)
    y_true, y_pred = torch.from_numpy(y_true), torch.from_numpy(y_pred).requires_grad_()
    (slope,) = torch.autograd.grad(loss(y_true, y_pred), y_pred, create_graph=True)
    shares = torch.linspace(0.5, 1.5, slope.numel()).reshape(slope.shape)
    total = (slope * shares).sum()
    return torch.autograd.grad(total, y_pred)[0] if total.requires_grad else torch.zeros_like(y_pred)


def first_gradients(loss, y_true, y_pred):
    """The gradient that is not seen, and the same made to be differentiated."""
    y_true, y_pred = torch.tensor(y_true), torch.tensor(y_pred, requires_grad=True)
    with as_on_an_accelerator():
        value = loss(y_true, y_pred)
        plain = torch.autograd.grad(value, y_pred, retain_graph=True)[0]
        return plain, torch.autograd.grad(value, y_pred, create_graph=True)[0].detach()


@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy", "NegativeLogLikelihood"])
@pytest.mark.parametrize(("label", "ignored"), [(-2, 0), (9, 2)])
def test_a_label_out_of_range_next_to_the_ignored_class_is_nan(name, label, ignored):
    options = {"from_logits": True} if name.startswith("Sparse") else {}
    loss = getattr(keraslosses, name)(ignore_class=ignored, **options)
    for slope in first_gradients(loss, [label, ignored, 1], [[0.1, 0.2, 0.7]] * 3):
        assert slope[0].isnan().any() and not slope[1].any() and slope[2].isfinite().all()


@pytest.mark.parametrize(
    ("name", "expected"), [("KLDivergence", 0.06203), ("CosineSimilarity", -1.0)], ids=["KL", "cosine"]
)
def test_a_list_of_numbers_that_is_not_seen_is_a_batch_of_one_class(name, expected):
    y_true, y_pred = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.1, 0.6, 0.3])
    loss = getattr(keraslosses, name)()
    with as_on_an_accelerator():
        assert float(loss(y_true, y_pred)) == pytest.approx(expected, abs=1e-5)
        with pytest.raises(ValueError) as found:
            loss(y_true[0], y_pred[0])
    with pytest.raises(ValueError) as wanted:
        loss(y_true[0], y_pred[0])
    assert str(found.value) == str(wanted.value)


def test_a_row_with_an_infinite_sum_that_is_not_seen_is_nan():
    y_true, y_pred = np.array([0, 0]), np.array([[np.inf, 0.2, 0.3], [0.4, 0.5, 0.1]], "float32")
    loss = keraslosses.SparseCategoricalCrossentropy()
    with as_on_an_accelerator():
        assert loss(torch.from_numpy(y_true), torch.from_numpy(y_pred)).isnan()
    for slope in first_gradients(loss, y_true, y_pred):
        assert slope[0].isnan().all() and slope[1].isfinite().all()


def test_a_probability_just_below_0_has_the_same_gradient_where_that_is_differentiated():
    loss = keraslosses.SparseCategoricalCrossentropy()
    plain, again = first_gradients(loss, [0, 1], [[0.2, -1e-6, 0.8], [0.4, 0.5, 0.1]])
    torch.testing.assert_close(plain[0], torch.tensor([-2.0, 0.5, 0.5]), rtol=1e-4, atol=0.0)
    torch.testing.assert_close(again, plain)


def test_a_region_out_of_range_that_is_not_seen_is_nan():
    y_true = np.array([[1.0, 0.0], [1.0, 0.0]], "float32")
    y_pred = np.array([[1.5, 0.2], [0.8, 0.2]], "float32")
    for slope in first_gradients(keraslosses.Dice(axis=1), y_true, y_pred):
        assert slope[0].isnan().all() and slope[1].isfinite().all()


OF_REGIONS = [name for name in DECLARED if BY_FUNCTION[name].kind is kinds.REGIONS]


@pytest.mark.parametrize("name", OF_REGIONS)
def test_sums_by_blocks_are_those_of_all_numbers(name, monkeypatch):
    """Also where the last block is shorter, and in the derivative of the gradient."""
    for options in options_of(name):
        y_true, y_pred = inputs_of(name, options)
        whole = curvature(name, options, y_true, y_pred)
        with monkeypatch.context() as patched:
            patched.setattr(overlaps, "BLOCK", y_pred.size // 4 - 1)
            found = result(name, options, "sum_over_batch_size", y_true, y_pred)
            by_blocks = curvature(name, options, y_true, y_pred)
        assert_close(found, in_float64(name, options, "sum_over_batch_size", y_true, y_pred))
        torch.testing.assert_close(by_blocks, whole, rtol=1e-4, atol=1e-6)


def curvature(name, options, y_true, y_pred):
    """The gradient of the sum of the squared gradient."""
    y_pred = torch.tensor(y_pred, requires_grad=True)
    loss = getattr(keraslosses, BY_FUNCTION[name].name)(**options)(torch.tensor(y_true), y_pred)
    (slope,) = torch.autograd.grad(loss, y_pred, create_graph=True)
    return torch.autograd.grad(slope.square().sum(), y_pred)[0]


@pytest.mark.parametrize("fit", [overlaps.alike, written_out.alike])
def test_tensors_on_two_devices_go_to_the_formula(fit):
    here = torch.ones(2, 2)
    assert fit(here, here) and not fit(here, here.to("meta"))


OF_LOSSES = [name for made, name in FORMS.values() if made.computes == "loss"]


@pytest.mark.parametrize("name", [name for name in OF_LOSSES if name != "ctc"])
def test_a_gradient_that_is_not_seen_has_the_gradient_of_the_formula(name, monkeypatch):
    for options in options_of(name):
        y_true, y_pred = inputs_of(name, options)
        if "ignore_class" in options:
            y_true[1, 2], y_pred[1, 2, 4] = options["ignore_class"], np.nan
        with as_on_an_accelerator():
            found = of_gradient(name, options, y_true, y_pred)
        with monkeypatch.context() as patch:
            patch.setattr(FUNCTIONS[name].contract, "faster", Faster())
            expected = of_gradient(name, options, y_true, y_pred)
        linear = name in ("negative_log_likelihood", "multi_margin", "multi_label_margin")
        assert expected.any() or linear
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_a_row_of_zeros_that_is_not_seen_counts_as_uniform_and_has_gradient_0():
    y_true, y_pred = np.array([1, 1, 1]), np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]], "float32")
    with as_on_an_accelerator():
        loss = keraslosses.SparseCategoricalCrossentropy(reduction="mean")
        value, gradient = value_and_gradient(loss, y_true, y_pred)
        found = of_gradient("sparse_categorical_crossentropy", {}, y_true, y_pred)
    assert value == pytest.approx((2 * np.log(2) - np.log(1e-7)) / 3)
    np.testing.assert_allclose(gradient, [[0.0, 0.0], [0.0, 0.0], [1 / 3, -1 / 3]], rtol=1e-6)
    assert torch.isfinite(found).all()


def test_vectors_that_are_not_seen_may_be_zero_short_or_huge():
    y_true = np.array([[3.0, 4.0]] * 4, "float32")
    y_pred = np.array([[0.0, 0.0], [1e-9, 0.0], [3e38, 1e38], [1e-30, 0.0]], "float32")
    loss = keraslosses.CosineSimilarity()
    expected = value_and_gradient(loss, y_true.astype("float64"), y_pred.astype("float64"))
    with as_on_an_accelerator():
        found = value_and_gradient(loss, y_true, y_pred)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5)


def test_logits_that_are_not_seen_keep_the_digits_of_small_losses_and_the_gradient_at_0():
    y_pred = np.array([[-30.0, -0.0, 0.0, 30.0]], "float32")
    loss = keraslosses.BinaryCrossentropy(from_logits=True)
    for target in (0.0, 1e-9, 1.0):
        y_true = np.full_like(y_pred, target)
        expected = value_and_gradient(loss, y_true.astype("float64"), y_pred.astype("float64"))
        with as_on_an_accelerator():
            found = value_and_gradient(loss, y_true, y_pred)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-6)


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
    form, options = "sparse_categorical_crossentropy_mean", {"from_logits": True, **options}
    right = kernel_gives(form, np.array([1, 2]), y_pred, {**options, "class_weights": None})
    assert right is not None
    assert kernel_gives(form, y_true, y_pred, options) is None


@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy", "MultiMargin"])
def test_labels_may_be_reversed_or_read_only(name):
    labels, y_pred = np.arange(4), torch.eye(4, 5)
    logits = {"from_logits": True} if name.startswith("Sparse") else {}
    loss = getattr(keraslosses, name)(**logits)
    locked = labels.copy()
    locked.flags.writeable = False
    assert loss(labels[::-1], y_pred) == loss(labels[::-1].copy(), y_pred)
    assert loss(locked, y_pred) == loss(labels, y_pred)


@LOOK
@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy", "CategoricalCrossentropy"])
def test_a_sample_with_an_infinite_loss_has_gradient_0(name, look, no_look):
    """That of the kernel is not 0."""
    if not look:
        no_look()
    y_pred = np.array([[0.0, -np.inf], [0.0, 1.0]], "float32")
    labels = np.array([1, 0])
    y_true = labels if name.startswith("Sparse") else np.eye(2, dtype="float32")[labels]
    loss = getattr(keraslosses, name)(from_logits=True)
    value, gradient = value_and_gradient(loss, y_true, y_pred)
    assert value == np.inf
    assert not gradient[0].any() and gradient[1].all()


@pytest.mark.parametrize("name", [FORMS[form][1] for form in LABELLED])
def test_nan_shows_through_a_kernel(name):
    y_true, y_pred = inputs_of(name, {})
    # Beside the label, unless only the label's number is looked at.
    label = y_true[1, 2]
    y_pred[1, 2, label if name == "negative_log_likelihood" else label - 1] = np.nan
    logits = {"from_logits": True} if "crossentropy" in name else {}
    value, _ = value_and_gradient(getattr(keraslosses, BY_FUNCTION[name].name)(**logits), y_true, y_pred)
    assert np.isnan(value)


def test_large_scores_keep_their_margin():
    y_true, y_pred = np.array([0, 1]), np.array([[1e8, 1e8, 0.0], [3e7, 3e7, 1.0]], "float32")
    value, _ = value_and_gradient(keraslosses.MultiMargin(), y_true, y_pred)
    assert value == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("labels", "is_broken"),
    [([3, 0, -1, 9], False), ([3, 9, -1, 0], True), ([-2, 0, 1, -1], True), ([-1, 9, 9, 9], False)],
)
def test_lists_that_are_not_seen_are_read_up_to_their_end(labels, is_broken):
    y_true, y_pred = np.array([[1, 2, 3, 0], labels]), np.random.default_rng(0).normal(size=(2, 4))
    loss = keraslosses.MultiLabelMargin(dtype="float64")
    with as_on_an_accelerator():
        value, gradient = value_and_gradient(loss, y_true, y_pred)
    assert np.isnan(value) == np.isnan(gradient[1]).any() == is_broken
    assert not np.isnan(gradient[0]).any()
    if not is_broken:
        expected = value_and_gradient(loss, y_true, y_pred)
        np.testing.assert_allclose(value, expected[0])
        np.testing.assert_allclose(gradient, expected[1])


def test_rows_of_ones_and_zeros_that_are_not_seen_are_no_lists():
    with as_on_an_accelerator():
        value, _ = value_and_gradient(keraslosses.MultiLabelMargin(), np.eye(3, dtype="int64"), np.eye(3))
        both, _ = value_and_gradient(keraslosses.MultiLabelMargin(), np.array([[1, 0]]), np.eye(1, 2))
    assert np.isnan(value) and both == 0


# Labels before padding of both sorts, none, and more than the frames can hold.
LABEL_ROWS = {
    0: [[1, 2, 3, 1], [2, 2, -1, -1], [3, 0, -1, 0], [0, 0, 0, 0], [1, 1, 1, 1]],
    -1: [[0, 1, 4, -7]] * 5,
}


@pytest.mark.parametrize("options", [{}, {"zero_infinity": True}, {"blank_index": -1}])
def test_ctc_that_is_not_seen_gives_what_it_gives_where_it_is_seen(options):
    y_true = np.array(LABEL_ROWS[options.get("blank_index", 0)])
    y_pred = np.random.default_rng(0).normal(size=(5, 6, 5))
    y_pred[0, 2, 1] = -np.inf
    loss = keraslosses.CTC(dtype="float64", **options)
    expected = value_and_gradient(loss, y_true, y_pred)
    with as_on_an_accelerator():
        found = value_and_gradient(loss, y_true, y_pred)
    assert np.isinf(found[0]) == (not options)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-14)


@pytest.mark.parametrize("labels", [[0, 1, 2], [1, -1, 2], [1, 2, 5]], ids=["blank first", "gap", "no class"])
def test_ctc_that_is_not_seen_makes_a_sample_of_wrong_labels_nan(labels):
    y_true = np.array([[1, 2, 3], labels])
    y_pred = np.random.default_rng(0).normal(size=(2, 6, 5)).astype("float32")
    with as_on_an_accelerator():
        value, gradient = value_and_gradient(keraslosses.CTC(), y_true, y_pred)
    assert np.isnan(value)
    assert np.isfinite(gradient[0]).all() and gradient[0].any() and np.isnan(gradient[1]).all()


def test_ctc_that_is_not_seen_has_no_second_derivative():
    y_pred = torch.zeros((1, 4, 3), requires_grad=True)
    with as_on_an_accelerator():
        value = keraslosses.CTC()(torch.tensor([[1, 2]]), y_pred)
        (plain,) = torch.autograd.grad(value, y_pred, retain_graph=True)
        (slope,) = torch.autograd.grad(value, y_pred, create_graph=True)
        torch.testing.assert_close(slope, plain)
        with pytest.raises(ValueError, match="no second derivative"):
            torch.autograd.grad(slope.square().sum(), y_pred)


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
