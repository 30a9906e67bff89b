"""Faulty losses as users write them are found, each by its check with a message that names the cause."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import indent
from types import SimpleNamespace

import numpy as np
import pytest

from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.checks.runs import check_runs
from keraslosses.portability.finding import Finding
from keraslosses.portability.report.advice import advice_for
from keraslosses.portability.targets.inputs import KINDS, Drawn, own_arrays
from keraslosses.portability.targets.subject import of_function
from keraslosses.portability.targets.target import NotChecked, Target, open_target, targets_in
from keraslosses.reference import Hard

pytestmark = pytest.mark.deep_on("jax")

USERS = Path(__file__).parent / "user_losses"


def opened(name, like=None, kind="real", **inputs):
    return open_target(Target(f"{USERS}/{name}", like, Drawn(named=kind, **inputs)))


# The object, how it is checked, the check that finds its fault, what that says, and what it advises.
FAULTY = [
    ("wrong_axis.py:SquaredError", {}, "shapes", "values of shape (7,) for a batch of 5", "axis=-1"),
    (
        "missing_stop_gradient.py:complete_iou",
        {"like": "CIoU"},
        "gradient",
        "gradient with {}: ",
        "stop_gradient",
    ),
    (
        "biasing_epsilon.py:divergence",
        {"like": "KLDivergence"},
        "value",
        "value with {}: ",
        "an epsilon that is not needed",
    ),
    ("nan_gradient.py:RootError", {}, "hard inputs", "gradient at equal inputs is NaN", "square root"),
    ("python_if.py:Switched", {}, "compiled", "does not compile", "A Python if"),
    ("batch_coupled.py:Relative", {}, "batch", "sample 0 alone: ", "depends on the other samples"),
    ("option_not_saved.py:asymmetric", {}, "saving", "the config lacks `over`", '"over": self.over}'),
    ("no_name.py:NoName", {}, "saving", "from_config fails: TypeError", "get_config has `name`"),
    (
        "label_cast.py:picked",
        {"kind": "label-logits"},
        "precision",
        "label 2049 with float16 inputs",
        "Keep them as integers",
    ),
    ("squeezed_batch.py:Squeezed", {}, "batch", "sample 0 alone: shape ()", "squeeze with an axis"),
    ("scalar.py:Scalar", {}, "shapes", "one number for a batch of 5", "one value for each sample"),
    (
        "ignored_in_mean.py:CrossEntropy",
        {"like": "SparseCategoricalCrossentropy"},
        "weights",
        "sum_over_batch_size with weights of shape None and {'ignore_class'",
        "counts ignored entries",
    ),
    (
        "half_precision.py:squared_error",
        {},
        "precision",
        "float16 inputs, one of them 300: inf",
        'Cast y_pred to "float32"',
    ),
    ("narrowed.py:squared_error", {}, "float64", "is float32, expected float64", "the dtype of y_pred"),
    ("narrowed_inside.py:squared_error", {}, "float64", "with fewer digits", "the dtype of y_pred"),
]


@pytest.mark.parametrize(("name", "how", "check", "said", "advised"), FAULTY, ids=[row[0] for row in FAULTY])
def test_fault_of_a_user_is_found_by_its_check(name, how, check, said, advised):
    found = findings(check, opened(name, **how))
    told = [finding for finding in found if isinstance(finding, Finding) and said in finding.text]
    assert told, found
    assert advised in advice_for(told[0])
    assert all(advice_for(finding) for finding in found if isinstance(finding, Finding))


def test_no_fault_is_there_twice():
    assert len({name for name, *_ in FAULTY}) == len(FAULTY)


def test_advice_on_saving_names_no_argument_but_the_one_that_is_lacking():
    (finding, *_) = findings("saving", opened("no_name.py:NoName"))
    assert finding.text == "the config lacks `factor`"
    assert '{**super().get_config(), "factor": self.factor}' in advice_for(finding)
    assert "name" not in advice_for(finding)


@pytest.mark.parametrize("name", ["Pseudo", "pseudo"])
@pytest.mark.parametrize("check", CHECKS)
def test_loss_of_a_user_without_a_fault_passes(name, check):
    subject = opened(f"correct.py:{name}")
    if skipped(check, subject) is None:
        assert [item for item in findings(check, subject) if isinstance(item, Finding)] == []


def test_inputs_of_a_failure_are_told():
    (finding,) = findings("shapes", opened("scalar.py:Scalar"))
    assert "y_true = " in finding.inputs
    assert "y_pred = " in finding.inputs
    assert finding.received == "an array of shape ()"


def test_line_of_a_failure_is_told():
    finding = next(f for f in findings("compiled", opened("python_if.py:Switched")) if isinstance(f, Finding))
    assert f'"{USERS}/python_if.py", line 10, in' in finding.error


@pytest.mark.parametrize(
    ("check", "like"),
    [("shapes", None), ("batch", None), ("weights", None), ("batch", "MeanSquaredError")],
)
def test_one_number_for_a_batch_is_told_as_such(check, like):
    finding, *_ = findings(check, opened("scalar.py:Scalar", like))
    assert finding.text.startswith("one number for a batch of ")


def test_what_raises_at_one_hard_input_is_checked_at_the_others():
    ones = np.ones((2, 3), "float32")
    hard = (Hard("one column less", ones, ones[:, 1:]), Hard("equal inputs", ones, ones))
    found = findings(
        "hard inputs", replace(opened("correct.py:Pseudo"), reference=SimpleNamespace(hard=hard))
    )
    assert found[0].text.startswith("one column less: raises ValueError: shapes differ")
    assert [item.what for item in found[1:]] == ["value at equal inputs", "gradient at equal inputs"]


def test_random_values_are_told():
    (finding,) = check_runs(opened("noisy.py:noisy"))
    assert finding.text == "gives different values in two calls with the same inputs"


def test_copies_of_a_loss_differ_in_the_reduction_only():
    subject = opened("option_not_saved.py:asymmetric")
    summed, kept = subject.make(reduction="sum"), subject.entries({})
    assert (summed.over, summed.reduction) == (5.0, "sum")
    assert (kept.over, kept.reduction) == (5.0, "none")


# Targets


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keraslosses:Nothing", "keraslosses has no 'Nothing'"),
        ("keraslosses:Hubert", "has no 'Hubert'. Did you mean 'Huber'?"),
        (f"{USERS}/scalar.py:scalar", "has no 'scalar'. Did you mean 'Scalar'?"),
        ("keras.loses:Huber", "there is no module keras.loses"),
        ("keraslosses:CenterLoss", "CenterLoss needs num_classes"),
        (
            "math:pi",
            "expected a loss, a function of y_true and y_pred, a layer or a model. Received: 'float'",
        ),
        (
            "keras.metrics:MeanSquaredError",
            "expected a loss, a function of y_true and y_pred, a layer or a model. Received: 'MeanSquaredError'",
        ),
        ("operator:setitem", "The function needs 3 arguments"),
        (f"{USERS}/models.py:two_inputs", "expected a model with one input. The model has 2 inputs"),
    ],
)
def test_what_cannot_be_checked_says_why(text, said):
    with pytest.raises(NotChecked, match=re.escape(said)):
        open_target(Target(text))


@pytest.mark.parametrize(
    ("place", "names"),
    [
        # What is imported, hidden, needs one argument or none is not meant.
        (f"{USERS}/no_name.py", ["Needs", "NoName", "halved", "steep"]),
        (f"{USERS}/correct.py", ["Pseudo", "pseudo"]),
        (f"{USERS}/models.py", []),
    ],
)
def test_a_file_stands_for_the_losses_and_functions_that_are_defined_in_it(place, names):
    assert targets_in(place) == [f"{place}:{name}" for name in names]


def test_a_module_stands_for_the_losses_that_it_exports():
    found = targets_in("keras.losses")
    assert {"keras.losses:Huber", "keras.losses:CTC"} < set(found)
    assert not {"keras.losses:Loss", "keras.losses:mse", "keras.losses:get"} & set(found)


def test_what_does_not_take_the_options_of_a_reference_is_not_checked_with_it():
    with pytest.raises(NotChecked, match="FCOS needs num_classes, which it does not take"):
        open_target(Target("keraslosses:Huber", "FCOS"))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda y_true, y_pred: y_pred, "function"),
        (partial(pow, mod=7), "function"),
        (pow, "pow"),
    ],
)
def test_function_without_a_name_is_given_one(function, name):
    assert of_function(function).name == name


def test_a_class_of_keras_has_the_reference_of_its_name():
    subject = open_target(Target("keras.losses:Huber"))
    assert subject.reference.name == "Huber"
    assert all(options.keys() <= {"delta"} for options in subject.reference.options)


# Inputs


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_the_shape_that_is_asked_for(kind):
    usual = Drawn(named=kind).kind.shape
    for shape in ((), (4, *usual[1:])):
        y_true, y_pred = Drawn(named=kind, shape=shape).inputs()
        assert y_pred.shape == (shape or usual)
        assert len(y_true) == len(y_pred)


@pytest.mark.parametrize("kind", KINDS)
def test_hard_inputs_are_of_the_kind(kind):
    drawn = Drawn(named=kind)
    y_true, y_pred = drawn.inputs()
    assert drawn.hard
    for hard in drawn.hard:
        assert (hard.y_true.shape, hard.y_pred.shape) == (y_true.shape, y_pred.shape), hard.what
        assert (hard.y_true.dtype, hard.y_pred.dtype) == (y_true.dtype, y_pred.dtype), hard.what
        assert np.isfinite(hard.y_pred).all()


@pytest.mark.parametrize("kind", ["one-hot", "labels", "logits", "label-logits"])
@pytest.mark.parametrize("right", [True, False])
def test_sure_predictions_are_right_or_wrong(kind, right):
    (hard,) = (h for h in Drawn(named=kind).hard if h.what.endswith("all right" if right else "all wrong"))
    labels = hard.y_true if hard.y_true.ndim == 1 else hard.y_true.argmax(-1)
    assert ((hard.y_pred.argmax(-1) == labels) == right).all()


def test_own_arrays_are_cut_and_repeated(tmp_path):
    np.savez(tmp_path / "mine.npz", y_true=np.arange(3), y_pred=np.arange(6.0).reshape(3, 2))
    drawn = Drawn(arrays=own_arrays(str(tmp_path / "mine.npz")))
    y_true, y_pred = drawn.inputs(leading=(4,))
    assert y_true.tolist() == [0, 1, 2, 0]
    assert y_pred.tolist() == [[0, 1], [2, 3], [4, 5], [0, 1]]
    assert drawn.hard == ()
    assert drawn.without.keys() == {"hard inputs"}


def test_own_whole_numbers_have_no_gradient():
    drawn = Drawn(arrays=(np.zeros(3), np.zeros((3, 2), "int32")))
    subject = open_target(Target(f"{USERS}/correct.py:Pseudo", None, drawn))
    assert skipped("gradient", subject) == "y_pred holds integers, so there is no gradient"
    assert skipped("value", subject) is None


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y_true": np.zeros(3)}, "must have the arrays y_true and y_pred. It has: y_true"),
        ({"y_true": np.zeros(3), "y_pred": np.zeros((2, 2))}, "the same number of samples"),
        ({"y_true": np.zeros(0), "y_pred": np.zeros((0, 2))}, "at least one"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays, said, tmp_path):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(ValueError, match=said):
        own_arrays(str(tmp_path / "mine.npz"))
    (tmp_path / "text.npz").write_text("no arrays")
    with pytest.raises(ValueError, match=r"cannot be read as an \.npz file"):
        own_arrays(str(tmp_path / "text.npz"))


# The page of the docs

PAGE = (Path(__file__).parent.parent / "docs" / "check.md").read_text("utf-8")


def test_the_page_says_of_every_check_what_it_means():
    table = PAGE.split("| check |")[1].split("\n\n")[0]
    names = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert names == ["runs", *CHECKS]


def test_the_page_names_every_kind_of_inputs():
    table = PAGE.split("| kind |")[1].split("\n\n")[0]
    assert {name for name in KINDS if f"`{name}`" in table} == KINDS.keys()


def repaired(code):
    """The file of the page, with the `call` that it ends with."""
    head, _ = code.split("    def call")
    body = PAGE.split("```python\ndef call")[1].split("```")[0]
    return head + indent("def call" + body, "    ")


@pytest.mark.deep
def test_the_loss_of_the_page_fails_as_it_says_and_passes_repaired(tmp_path):
    broken = PAGE.split("```python\n# my_losses.py\n")[1].split("```")[0]
    files = {"broken": broken, "repaired": repaired(broken)}
    for name, code in files.items():
        (tmp_path / f"{name}_distance.py").write_text(code)
    subjects = [open_target(Target(f"{tmp_path}/{name}_distance.py:Distance")) for name in files]
    before, after = (
        {check: told for check in CHECKS if not skipped(check, subject) and (told := found(check, subject))}
        for subject in subjects
    )
    assert before.keys() == {check for check in CHECKS if f"│ {check:<15} │ failed (2) " in PAGE}
    assert before["hard inputs"] == ["gradient at equal inputs is NaN", "gradient at zeros is NaN"]
    assert f"  {before['hard inputs'][0]}\n" in PAGE and f"  also: {before['hard inputs'][1]}\n" in PAGE
    assert after == {}


def found(check, subject):
    return [finding.text for finding in findings(check, subject) if isinstance(finding, Finding)]
