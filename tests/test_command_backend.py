"""The command line is started as `keraslosses` and as `python -m keraslosses`, and its backend is chosen."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

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
        ([], [], False),
        (["/a/bin/keraslosses", "check"], ["python", "/a/bin/keraslosses", "check"], True),
        (["/a/Scripts/keraslosses.exe"], ["python", "/a/Scripts/keraslosses.exe"], True),
        (["/a/keraslosses.py"], ["python", "/a/keraslosses.py"], False),
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


SCRIPT = """import sys
from {module} import {function}
if __name__ == "__main__":
    sys.exit({function}())
"""


@pytest.fixture
def executable(tmp_path):
    """What pip makes of the entry of the project file."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    ((name, place),) = project["scripts"].items()
    module, function = place.split(":")
    path = tmp_path / "bin" / name
    path.parent.mkdir()
    path.write_text(SCRIPT.format(module=module, function=function))
    return path


@pytest.mark.deep_on("jax", "tensorflow")
def test_the_executable_is_the_same_command(executable, tmp_path):
    """It finds a module of the current folder, and its help has its name."""
    (tmp_path / "mine.py").write_text("from keras.losses import Loss\nclass Mine(Loss):\n    pass\n")
    root = str(Path(__file__).parents[1])
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, str(executable), "plot", "mine:Mine"],
        env={**environment, "PYTHONPATH": root, "COLUMNS": "300"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "Usage: keraslosses plot" in done.stderr
    assert "mine:Mine has no reference" in done.stderr
