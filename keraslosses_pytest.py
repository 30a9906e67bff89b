"""The pytest plugin of keraslosses: the marker `backends` and the fixture `hard_inputs`.

The plugin is outside the package, because importing the package imports Keras. It imports Keras only if a
test uses the fixture.
"""

import json
import os
import sys
from collections.abc import Callable, Generator, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from keraslosses_child import Child, Lost

BACKENDS = ("tensorflow", "jax", "torch")
# Set in a child process. There, marked tests run like all other tests.
IN_CHILD = "KERASLOSSES_PYTEST_CHILD"
ARGUMENT = "keras_backend"
CHILDREN = pytest.StashKey[dict[str, Child]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "backends(*names, timeout=600): run the test once for each named backend (default: each installed "
        "one), in a process of that backend; timeout is the time limit in seconds.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes one test for each backend; in a child process, only for the backend of the process."""
    marker = metafunc.definition.get_closest_marker("backends")
    if marker is None:
        return
    if ARGUMENT not in metafunc.fixturenames:
        metafunc.fixturenames.append(ARGUMENT)
    own = [os.environ.get("KERAS_BACKEND", "")]
    metafunc.parametrize(ARGUMENT, own if IN_CHILD in os.environ else list(wanted(marker)))


def wanted(marker: pytest.Mark) -> Iterator[Any]:
    """The backends to run on. A test on a backend that is not installed is skipped."""
    for name in marker.args or BACKENDS:
        if name not in BACKENDS:
            raise pytest.UsageError(
                f"backends: {name!r} is not a backend; choose from {', '.join(BACKENDS)}."
            )
        missing = pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")
        yield pytest.param(name, marks=missing)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Removes the fixtures of the tests that a child process runs: the child makes them."""
    for item in items:
        if isinstance(item, pytest.Function) and runs_in_child(item):
            item.fixturenames = []


def runs_in_child(item: pytest.Item) -> bool:
    return item.get_closest_marker("backends") is not None and IN_CHILD not in os.environ


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a marked test in the process of its backend, and fails or skips as that process did."""
    if not runs_in_child(pyfuncitem):
        return None
    marker = pyfuncitem.get_closest_marker("backends")
    assert marker is not None
    backend, limit = str(pyfuncitem.callspec.params[ARGUMENT]), marker.kwargs.get("timeout", 600)
    status, said = outcome(child_of(backend, pyfuncitem.config), pyfuncitem.nodeid, limit)
    if status != 0:
        pytest.fail(f"on {backend}: {said}", pytrace=False)
    if said:
        pytest.skip(f"on {backend}: {said}")
    return True


def child_of(backend: str, config: pytest.Config) -> Child:
    """The process that runs all marked tests of a backend, one after the other."""
    children = config.stash.setdefault(CHILDREN, {})
    if backend not in children:
        environment = {"KERAS_BACKEND": backend, IN_CHILD: "1"}
        children[backend] = Child([sys.executable, "-m", __name__], environment, str(config.rootpath))
    return children[backend]


def outcome(child: Child, test: str, limit: float) -> tuple[int, str]:
    """The status of a test (0: passed or skipped) and a text.

    The text is the reason and the output of a failed test, the reason of a skipped test, or empty.
    """
    try:
        status, reason = json.loads(child.ask(test, limit))
    except Lost as lost:
        return 1, f"{lost.what}\n{lost.written}"
    if status == 0:
        return status, reason
    return status, f"{reason or f'pytest ended with {status}'}\n{child.written()}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shortens the summary line to the cause. The full output of the child is below the failure."""
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash and runs_in_child(item):
        crash.message = first_line(crash.message)
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    for child in config.stash.get(CHILDREN, {}).values():
        child.close()


class Reasons:
    """Stores why a test failed or was skipped, as one line each."""

    failed = skipped = ""

    def pytest_exception_interact(self, call: pytest.CallInfo[Any]) -> None:
        assert call.excinfo is not None
        self.failed = first_line(call.excinfo.exconly(tryshort=True))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Reports of other types are about a part of a test, such as a subtest.
        if type(report) is pytest.TestReport and isinstance(report.longrepr, tuple):
            self.skipped = report.longrepr[2]


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def main() -> None:
    """The child process: reads the names of tests, runs each test, and prints its status and reason."""
    tests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    for test in tests:
        reasons = Reasons()
        # The parent process handles xfail.
        options = ["-q", "--runxfail", "-p", "no:cacheprovider"]
        status = pytest.main([*options, test.rstrip("\n")], plugins=[reasons])
        sys.stdout.flush()
        reason = reasons.failed if status else reasons.skipped
        print(json.dumps([int(status), reason]), file=answers, flush=True)


@pytest.fixture
def hard_inputs() -> Callable[[str], Any]:
    """A function of a kind that gives inputs at which many implementations fail.

    See `keraslosses.testing.hard_inputs`.
    """
    from keraslosses.testing import hard_inputs as inputs_of_kind

    return inputs_of_kind


if __name__ == "__main__":
    main()
