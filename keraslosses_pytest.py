"""The pytest plugin of keraslosses: a marker for tests of every backend, and the hard inputs as a fixture.

It stands outside the package, whose import brings Keras: here nothing is imported but pytest until a test
asks for it.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

BACKENDS = ("tensorflow", "jax", "torch")
# Set in a child process, where a marked test runs as it stands.
CHILD = "KERASLOSSES_PYTEST_CHILD"
ARGUMENT = "keras_backend"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "backends(*names, timeout=600): run the test once for each installed backend, or each one named, "
        "in a process of its own with KERAS_BACKEND set.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each backend; in a child process, for its own backend only."""
    marker = metafunc.definition.get_closest_marker("backends")
    if marker is None:
        return
    if ARGUMENT not in metafunc.fixturenames:
        metafunc.fixturenames.append(ARGUMENT)
    own = [os.environ.get("KERAS_BACKEND", "")]
    metafunc.parametrize(ARGUMENT, own if CHILD in os.environ else list(wanted(marker)))


def wanted(marker: pytest.Mark) -> Iterator[Any]:
    """The backends to run on; those that are not installed are skipped by name."""
    for name in marker.args or BACKENDS:
        if name not in BACKENDS:
            raise pytest.UsageError(f"backends: {name!r} is no backend; choose from {', '.join(BACKENDS)}.")
        missing = pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")
        yield pytest.param(name, marks=missing)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a child runs needs no fixtures here."""
    for item in items:
        if isinstance(item, pytest.Function) and runs_in_child(item):
            item.fixturenames = []


def runs_in_child(item: pytest.Item) -> bool:
    return item.get_closest_marker("backends") is not None and CHILD not in os.environ


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a marked test in a child process, whose failure is the test's."""
    if not runs_in_child(pyfuncitem):
        return None
    marker = pyfuncitem.get_closest_marker("backends")
    assert marker is not None
    backend, limit = str(pyfuncitem.callspec.params[ARGUMENT]), marker.kwargs.get("timeout", 600)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", pyfuncitem.nodeid],
            cwd=pyfuncitem.config.rootpath,
            env={**os.environ, "KERAS_BACKEND": backend, CHILD: "1"},
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"on {backend}: no end within {limit} seconds", pytrace=False)
    if done.returncode != 0:
        pytest.fail(f"on {backend}:\n{done.stdout}{done.stderr}", pytrace=False)
    return True


@pytest.fixture
def hard_inputs() -> Callable[[str], Any]:
    """Gives the inputs of a kind at which an implementation easily goes wrong; see `keraslosses.testing`."""
    from keraslosses.testing import hard_inputs as inputs_of_kind

    return inputs_of_kind
