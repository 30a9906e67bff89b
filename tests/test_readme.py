"""What the README says: its numbers, its table, its links and its commands."""

import contextlib
import re
import shlex
from pathlib import Path

import keras
import pytest
import typer
from typer.testing import CliRunner

import keraslosses
from keraslosses.cli.app import app
from keraslosses.cli.examples import EXAMPLES
from keraslosses.reference import REFERENCES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DIFFERENCES = (ROOT / "docs" / "keras-differences.md").read_text("utf-8")
COMMANDS = typer.main.get_command(app).commands


def section(title):
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def reasons():
    """The items of the first section, each in one line."""
    return [" ".join(item.split()) for item in section("Why").strip().split("\n\n")[0].split("\n- ")]


def test_the_number_of_losses_that_keras_has():
    known = [name for name in keraslosses.names() if hasattr(keras.losses, name)]
    assert f"`keras.losses` has {len(known)} of the more than 40 losses here." in reasons()[0]
    assert len(keraslosses.names()) > 40


def differences():
    """What Keras and this package give, by call. A test of that page runs each call."""
    rows = [row.strip("| ").split(" | ") for row in DIFFERENCES.splitlines() if row.startswith("| `")]
    return {call.strip("`"): (of_keras, ours) for call, of_keras, ours, _ in rows}


FOCAL, BINARY = "CategoricalFocalCrossentropy(from_logits=True)", "BinaryFocalCrossentropy(from_logits=True)"


def test_the_numbers_are_those_of_the_differences_from_keras():
    _, wrong, by_backend = reasons()
    found, call = differences(), f"{FOCAL}([[1, 0]], [[-100.0, 100.0]])"
    of_keras, ours = found[call]
    assert f"`{call}` is {of_keras} in Keras, with a gradient of 0: " in wrong
    assert wrong.endswith(f"Here it is {ours}, with a gradient.")
    assert found[f"gradient({FOCAL}, [[1, 0]], [[-100.0, 100.0]])"] == ("[[0, 0]]", "[[-0.25, 0.25]]")
    call = f"{BINARY}([[1.0]], [[-100.0]])"
    assert found[call] == ("100 (TensorFlow); 16.118 (JAX, torch)", "100")
    assert f"`{call}` is 100 on TensorFlow and 16.118 on JAX and torch. Here it is 100 on each" in by_backend


def test_the_table_names_what_there_is_and_some_of_each_family():
    """Not every loss: a new one needs no line in the README."""
    table = section("The losses").strip().split("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert named <= set(keraslosses.__all__)
    families = {entry.family for entry in REFERENCES.values()}
    assert {REFERENCES[name].family for name in named & REFERENCES.keys()} == families


def test_links_and_pictures_are_there():
    targets = re.findall(r"\]\((.+?)\)", README)
    assert len(targets) > 15
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_one_screen_and_a_half():
    assert README.count("\n") <= 100


CALL = r"(?:python -m )?keraslosses [a-z]+ [^`\n]+"


def commands():
    """The calls of the command line in the README, in the help, and in the docs."""
    yield from (example for examples in EXAMPLES.values() for example in examples)
    for text in (README, *(page.read_text("utf-8") for page in sorted((ROOT / "docs").glob("*.md")))):
        found = re.findall(rf"^{CALL}$|(?<=`){CALL}(?=`)", text, re.M)
        yield from (call.removeprefix("python -m ") for call in found)


@pytest.mark.parametrize("command", dict.fromkeys(commands()))
def test_commands_are_read(command, tmp_path, monkeypatch):
    """Names and options are there; nothing is run."""
    monkeypatch.chdir(tmp_path)
    Path("bench.json").touch()
    _, name, *arguments = shlex.split(command.partition(" > ")[0], comments=True)
    with contextlib.suppress(typer.Exit):  # that of --help
        COMMANDS[name].make_context(name, arguments)


def test_each_command_has_an_example():
    assert COMMANDS.keys() == EXAMPLES.keys()
    for name, command in COMMANDS.items():
        assert 2 <= len(EXAMPLES[name]) <= 3
        for example in EXAMPLES[name]:
            assert f"{example} ".startswith(f"keraslosses {name} ") and f"- `{example}`" in command.epilog


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_readable_in_eighty_columns(name):
    """Every word of the examples and of the options is there, and no option has a type in brackets."""
    result = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"}).invoke(app, [name, "--help"])
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in result.stdout and "range>" not in result.stdout
    said = " ".join(result.stdout.replace("│", " ").split())
    assert all(" ".join(example.split()) in said for example in EXAMPLES[name])
