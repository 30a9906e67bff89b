"""The installed backends, and a child process in each: Keras takes one backend per process."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import IO, Any

# Names of the backends; each is also the module that must be installed for it.
BACKENDS = ("tensorflow", "jax", "torch")

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
# Small networks are fastest on one thread, and on the CPU the numbers of the backends compare.
SMALL_ON_CPU = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "KERAS_TORCH_DEVICE": "cpu",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

# Seconds without a line after which a child counts as hung; the longest wait is for a first import.
PATIENCE = 300.0
LAST_LINES = 15


class WorkerFailed(Exception):
    """A child process ended badly; the text says how, with the last lines that it wrote."""


def installed() -> list[str]:
    """The backends that can be imported here, found without importing them."""
    return [name for name in BACKENDS if find_spec(name) is not None]


def absent() -> list[str]:
    """The backends that cannot be imported here."""
    return [name for name in BACKENDS if name not in installed()]


def chosen(names: Sequence[str], known: Sequence[str] = BACKENDS) -> list[str]:
    """The backends that the user named, in `names` or with commas; all installed ones where none is named.

    Raises:
        ValueError: for a name that is no backend, a backend that is not installed, or when none is.
    """
    wanted = list(dict.fromkeys(part.strip() for name in names for part in name.split(",")))
    present = installed()
    for name in wanted:
        if name not in known:
            raise ValueError(f"{name!r} is no backend; choose from {', '.join(known)}.")
        if name in BACKENDS and name not in present:
            raise ValueError(f"{name!r} is not installed. Installed here: {', '.join(present) or 'none'}.")
    if not present:
        raise ValueError(f"No backend is installed. Install one of {', '.join(BACKENDS)}.")
    return wanted or present


def run_worker(
    module: str,
    backend: str,
    plan: Mapping[str, Any],
    environment: Mapping[str, str] = SMALL_ON_CPU,
    patience: float = PATIENCE,
) -> Iterator[dict[str, Any]]:
    """Runs `python -m module`, with the plan as JSON, on a backend; yields the JSON lines that it prints.

    Raises:
        WorkerFailed: if the process ends with a status other than 0, or is silent for `patience` seconds.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(plan)],
            env=environment_of(backend, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        )
        try:
            yield from messages(process, patience)
            status = process.wait(patience)
        except (queue.Empty, subprocess.TimeoutExpired):
            raise WorkerFailed(failure(f"was silent for {patience:.0f} seconds", errors)) from None
        finally:
            stop(process)
        if status != 0:
            raise WorkerFailed(failure(f"ended with status {status}", errors))


def environment_of(backend: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process on a backend."""
    return {**os.environ, **QUIET, **environment, "KERAS_BACKEND": backend}


def messages(process: subprocess.Popen[str], patience: float) -> Iterator[dict[str, Any]]:
    """The JSON lines of a process until it closes its output; other lines are dropped."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=read_lines, args=(process.stdout, lines), daemon=True).start()
    while (line := lines.get(timeout=patience)) is not None:
        if line.startswith("{"):
            yield json.loads(line)


def read_lines(stream: Any, lines: "queue.Queue[str | None]") -> None:
    """Passes lines on from a stream, then None."""
    try:
        for line in stream:
            lines.put(line)
    except ValueError:
        pass  # The stream was closed while being read: the process was stopped.
    finally:
        lines.put(None)


def stop(process: subprocess.Popen[str]) -> None:
    """Ends a child process that still runs."""
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def failure(what: str, errors: IO[str]) -> str:
    """What happened, with the last lines of the error output."""
    errors.seek(0)
    last = errors.read().strip().splitlines()[-LAST_LINES:]
    return "\n".join([f"The process {what}. Its last lines:", *(f"  {line}" for line in last)])
