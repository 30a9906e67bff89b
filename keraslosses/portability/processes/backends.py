"""The installed backends, and a child process for each. Keras has only one backend per process."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from keraslosses_child import Child

# The names of the backends, which are also the names of their modules.
BACKENDS = ("tensorflow", "jax", "torch")

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
# Small networks are fastest on one thread. The CPU gives numbers that can be compared between backends.
SMALL_ON_CPU = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "KERAS_TORCH_DEVICE": "cpu",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

# A child without output for this many seconds counts as hung. The first import takes longest.
PATIENCE = 300.0


def installed() -> list[str]:
    """The backends that can be imported. This function does not import them."""
    return [name for name in BACKENDS if find_spec(name) is not None]


def absent() -> list[str]:
    """The backends that cannot be imported."""
    return [name for name in BACKENDS if name not in installed()]


def chosen(names: Sequence[str], known: Sequence[str] = BACKENDS) -> list[str]:
    """The backends that the user named, each in its own item or with commas. Default: all installed ones.

    Raises:
        ValueError: If a name is not a backend, a backend is not installed, or no backend is installed.
    """
    wanted = list(dict.fromkeys(part.strip() for name in names for part in name.split(",")))
    present = installed()
    for name in wanted:
        if name not in known:
            raise ValueError(f"{name!r} is not a backend; choose from {', '.join(known)}.")
        if name in BACKENDS and name not in present:
            raise ValueError(f"{name!r} is not installed. Installed: {', '.join(present) or 'none'}.")
    if not present:
        raise ValueError(f"No backend is installed. Install one of {', '.join(BACKENDS)}.")
    return wanted or present


def child(
    backend: str,
    module: str,
    *arguments: str,
    environment: Mapping[str, str] = SMALL_ON_CPU,
    memory: int | None = None,
) -> Child:
    """A process that runs a module on a backend."""
    command = [sys.executable, "-m", module, *arguments]
    return Child(command, {**QUIET, **environment, "KERAS_BACKEND": backend}, memory=memory)


def run_worker(
    module: str,
    backend: str,
    plan: Mapping[str, Any],
    environment: Mapping[str, str] = SMALL_ON_CPU,
    patience: float = PATIENCE,
) -> Iterator[dict[str, Any]]:
    """Runs `python -m module PLAN` on a backend, with the plan as JSON. Yields the JSON lines that it prints.

    Other lines are dropped.

    Raises:
        Lost: If the process ends with a status other than 0, or prints nothing for `patience` seconds.
    """
    for line in child(backend, module, json.dumps(plan), environment=environment).lines(patience):
        if line.startswith("{"):
            yield json.loads(line)


def share_of_memory(processes: int) -> int:
    """The memory limit of each process, in megabytes: three quarters of the machine's memory for all."""
    try:
        megabytes_here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    except (AttributeError, OSError, ValueError):
        megabytes_here = 8192
    return megabytes_here * 3 // 4 // processes
