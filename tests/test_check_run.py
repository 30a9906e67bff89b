"""A run of the checker in child processes, on every backend: what ends a process is told, and the rest goes on.

It starts processes of every backend itself, so it runs with one backend only.
"""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import keraslosses
from keraslosses.cli.app import app
from keraslosses.portability.checks import CHECKS, WITHOUT_REFERENCE
from keraslosses.portability.checks.carried import weights
from keraslosses.portability.processes import backends
from keraslosses.portability.processes.backends import BACKENDS, share_of_memory
from keraslosses.portability.processes.request import described
from keraslosses.portability.processes.run import Plan, run, targets_in
from keraslosses.portability.report.result import FAILED, PASSED, SKIPPED

USERS = Path(__file__).parent / "user_losses"

# Seconds for a check, enough on a busy machine too, and for the check that never ends.
TIMEOUT, NO_END, MEMORY = 600, 3, 3500

ENDINGS = {
    "raises.py:raises": "raises RuntimeError: out of luck",
    "hangs.py:hangs": f"hangs: no answer in {NO_END} seconds",
    "nothing.py:nothing": "gives NoneType, expected a tensor of jax",
    "noisy.py:noisy": "gives different values in two calls with the same inputs",
    "prints.py:talkative": "prints when it is imported, made or called",
    "too_much_memory.py:hoards": f"takes more than {MEMORY} MB of memory",
    "killed.py:killed": "was killed by signal 9; the system sends it when memory runs out",
}
OTHERS = ("differs.py:differs", "models.py:dense", "models.py:network", "correct.py:Pseudo", "Huber")


def results_of(names, backends, checks, timeout=TIMEOUT):
    """By file and name, check and backend."""
    targets = [described(name if name == "Huber" else f"{USERS}/{name}") for name in names]
    found = run(Plan(targets, backends, checks, timeout=timeout, memory=MEMORY))
    return {(Path(r.target).name, r.check, r.backend): r for r in found}


@pytest.fixture(scope="module")
def endings():
    others = [name for name in ENDINGS if name != "hangs.py:hangs"]
    hangs = results_of(["hangs.py:hangs"], ["jax"], ["value"], timeout=NO_END)
    return hangs | results_of((*others, "correct.py:Pseudo"), ["jax"], ["value"])


@pytest.fixture(scope="module")
def results():
    return results_of(OTHERS, BACKENDS, ["shapes", "value", "gradient", "saving"])


@pytest.mark.deep
@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_a_process_is_told_for_what_it_is(endings, name):
    result = endings[name, "runs", "jax"]
    assert result.status == FAILED
    assert result.findings[0].text.startswith(ENDINGS[name])
    assert endings[name, "value", "jax"].status == (PASSED if name.startswith("prints") else SKIPPED)


@pytest.mark.deep
def test_the_rest_of_the_run_goes_on(endings):
    assert endings["correct.py:Pseudo", "runs", "jax"].status == PASSED
    assert endings["correct.py:Pseudo", "value", "jax"].status == PASSED


@pytest.mark.deep
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["models.py:dense", "models.py:network", "correct.py:Pseudo", "Huber"])
def test_what_is_right_passes_on_every_backend(results, name, backend):
    of_target = {check: r for (n, check, b), r in results.items() if (n, b) == (name, backend)}
    assert {check: r.findings for check, r in of_target.items() if r.findings} == {}
    assert of_target["value"].status == of_target["saving"].status == PASSED


@pytest.mark.deep
def test_the_backend_that_differs_is_named(results):
    assert results["differs.py:differs", "value", "tensorflow"].status == PASSED
    (finding,) = results["differs.py:differs", "value", "jax"].findings
    assert finding.text.startswith("value: ")
    assert "on tensorflow and torch" in finding.text
    assert "y_pred = " in finding.inputs
    assert results["differs.py:differs", "gradient", "jax"].status == FAILED
    assert results["differs.py:differs", "saving", "jax"].why == "a function has no config"


def test_the_first_backend_gives_its_weights_to_the_others(tmp_path):
    first, second = (keras.layers.Dense(3, kernel_initializer=name) for name in ("ones", "zeros"))
    for layer in (first, second):
        layer.build((None, 2))
        weights(layer, tmp_path / "weights.npz")
    for kept, taken in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(taken, kept)
    assert np.all(first.get_weights()[0] == 1)


@pytest.mark.deep
def test_what_the_numpy_backend_computes_is_the_formula():
    targets = [described(name) for name in keraslosses.names()]
    results = run(Plan(targets, ["numpy"], ["value", "fit"], timeout=TIMEOUT, memory=share_of_memory(1)))
    assert [r for r in results if r.findings] == []
    assert {r.status for r in results if r.check == "value"} == {PASSED}
    assert {r.why for r in results if r.check == "fit"} == {"the numpy backend does not train or compile"}


# The command


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["check", *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Hubert"], "'Hubert' is neither a loss of keraslosses"),
        (["Hubber"], "Did you mean 'Huber'?"),
        (["nowhere.py:Loss"], "'nowhere.py:Loss' names a file that does not exist."),
        ([f"{USERS}/scaler.py"], "Did you mean '"),
        (["keras.losse", "--backends", "jax"], "cannot be imported: there is no module keras.losse."),
        (
            [f"{USERS}/models.py", "--backends", "jax"],
            "has no losses, and no functions of y_true and y_pred.",
        ),
        (["nowhere.losses:Loss"], "names a module that does not exist"),
        (["Huber:"], "has no name after the colon"),
        (["loss.py"], "'loss.py' names a file that does not exist."),
        (["my/losses"], "is neither a loss of keraslosses, nor a module or file"),
        (["Huber", "--checks", "speed"], "--checks: 'speed' is not a check; choose from runs, shapes, value"),
        (["Huber", "--checks", "shape"], "Did you mean 'shapes'?"),
        (["Huber", "--checks", "hard"], "Did you mean 'hard inputs'?"),
        (["Huber", "--backends", "theano"], "'theano' is not a backend"),
        (["Huber", "--inputs", "pictures"], "--inputs: 'pictures' is not a kind; choose from real"),
        (["Huber", "--inputs", "nowhere.npz"], "cannot be read as an .npz file"),
        (["Huber", "--shape", "8,x"], "expected sizes with commas"),
        (["Huber", "--shape", "8"], "expected a shape of real, such as (5, 7)"),
        (["Huber", "--inputs", "boxes", "--shape", "8,5"], "expected a shape of boxes"),
        (["Huber", "--inputs", "one_hots"], "Did you mean 'one-hot'?"),
        (
            ["Huber", "--output", "report.pdf"],
            "the name of the file must end in .html. Received: 'report.pdf'",
        ),
        (["Huber", "--dtype", "int8"], "--dtype: 'int8' is not a dtype; choose from float16"),
        (["Huber", "--like", "Hubert"], "--like: 'Hubert' is not a loss of this package; choose from Mean"),
        (["Huber", "--timeout", "0"], "timeout"),
    ],
)
def test_wrong_use_is_status_2(arguments, said):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in in_a_line(result.output)


def in_a_line(output):
    """What stands in the box of an error, without the box."""
    return " ".join(output.replace("│", " ").split())


@pytest.mark.deep
def test_target_that_is_not_there_is_status_2():
    result = invoke("keraslosses:Nothing", "--checks", "shapes", "--backends", "torch")
    assert result.exit_code == 2
    assert "keraslosses has no 'Nothing'" in result.output


@pytest.mark.deep
def test_a_file_alone_stands_for_what_is_in_it_and_runs_is_a_check_that_can_be_chosen():
    result = invoke(f"{USERS}/no_name.py", f"{USERS}/models.py", "--checks", "runs", "--backends", "torch")
    assert result.exit_code == 2
    for said in (
        "models.py has no losses, and no functions of y_true and y_pred: left out.",
        "NoName",
        "halved",
        "Needs needs factor: give an instance, or a function that makes one.",
        "4 checks ran, 1 failed.",
    ):
        assert said in result.output


@pytest.mark.deep
def test_places_that_stand_for_nothing_say_why(tmp_path):
    broken, ends = tmp_path / "broken.py", tmp_path / "ends.py"
    broken.write_text("import keras\n\nloss = keras.losses.Hubert()\n")
    ends.write_text("import os\n\nos._exit(3)\n")
    places = [f"{USERS}/models.py", "keras.losse", str(broken), str(ends)]
    *others, lost = targets_in(places, "torch", TIMEOUT, share_of_memory(1))
    assert [found for found, _ in others] == [[], [], []]
    nothing, absent, error = (why for _, why in others)
    assert nothing == "has no losses, and no functions of y_true and y_pred"
    assert absent == "cannot be imported: there is no module keras.losse"
    assert error.startswith("cannot be imported: AttributeError: ")
    assert error.endswith("broken.py, line 3)")
    assert lost == ([], "cannot be imported: ended with status 3")


@pytest.mark.deep
def test_failure_is_told_in_full_and_is_status_1(tmp_path, monkeypatch):
    monkeypatch.setattr(backends, "installed", lambda: ["torch"])
    page = tmp_path / "report.html"
    target, checks = f"{USERS}/scalar.py:Scalar", "shapes,value"
    result = invoke(target, "--checks", checks, "--output", str(page))
    assert result.exit_code == 1
    for said in (
        "one number for a batch of 5",
        "expected: an array of shape (5,)",
        "y_pred = ",
        "What to do: Return one value",
        "Left out because not installed: tensorflow, jax.",
        "3 checks ran, 1 failed.",
    ):
        assert said in result.output
    assert "one number for a batch of 5" in page.read_text("utf-8")


@pytest.mark.deep
def test_json_is_the_whole_report_and_nothing_else():
    command = [sys.executable, "-m", "keraslosses", "check", "Huber", "--backends", "torch"]
    done = subprocess.run([*command, "--checks", "value", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report["checks"]) == ["runs", "value"]
    assert [r["status"] for r in report["results"]] == [PASSED, PASSED]
    assert report["backends"]["torch"]


def test_checks_are_the_same_with_and_without_a_reference():
    assert CHECKS.keys() - WITHOUT_REFERENCE.keys() == {"options"}
