"""Measures steps and growth on one backend. `cli/steps/command.py` starts this module as a process.

Usage: python -m keraslosses.cli.steps.worker PLAN. PLAN is JSON with `what` (names of TASKS and GROWTHS),
`size` and `seconds`. Prints one JSON line with the versions, then one for each result: the measurements, or
why it failed.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.cli.bench import timing
from keraslosses.cli.bench.cases import MODES
from keraslosses.cli.bench.worker import AGREEMENT, Tell, first_line, measure, versions
from keraslosses.cli.steps.growth import GROWTHS
from keraslosses.cli.steps.results import Grown, Result, Trained
from keraslosses.cli.steps.tasks import BATCHES, TASKS

# On TensorFlow with XLA, as `fit` chooses by itself.
MODE = MODES[keras.backend.backend()][-1]


def train(task: str, size: str, seconds: float) -> Trained:
    """Measures the steps of a task. Both models take turns."""
    chosen = TASKS[task]
    ours, peer, x, y = chosen.build(chosen.sizes[size])
    mine, other = (partial(fitted, model, x, y) for model in (ours, peer))
    dropped = difference(mine(), other)
    times = timing.in_turn([mine] if dropped else [mine, other], seconds) / BATCHES
    return Trained(
        task=task,
        mode=MODE,
        size=size,
        ms=float(np.median(times[0])),
        spread=timing.spread(times[0]),
        rounds=len(times[0]),
        peer=chosen.peer,
        peer_ms=None if dropped else float(np.median(times[1])),
        ratio=None if dropped else timing.ratio(times[0], times[1]),
        dropped=dropped,
    )


def fitted(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Trains for an epoch; gives its mean loss."""
    history = model.fit(x, y, batch_size=len(x) // BATCHES, shuffle=False, verbose=0)
    return history.history["loss"][0]


def difference(expected: float, peer: Callable[[], float]) -> str:
    """How the peer's loss of the first epoch differs from ours, or why there is none; empty if they agree.

    The second batch meets weights that the gradient of the first has changed.
    """
    try:
        got = peer()
    except Exception as error:
        return f"raises {first_line(error)}"
    if abs(got - expected) <= AGREEMENT["float32"] * abs(expected):
        return ""
    return f"computes something else: loss {got:.6g}, ours {expected:.6g}"


def grow(name: str, size: str, length: int, seconds: float) -> Grown:
    """Measures one length of a growth."""
    case = GROWTHS[name].case(size)
    inputs = keras.tree.map_structure(ops.convert_to_tensor, case.inputs(str(length)))
    return Grown(name, measure(case, str(length), MODE, inputs, seconds))


def planned(what: list[str], size: str) -> list[tuple[str, int | None]]:
    """The measurements: each task, and each length of each growth."""
    tasks = [(name, None) for name in what if name in TASKS]
    return [*tasks, *((name, n) for name in what if name in GROWTHS for n in GROWTHS[name].lengths(size))]


def work(plan: dict[str, Any], tell: Tell) -> None:
    tell({"event": "versions", "versions": versions()})
    size, seconds = plan["size"], plan["seconds"]
    for name, length in planned(plan["what"], size):
        place = {"loss": name, "mode": MODE, "size": size if length is None else str(length)}
        tell({"event": "start", **place})
        try:
            result: Result = (
                train(name, size, seconds) if length is None else grow(name, size, length, seconds)
            )
            tell({"event": "row", **asdict(result)})
        except Exception as error:  # If one cannot run, the others still do.
            tell({"event": "failed", **place, "error": first_line(error)})


def main() -> None:
    # Standard output has only the JSON lines. Output of the frameworks goes to the error output.
    output, sys.stdout = sys.stdout, sys.stderr
    work(json.loads(sys.argv[1]), lambda event: print(json.dumps(event), file=output, flush=True))


if __name__ == "__main__":
    main()
