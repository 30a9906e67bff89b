"""Every test runs on the backend that KERAS_BACKEND names; `make test` runs them once for each.

`make test` leaves out what is marked `deep`, and on some backends what is marked `deep_on` or `deep_in_turn` them.
"""

import ctypes
import gc
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import keras
import pytest

from keraslosses.portability.checks import replicas
from keraslosses.portability.processes.worker import collect_seldom

BACKEND = keras.backend.backend()

# What belongs to one backend alone. What is the same on each, or starts processes of every backend itself, belongs
# to torch, whose tests take the shortest.
OF_BACKEND = {
    "tensorflow": ("test_tensorflow_seam.py",),
    "jax": ("test_jax_programs.py", "test_rank_promotion.py"),
    "torch": (
        "test_torch_compile.py",
        "test_torch_forms.py",
        "test_torch_kernels.py",
        "test_torch_precision.py",
        "test_torch_ranges.py",
        "test_torch_shortcuts.py",
        "test_torch_transforms.py",
        "test_agreement.py",
        "test_built_docs.py",
        "test_check_run.py",
        "test_child.py",
        "test_ctc_reference.py",
        "test_doc_formulas.py",
        "test_doc_pages.py",
        "test_example_functions.py",
        "test_explorer.py",
        "test_explorer_page.py",
        "test_finding.py",
        "test_gallery.py",
        "test_gpu.py",
        "test_json.py",
        "test_migrate.py",
        "test_migrate_notebook.py",
        "test_missing.py",
        "test_page.py",
        "test_report.py",
        "test_testing.py",
    ),
}
collect_ignore = [name for backend, names in OF_BACKEND.items() if backend != BACKEND for name in names]

# TensorFlow is given its two devices before anything runs on it.
replicas.why_not()

collect_seldom()

# The names of the ways to run a loss in the names of tests: each backend has its own.
FORMS = ("eager", "graph", "xla", "unknown batch", "unknown sizes", "compiled", "compile", "jit")


# Processor seconds of each test, those of the processes that it started included.
COST = pytest.StashKey[dict[str, float]]()


def processor_seconds():
    return sum(os.times()[:4])


def pytest_addoption(parser):
    parser.addoption("--cost", type=int, metavar="N", help="show the N tests that took most processor time")


def pytest_configure(config):
    config.stash[COST] = {}


@pytest.hookimpl(tryfirst=True)  # Before -m chooses.
def pytest_collection_modifyitems(config, items):
    for item in items:
        if BACKEND in (*named_by(item, "deep_on"), *named_by(item, "deep_in_turn")):
            item.add_marker("deep")
    turns = [(item, has_its_turn(item)) for item in items]
    config.hook.pytest_deselected(items=[item for item, here in turns if not here])
    items[:] = [item for item, here in turns if here]


def named_by(item, mark):
    """The backends that a mark of a test names."""
    return [backend for found in item.iter_markers(mark) for backend in found.args]


def has_its_turn(item):
    """Whether a test runs on this backend: where it is deep in turn, on one of these only."""
    backends = named_by(item, "deep_in_turn")
    return BACKEND not in backends or turn_of(item.name, backends) == BACKEND


def turn_of(name, backends):
    """The backend that runs a test. It runs all its forms, whose names differ between backends."""
    parts = [part for part in re.split(r"[\[\]-]", name) if part not in FORMS]
    return backends[zlib.crc32("-".join(parts).encode()) % len(backends)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    before = processor_seconds()
    result = yield
    cost = item.config.stash[COST]
    cost[item.nodeid] = processor_seconds() - before
    if len(cost) % GIVEN_BACK_AFTER == 0:
        give_memory_back()
    return result


GIVEN_BACK_AFTER = 800


def give_memory_back():
    """Forgets what JAX compiled: gigabytes in a run. The C library keeps them if it is not asked."""
    gc.collect()
    if BACKEND == "jax":
        sys.modules["jax"].clear_caches()
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def pytest_terminal_summary(terminalreporter, config):
    """Processor time does not depend on what else the machine does."""
    if not config.option.cost:
        return
    cost = config.stash[COST]
    terminalreporter.section(f"processor time: {processor_seconds():.1f} s, tests {sum(cost.values()):.1f} s")
    for test in sorted(cost, key=cost.get, reverse=True)[: config.option.cost]:
        terminalreporter.write_line(f"{cost[test]:7.2f} s  {test}")


@pytest.fixture
def backend() -> str:
    return BACKEND


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Makes a module of some source that a child process can run; gives its name."""

    def make(source):
        (tmp_path / "planted_worker.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "planted_worker"

    return make


@pytest.fixture
def replicas(tmp_path):
    """Runs a program of this folder that trains on one and on two replicas; gives the files that it wrote."""

    def run(program):
        command = [sys.executable, str(Path(__file__).with_name(program)), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        return sorted(tmp_path.glob("*.npz"))

    return run
