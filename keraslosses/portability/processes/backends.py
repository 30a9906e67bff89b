"""The installed backends, and a child process in each: Keras takes one backend per process."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from keraslosses_child import Child

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
    """Runs `python -m module`, with the plan as JSON, on a backend; yields the JSON lines that it prints.

    Other lines are dropped.

    Raises:
        Lost: if the process ends with a status other than 0, or is silent for `patience` seconds.
    """
    for line in child(backend, module, json.dumps(plan), environment=environment).lines(patience):
        if line.startswith("{"):
            yield json.loads(line)


def share_of_memory(processes: int) -> int:
    """The megabytes that each of so many processes may take: together three quarters of the machine's."""
    try:
        megabytes_here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    except (AttributeError, OSError, ValueError):
        megabytes_here = 8192
    return megabytes_here * 3 // 4 // processes
