"""`--json` means the same to every command: one JSON object on the output, also when something failed."""

import json
import re

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import keraslosses
from keraslosses.cli.app import app
from keraslosses.cli.as_data import without_nan
from keraslosses.cli.bench import command as bench
from keraslosses.cli.check import command as check
from keraslosses.cli.demo import command as demo
from keraslosses.cli.steps import command as steps
from keraslosses.portability.finding import Finding
from keraslosses.portability.processes import backends
from keraslosses.portability.report.result import Result

COMMANDS = typer.main.get_command(app).commands
# The arguments, the exit status, and the number of results. What takes long is not run here.
CALLS = {
    "bench": (["Huber"], 1, 0),
    "check": (["Huber"], 1, 1),
    "choose": (["lesions"], 0, 3),
    "demo": ([], 1, 0),
    "list": (["Huber", "Dice"], 0, 2),
    "migrate": (["."], 1, 1),
    "plot": (["Huber", "--delta=0.5,1"], 0, 2),
    "steps": (["cnn"], 1, 0),
}
FAILED = Result("Huber", "value", "torch", [Finding("raises", "raises RuntimeError: out of luck")])


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    """Bench, check, demo and steps fail at once."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("import keras\nkeras.losses.Huber(reduction='auto')\n")
    monkeypatch.setattr(backends, "installed", lambda: ["torch"])
    for command in (bench, steps):
        monkeypatch.setattr(command, "measure", lambda *args: bench.Run(failures=["torch failed."]))
    monkeypatch.setattr(check, "with_progress", lambda plan: [FAILED])
    monkeypatch.setattr(demo, "train", lambda *args: ([], {"torch": "out of luck"}))


def invoke(*arguments):
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


@pytest.mark.parametrize("name", CALLS)
def test_the_output_is_json_and_nothing_else(name):
    arguments, status, count = CALLS[name]
    result = invoke(name, *arguments, "--json")
    assert result.exit_code == status, result.output
    told = json.loads(result.stdout)
    assert told["keraslosses"] == keraslosses.__version__
    assert told["command"].startswith("python -m keraslosses ")
    assert len(told["results"]) == count
    assert result.stdout == f"{json.dumps(told, indent=2)}\n"


@pytest.mark.parametrize("name", CALLS)
def test_without_it_the_output_is_text(name):
    arguments, status, _ = CALLS[name]
    result = invoke(name, *arguments)
    assert result.exit_code == status
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(result.stdout)


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_says_nothing_on_the_output(name):
    result = invoke(name, *CALLS[name][0], "--json", "--no-such-option=1")
    assert result.exit_code == 2
    assert result.stdout == "" and re.search("no.such.option", result.stderr)


def test_every_command_has_it():
    assert COMMANDS.keys() == CALLS.keys()


# The other options that several commands have

MEANINGS = {
    "--json": {"Print JSON instead of text."},
    "--output": {"FILE"},
    "--backends": {"NAMES"},
}


@pytest.mark.parametrize("option", MEANINGS)
def test_an_option_of_several_commands_looks_the_same_in_each(option):
    found = {
        parameter.help if option == "--json" else parameter.metavar
        for command in COMMANDS.values()
        for parameter in command.params
        if option in parameter.opts
    }
    assert found == MEANINGS[option]


def test_a_file_is_named_by_output_only():
    """But for the file that is read."""
    files = {
        (name, *parameter.opts)
        for name, command in COMMANDS.items()
        for parameter in command.params
        if parameter.metavar == "FILE"
    }
    written = {(name, "--output") for name in ("bench", "check", "demo", "plot", "steps")}
    assert files == written | {("bench", "--against")}


def test_numbers_that_json_does_not_have_are_null():
    values = {"a": [1.5, float("nan")], "b": (float("inf"), "NaN", None, 2)}
    assert without_nan(values) == {"a": [1.5, None], "b": [None, "NaN", None, 2]}
    assert without_nan(np.float64("nan")) is None
