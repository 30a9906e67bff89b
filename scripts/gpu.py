"""Tests, benchmark and training steps on a GPU, with torch, JAX or both. `make gpu` runs it.

It needs keras, numpy and the framework; pytest for the tests. It writes gpu-results/gpu.json, whose `results`
are those of `bench --json`, and the tables gpu-results/gpu.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
# The package is imported here with either framework; each measurement has a process with its own.
os.environ["KERAS_BACKEND"] = "torch" if find_spec("torch") else "jax"

import keraslosses  # noqa: E402
from keraslosses.cli.as_data import without_nan  # noqa: E402
from keraslosses.cli.bench import report as bench_report  # noqa: E402
from keraslosses.cli.bench.cases import HUGE, plan_of  # noqa: E402
from keraslosses.cli.bench.results import as_data, row_from  # noqa: E402
from keraslosses.cli.steps import report as steps_report  # noqa: E402
from keraslosses.cli.steps.growth import GROWTHS  # noqa: E402
from keraslosses.cli.steps.results import as_data as steps_as_data  # noqa: E402
from keraslosses.cli.steps.results import result_from  # noqa: E402
from keraslosses.cli.steps.tasks import TASKS  # noqa: E402
from keraslosses.portability.processes import backends  # noqa: E402
from keraslosses_child import Lost  # noqa: E402

# Prints the name of the GPU that a framework uses, or nothing.
GPU_OF = {
    "torch": "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')",
    "jax": "import jax; d = jax.devices()[0]; print('' if d.platform == 'cpu' else d.device_kind)",
}
# The tests that a GPU could fail: they compute values and gradients through `keras.ops`, and compare them as
# NumPy arrays with the formula. Others read files and commands, use the CPU by design, or need hypothesis.
TESTS = (
    "extremes",
    "scales",
    "many_entries",
    "near_limits",
    "classification",
    "ctc",
    "ctc_padding",
    "empty_boxes",
    "chunked_cross_entropy",
    "half_precision_heads",
    "cosine_dense",
    "sampled_margin",
    "center_loss",
)
# A loss of each kind. All losses would take JAX half an hour, most of it to compile.
LOSSES = (
    "MeanSquaredError",
    "Huber",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "NegativeLogLikelihood",
    "KLDivergence",
    "CosineSimilarity",
    "MultiMargin",
    "BinaryFocalCrossentropy",
    "Dice",
    "CIoU",
    "CTC",
    "ArcFace",
    "SampledMargin",
)
# In float32 and bfloat16, against all logits; on torch also compiled.
HEADS = ("ChunkedCrossEntropy",)
# What is measured: (sizes of the benchmark, size of the heads, size of the steps, seconds for each row).
MEASURED = {"gpu": (["middle", "large"], HUGE, "large", 0.2), "cpu": (["small"], "small", "small", 0.02)}
BENCH, STEPS = "keraslosses.cli.bench.worker", "keraslosses.cli.steps.worker"
WORKERS = {"bench": BENCH, "heads": BENCH, "steps": STEPS}
ON_GPU = {
    # Without it, JAX takes most of the memory of the GPU when it starts.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # The memory and the kernels of a call are read from a second compilation, which is then a copy.
    "JAX_COMPILATION_CACHE_DIR": str(Path(tempfile.gettempdir()) / "keraslosses-jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--output", default=ROOT / "gpu-results", type=Path)
    arguments = parser.parse_args()
    if arguments.device not in MEASURED:
        sys.exit(f"gpu: DEVICE must be gpu or cpu. Received: {arguments.device!r}")
    devices = devices_of(arguments.device)
    if not devices:
        sys.exit(
            f"gpu: {' and '.join(frameworks())} found no GPU. "
            "`make gpu DEVICE=cpu` runs the same on the CPU, with small inputs."
        )
    failed = run(arguments.device, devices, arguments.output)
    sys.exit(1 if failed else 0)


def frameworks() -> list[str]:
    return [name for name in GPU_OF if find_spec(name)]


def devices_of(device: str) -> dict[str, str]:
    """The device of each framework that has one."""
    if device == "cpu":
        return dict.fromkeys(frameworks(), "cpu")
    asked = {
        name: subprocess.run([sys.executable, "-c", GPU_OF[name]], capture_output=True, text=True)
        for name in frameworks()
    }
    for name, done in asked.items():
        if done.returncode:
            print(f"gpu: {name} does not start: {done.stderr[-500:]}", file=sys.stderr)
    return {name: done.stdout.strip() for name, done in asked.items() if done.stdout.strip()}


def run(device: str, devices: dict[str, str], folder: Path) -> bool:
    """Runs all parts, and writes and prints the results. Whether something failed."""
    environment = backends.SMALL_ON_CPU if device == "cpu" else ON_GPU
    sizes, of_heads, of_steps, seconds = MEASURED[device]
    plans = {
        "bench": plan_of(LOSSES, sizes, seconds),
        "heads": plan_of(HEADS, [of_heads], seconds, torch_compile=device == "gpu"),
        "steps": {"what": [*TASKS, *GROWTHS], "size": of_steps, "seconds": seconds},
    }
    found, versions, failures = {part: [] for part in plans}, {}, []
    with ThreadPoolExecutor() as pool:  # Side by side. What measures times runs alone.
        tests = list(pool.map(lambda backend: tested(backend, environment), devices))
    for backend in devices:
        for part, plan in plans.items():
            started = time.monotonic()
            try:
                for event in backends.run_worker(WORKERS[part], backend, plan, environment=environment):
                    kind = event.pop("event")
                    if kind == "versions":
                        versions[backend] = event["versions"]
                    elif kind == "row":
                        found[part].append(result_from(event) if part == "steps" else row_from(event))
                    elif kind == "failed":
                        failures.append(
                            f"{event['loss']}, {event['mode']}, {event['size']}: {event['error']}"
                        )
            except Lost as error:  # What was measured before stays.
                failures.append(f"{part} on {backend} failed. {error.told}")
            print(f"gpu: {part} on {backend}: {time.monotonic() - started:.0f} s", flush=True)
    failures += [f"tests on {test['backend']}: {test['told']}" for test in tests if test["passed"] is False]
    whole = {
        "keraslosses": keraslosses.__version__,
        "command": f"make gpu DEVICE={device}",
        "machine": bench_report.machine(),
        "devices": devices,
        "versions": versions,
        "failures": failures,
        "tests": tests,
        "steps": steps_as_data(found["steps"]),
        "results": as_data(found["bench"] + found["heads"]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gpu.json").write_text(json.dumps(without_nan(whole), indent=2, allow_nan=False), "utf-8")
    page = "\n".join(page_of(whole, found))
    (folder / "gpu.md").write_text(page, "utf-8")
    print(page)
    print(f"gpu: written to {folder}: gpu.json and gpu.md")
    return bool(failures)


def tested(backend: str, environment: dict[str, str]) -> dict[str, object]:
    """Runs the chosen tests. `passed` is None if pytest is not installed."""
    if not find_spec("pytest"):
        return {"backend": backend, "passed": None, "told": "left out: pytest is not installed"}
    started = time.monotonic()
    files = [f"tests/test_{name}.py" for name in TESTS]
    chosen = "not deep" if environment is not ON_GPU else "not deep and not on_cpu"
    # In other versions than those of `make test`, a warning is no failure.
    usual = ["-p", "no:cacheprovider", "-W", "default"]
    command = [sys.executable, "-m", "pytest", *usual, "-m", chosen, *files]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        command,
        env={**os.environ, **environment, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(paths)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    passed, lines = done.returncode == 0, done.stdout.strip().splitlines()
    if not passed:
        print(done.stdout[-8000:], done.stderr[-2000:], sep="\n")
    print(f"gpu: tests on {backend}: {time.monotonic() - started:.0f} s", flush=True)
    return {"backend": backend, "passed": passed, "told": lines[-1] if lines else "nothing printed"}


def page_of(whole: dict, found: dict) -> list[str]:
    """The tables, with where they were measured."""
    devices = [f"- {backend}: {device}" for backend, device in whole["devices"].items()]
    tests = [f"| {test['backend']} | {test['told']} |" for test in whole["tests"]]
    return [
        "# Results of `make gpu`",
        "",
        *devices,
        *bench_report.bullets(bench_report.where(whole["versions"])),
        *(f"- failed: {failure}" for failure in whole["failures"]),
        "",
        "### Tests",
        "",
        *("| backend | told |", "|---|---|", *tests),
        "",
        steps_report.markdown(found["steps"]),
        *(f"- {line}" for line in steps_report.left_out(found["steps"])),
        "",
        *bench_report.spaced(bench_report.summary(found["bench"] + found["heads"])),
        *bench_report.mode_tables(found["bench"]),
        *bench_report.mode_tables(found["heads"], of="heads"),
        "",
    ]


if __name__ == "__main__":
    main()
