"""The backend of `python -m keraslosses`."""

import os
import subprocess
import sys

import pytest

from keraslosses import command_backend
from keraslosses.command_backend import backend_for, is_command


@pytest.mark.parametrize(
    ("argv", "orig_argv", "expected"),
    [
        (["-m", "check", "Huber"], ["python", "-m", "keraslosses", "check", "Huber"], True),
        (["-m"], ["python", "-X", "dev", "-m", "keraslosses"], True),
        (["-m", "keraslosses"], ["python", "-m", "mine", "keraslosses"], False),
        (["mine.py", "check"], ["python", "mine.py", "check"], False),
        ([""], ["python"], False),
    ],
)
def test_only_a_command_of_this_package_has_its_backend_chosen(monkeypatch, argv, orig_argv, expected):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv)
    assert is_command() is expected


@pytest.mark.parametrize(
    ("arguments", "variable", "installed", "expected"),
    [
        (["check", "Huber"], "tensorflow", ["tensorflow", "torch", "jax"], "jax"),
        (["check"], None, ["torch"], "torch"),
        (["list"], "torch", ["torch"], None),
        (["list"], None, ["tensorflow", "jax"], None),
        (["list"], None, ["torch", "jax"], "jax"),
        (["plot", "Huber"], None, ["torch"], "torch"),
        ([], None, [], None),
    ],
)
def test_backend_that_is_installed_is_chosen(monkeypatch, arguments, variable, installed, expected):
    monkeypatch.setattr(command_backend, "find_spec", lambda name: name in installed or None)
    monkeypatch.delenv("KERAS_BACKEND")
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    assert backend_for(arguments) == expected


@pytest.mark.deep_on("jax", "tensorflow")
def test_check_itself_imports_the_quickest_backend_only():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "keraslosses", "check", "--help"],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert {"tensorflow", "jax", "torch"} & imported == {"jax"}
