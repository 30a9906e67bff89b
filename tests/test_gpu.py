"""`make gpu`: what it says if there is no GPU or no framework, what it chooses, and its results."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import keraslosses
from keraslosses.cli.bench import worker as bench_worker
from keraslosses.cli.bench.cases import CASES, HUGE, SIZES

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "gpu.sh"
WITHOUT_GPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}

pytestmark = pytest.mark.deep_on("jax", "tensorflow")


@pytest.fixture(scope="module")
def gpu():
    specification = importlib.util.spec_from_file_location("gpu", ROOT / "scripts" / "gpu.py")
    module = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        patch.setenv("KERAS_BACKEND", "")
        specification.loader.exec_module(module)
    return module


def call(python, device):
    return subprocess.run(
        [SCRIPT, python, device],
        env={**os.environ, **WITHOUT_GPU},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.deep
def test_without_a_gpu_it_says_so():
    done = call(sys.executable, "gpu")
    assert done.returncode == 1
    assert " found no GPU. `make gpu DEVICE=cpu` runs the same on the CPU" in done.stderr


def test_what_python_lacks_is_named(tmp_path):
    """A Python that finds no packages: -I -S leave out where they are installed."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "$@"\n')
    bare.chmod(0o755)
    script = tmp_path / "scripts" / "gpu.sh"
    script.parent.mkdir()
    script.write_text(SCRIPT.read_text("utf-8"), "utf-8")
    done = subprocess.run(["bash", script, bare, "gpu"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"gpu: {bare} lacks keras, numpy, torch or jax" in done.stderr
    assert "make gpu PYTHON=/path/to/python" in done.stderr


def test_an_unknown_device_is_named(gpu, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["gpu.py", "--device", "tpu"])
    with pytest.raises(SystemExit, match=r"DEVICE must be gpu or cpu\. Received: 'tpu'"):
        gpu.main()


def test_what_it_names_is_there(gpu):
    assert [name for name in gpu.TESTS if not (ROOT / "tests" / f"test_{name}.py").exists()] == []
    assert {*gpu.LOSSES, *gpu.HEADS} <= {case.loss for case in CASES}
    chosen = {size for sizes, head, step, _ in gpu.MEASURED.values() for size in (*sizes, head, step)}
    assert chosen <= {*SIZES, HUGE}


def test_chosen_tests_need_pytest_only(gpu):
    """They run where neither typer nor hypothesis is installed."""
    sources = [(ROOT / "tests" / f"test_{name}.py").read_text("utf-8") for name in gpu.TESTS]
    assert [source for source in sources if "hypothesis" in source or "keraslosses.cli" in source] == []


@pytest.mark.deep
def test_measurements_need_neither_typer_nor_matplotlib():
    absent = "import sys; sys.modules.update(typer=None, matplotlib=None, sklearn=None, pytest=None); "
    used = "import runpy; runpy.run_path('scripts/gpu.py'); "
    workers = "import keraslosses.cli.bench.worker, keraslosses.cli.steps.worker"
    subprocess.run([sys.executable, "-c", absent + used + workers], cwd=ROOT, check=True, timeout=300)


def test_one_json_and_one_table(gpu, monkeypatch, tmp_path, capsys):
    """What the processes tell comes together; what fails is counted."""
    from test_bench import WITH_PEER, row_event
    from test_steps import STEP, as_data

    events = {
        gpu.WORKERS["bench"]: [row_event(WITH_PEER)],
        gpu.WORKERS["steps"]: [
            {"event": "row", **as_data([STEP])[0]},
            {"event": "failed", "loss": "head", "mode": "jax", "size": "small", "error": "KeyError: 'x'"},
        ],
    }
    versions = {"event": "versions", "versions": {"keras": "3"}}
    plans = {}

    def told(name, backend, plan, **more):
        plans[name] = plan
        return [dict(versions), *map(dict, events[name])]

    monkeypatch.setattr(gpu.backends, "run_worker", told)
    monkeypatch.setattr(
        gpu, "tested", lambda backend, environment: {"backend": backend, "passed": True, "told": "7 passed"}
    )
    assert gpu.run("cpu", {"jax": "cpu"}, tmp_path)
    told_by_worker = []
    bench_worker.work(plans[gpu.WORKERS["bench"]] | {"losses": ["Huber"]}, told_by_worker.append)
    assert {"row"} <= {event["event"] for event in told_by_worker}
    saved = json.loads((tmp_path / "gpu.json").read_text("utf-8"))
    assert saved["keraslosses"] == keraslosses.__version__
    assert saved["devices"] == {"jax": "cpu"} and saved["versions"] == {"jax": {"keras": "3"}}
    assert saved["failures"] == ["head, jax, small: KeyError: 'x'"]
    assert [row["loss"] for row in saved["results"]] == [WITH_PEER.loss] * 2  # Of the benchmark and of heads.
    assert [step["task"] for step in saved["steps"]] == [STEP.task]
    page = (tmp_path / "gpu.md").read_text("utf-8")
    assert page in capsys.readouterr().out
    for part in ("- jax: cpu", "| jax | 7 passed |", "### Training steps", "### jax", "| Huber | small |"):
        assert part in page
