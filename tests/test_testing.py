"""`keraslosses.testing` and the pytest plugin, used as a user's suite uses them.

They start processes of every backend, so this runs with one backend only.
"""

import doctest
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from test_check import PAGE, repaired
from user_losses.correct import Pseudo
from user_losses.scalar import Scalar

import keraslosses.testing
import keraslosses_pytest
from keraslosses.portability.processes import backends
from keraslosses.testing import assert_portable, hard_inputs

pytestmark = pytest.mark.deep


def test_correct_loss_is_portable():
    assert_portable(Pseudo, check_names=["shapes", "value"], backend_names=["torch", "jax"])


def test_fault_is_an_assertion_with_what_to_do():
    said = (
        r"(?s)is not portable.*shapes on torch, jax.*one number.*\n  expected: .*\n  What to do: Return one"
    )
    with pytest.raises(AssertionError, match=said):
        assert_portable(Scalar, check_names=["shapes"], backend_names=["torch", "jax"])


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        (lambda y_true, y_pred: y_pred, {}, "`target` must be text, or a class or function at the top"),
        ("Huber", {"inputs": "pictures"}, "`inputs`: expected one of real"),
        ("Huber", {"check_names": ["speed"]}, "`checks`: expected one of runs, shapes"),
        ("keraslosses:None_", {"backend_names": ["torch"]}, "`target`: keraslosses has no 'None_'"),
        ("Huber", {"backend_names": ["theano"]}, "'theano' is not a backend"),
    ],
)
def test_wrong_argument_is_an_error(target, options, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        assert_portable(target, **options)


def test_hard_inputs_of_an_unknown_kind_are_an_error():
    with pytest.raises(ValueError, match="`kind`: expected one of real"):
        hard_inputs("pictures")


def test_example_of_the_docstring_prints_what_it_says():
    results = doctest.testmod(keraslosses.testing)
    assert results.attempted
    assert not results.failed


def test_the_suite_of_the_page_passes_with_the_repaired_loss(tmp_path):
    files = ("my_losses", "test_my_losses")
    loss, suite = (PAGE.split(f"```python\n# {name}.py\n")[1].split("```")[0] for name in files)
    (tmp_path / "my_losses.py").write_text(repaired(loss))
    (everything,) = re.findall(r"assert_portable\(Distance\)", suite)  # which takes a minute
    two_checks = "assert_portable(Distance, check_names=['shapes', 'hard inputs'], backend_names=['torch'])"
    (tmp_path / "test_my_losses.py").write_text(suite.replace(everything, two_checks))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_losses.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
    )
    assert f"{2 + len(backends.installed())} passed" in run.stdout, run.stdout[-3000:]


# The plugin

SUITE = """
import os
import time

import keras
import numpy as np
import pytest

@pytest.fixture
def only_in_children():
    assert "KERASLOSSES_PYTEST_CHILD" in os.environ

@pytest.mark.backends
def test_each(only_in_children, keras_backend):
    assert keras.backend.backend() == keras_backend

@pytest.mark.backends("jax")
def test_fails():
    assert keras.backend.backend() == "torch", "so it is"

@pytest.mark.backends("jax")
def test_passes_the_second_time():
    tries.append(1)
    assert len(tries) == 2

tries = []

@pytest.fixture
def broken():
    return 1 / 0

@pytest.mark.backends("jax")
def test_errs(broken):
    pass

@pytest.mark.backends("jax")
@pytest.mark.xfail(strict=True)
def test_is_expected_to_fail():
    assert keras.backend.backend() == "torch"

@pytest.mark.backends("jax")
def test_skips_a_part(subtests):
    with subtests.test("a part"):
        pytest.skip("this part")

@pytest.mark.backends("jax")
def test_fails_in_a_part(subtests):
    with subtests.test("one part"):
        raise ValueError("that part")
    with subtests.test("another part"):
        pytest.skip("this part")

if "KERASLOSSES_PYTEST_CHILD" not in os.environ:
    @pytest.mark.backends("jax")
    def test_is_nowhere():
        pass

@pytest.mark.backends("jax")
def test_skips():
    pytest.skip("not today")

@pytest.mark.backends("jax", timeout=3)
def test_hangs():
    time.sleep(1000)

@pytest.mark.backends("jax")
def test_dies():
    os._exit(3)

@pytest.mark.backends("jax")
@pytest.mark.parametrize("n", [1, 2])
def test_goes_on(n):
    # The second runs where the first did.
    assert len(ran) == n - 1
    ran.append(n)

ran = []

def test_hard_inputs(hard_inputs):
    assert all(np.isfinite(hard.y_pred).all() for hard in hard_inputs("boxes"))
"""

# What plugins do that run a failed test again.
RUNS_AGAIN = """
import os

from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    if "second_time" in item.name and "KERASLOSSES_PYTEST_CHILD" in os.environ:
        runtestprotocol(item, nextitem=nextitem, log=False)
"""

BROKEN_MODULE = """
import os

import pytest

if "KERASLOSSES_PYTEST_CHILD" in os.environ:
    raise RuntimeError("not on this backend")

@pytest.mark.backends("jax")
def test_is_one():
    pass
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """What pytest says of the suite."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_mine.py").write_text(SUITE)
    (folder / "conftest.py").write_text(RUNS_AGAIN)
    (folder / "test_broken.py").write_text(BROKEN_MODULE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--strict-markers", "."],
        cwd=folder,
        # In CI pytest's summary says all of a failure's message.
        env={**os.environ, "KERAS_BACKEND": "jax", "CI": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "said",
    [
        *(f"test_each[{name}] PASSED" for name in backends.BACKENDS),
        "test_fails[jax] FAILED",
        "test_fails[jax] - Failed: on jax: AssertionError: so it is\n",
        "test_errs[jax] - Failed: on jax: ZeroDivisionError: division by zero\n",
        "test_fails_in_a_part[jax] - Failed: on jax: ValueError: that part\n",
        "test_is_nowhere[jax] - Failed: on jax: pytest ended with 4\n",
        "test_is_one[jax] - Failed: on jax: RuntimeError: not on this backend\n",
        "test_is_expected_to_fail[jax] XFAIL",
        "test_skips_a_part[jax] PASSED",
        "test_passes_the_second_time[jax] PASSED",
        "test_skips[jax] SKIPPED (on jax: Skipped: not today)",
        "on jax: hangs: no answer in 3 seconds",
        "on jax: ended with status 3",
        "test_goes_on[jax-1] PASSED",
        "test_goes_on[jax-2] PASSED",
        "test_hard_inputs PASSED",
        "7 failed, 8 passed, 1 skipped, 1 xfailed",
    ],
)
def test_marked_test_runs_in_the_process_of_each_backend(suite, said):
    assert said in suite


def test_a_failure_shows_what_its_own_test_wrote(suite):
    assert suite.count("def test_fails():") == 1


def test_plugin_imports_no_framework():
    source = "import sys, keraslosses_pytest; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert not {"keras", "keraslosses", "numpy", *backends.BACKENDS} & set(done.stdout.split())


def test_plugin_knows_the_backends():
    assert keraslosses_pytest.BACKENDS == backends.BACKENDS


def test_plugin_is_an_entry_point():
    assert "keraslosses_pytest" in {point.value for point in entry_points(group="pytest11")}
