"""`make missing` prints what a new loss lacks, and nothing of the losses that are there."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

import keraslosses
from keraslosses.lookup import CLASSES, FUNCTIONS
from keraslosses.losses import robust
from keraslosses.reference import REFERENCES

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("missing", ROOT / "scripts" / "missing.py")
SCRIPT = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(SCRIPT)


class New:
    """A new loss."""


class Bare:
    pass


def test_nothing_is_missing():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert list(SCRIPT.missing(*SCRIPT.defined(), REFERENCES, keraslosses.__all__, changelog)) == []


def test_it_looks_at_all_that_is_defined():
    assert SCRIPT.defined() == (CLASSES, FUNCTIONS)


def test_what_is_printed_names_the_class_that_is_not_exported(monkeypatch, capsys):
    planted = type("Planted", (keraslosses.FunctionLoss,), {"__module__": robust.__name__})
    monkeypatch.setattr(robust, "Planted", planted, raising=False)
    with pytest.raises(SystemExit) as ended:
        SCRIPT.main()
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "Planted: not exported by keraslosses/losses/__init__.py\n" in said


def test_a_class_alone_lacks_the_rest():
    assert list(SCRIPT.missing({"Bare": Bare}, {}, {}, [], "")) == [
        "Bare: the class has no docstring",
        "Bare: not exported by keraslosses/losses/__init__.py",
        "Bare: no Reference('Bare', ...) in keraslosses/reference/",
        "Bare: not in CHANGELOG.md",
    ]


def test_a_function_alone_lacks_the_rest():
    assert list(SCRIPT.missing({}, {"new": None}, {}, [], "")) == [
        "new: not exported by keraslosses/losses/__init__.py",
        "new: no reference names this loss function",
    ]


def test_a_reference_alone_lacks_the_rest():
    reference = {"New": SimpleNamespace(function="new", uses=(), task="", purpose="", tex="", symbols="")}
    assert list(SCRIPT.missing({}, {}, reference, [], "")) == [
        'New: its reference says no `uses`, for the page "Which loss?"',
        "New: its reference says no `task` and `purpose`, for `keraslosses list`",
        "New: its reference has no formula in LaTeX (`tex` and `symbols`), for its page",
        "New: its reference names 'new', but there is no such loss function",
        "New: a reference without a class",
    ]


def test_a_whole_loss_lacks_nothing():
    told = {"uses": ("a use",), "task": "a task", "purpose": "a purpose", "tex": "x", "symbols": "$x$"}
    reference = {"New": SimpleNamespace(function="new", **told)}
    assert list(SCRIPT.missing({"New": New}, {"new": None}, reference, ["New", "new"], "`New`")) == []
