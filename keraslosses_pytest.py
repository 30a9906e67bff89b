"""The pytest plugin of keraslosses: a marker for tests of every backend, and the hard inputs as a fixture.

It stands outside the package, whose import brings Keras: here nothing is imported but pytest until a test
asks for it.
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
# Set in a child process, where marked tests run as they stand.
IN_CHILD = "KERASLOSSES_PYTEST_CHILD"
ARGUMENT = "keras_backend"
CHILDREN = pytest.StashKey[dict[str, Child]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "backends(*names, timeout=600): run the test once for each installed backend, or each one named, "
        "in a process of that backend; it may take so many seconds.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each backend; in a child process, for its own backend only."""
    marker = metafunc.definition.get_closest_marker("backends")
    if marker is None:
        return
    if ARGUMENT not in metafunc.fixturenames:
        metafunc.fixturenames.append(ARGUMENT)
    own = [os.environ.get("KERAS_BACKEND", "")]
    metafunc.parametrize(ARGUMENT, own if IN_CHILD in os.environ else list(wanted(marker)))


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
    return item.get_closest_marker("backends") is not None and IN_CHILD not in os.environ


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a marked test in the process of its backend, where its failure is the test's."""
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
    """The process that runs the tests of a backend one after the other."""
    children = config.stash.setdefault(CHILDREN, {})
    if backend not in children:
        environment = {"KERAS_BACKEND": backend, IN_CHILD: "1"}
        children[backend] = Child([sys.executable, "-m", __name__], environment, str(config.rootpath))
    return children[backend]


def outcome(child: Child, test: str, limit: float) -> tuple[int, str]:
    """The status of a test, and why it failed with what it wrote; of one that skips itself 0, and why."""
    try:
        status, reason = json.loads(child.ask(test, limit))
    except Lost as lost:
        return 1, f"{lost.what}\n{lost.written}"
    if status == 0:
        return status, reason
    return status, f"{reason or f'pytest ended with {status}'}\n{child.written()}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A summary names the cause; all that the child wrote stands under the failure, and there only."""
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash and runs_in_child(item):
        crash.message = first_line(crash.message)
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    for child in config.stash.get(CHILDREN, {}).values():
        child.close()


class Reasons:
    """Remembers why a test failed, and why it skipped itself, in a line each."""

    failed = skipped = ""

    def pytest_exception_interact(self, call: pytest.CallInfo[Any]) -> None:
        assert call.excinfo is not None
        self.failed = first_line(call.excinfo.exconly(tryshort=True))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Other kinds of reports tell of a part of a test, as that of a subtest does.
        if type(report) is pytest.TestReport and isinstance(report.longrepr, tuple):
            self.skipped = report.longrepr[2]


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def main() -> None:
    """The child process: it reads the names of tests, runs each, and answers with pytest's status for it."""
    tests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    for test in tests:
        reasons = Reasons()
        # What is expected to fail is known outside.
        options = ["-q", "--runxfail", "-p", "no:cacheprovider"]
        status = pytest.main([*options, test.rstrip("\n")], plugins=[reasons])
        sys.stdout.flush()
        reason = reasons.failed if status else reasons.skipped
        print(json.dumps([int(status), reason]), file=answers, flush=True)


@pytest.fixture
def hard_inputs() -> Callable[[str], Any]:
    """Gives the inputs of a kind at which an implementation easily goes wrong; see `keraslosses.testing`."""
    from keraslosses.testing import hard_inputs as inputs_of_kind

    return inputs_of_kind


if __name__ == "__main__":
    main()
