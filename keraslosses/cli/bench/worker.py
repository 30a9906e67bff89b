"""The measurements of the benchmark on one backend; `cli/bench/command.py` starts it as a process of its own.

Usage: python -m keraslosses.cli.bench.worker PLAN, where PLAN is JSON with `losses`, `sizes`, `seconds`
and `without`, the names of faster forms to do without.
Prints a JSON line with the versions, then one for each row: what was measured, or why it failed.
"""

import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
from keras import ops

import keraslosses
from keraslosses.cli.bench import timing
from keraslosses.cli.bench.cases import MODES, Case, Shape, planned
from keraslosses.cli.bench.peers import inputs_for, peers_of
from keraslosses.cli.bench.results import Peer, Row
from keraslosses.cli.bench.steps import Step, copy, with_gradient
from keraslosses.cli.bench.without import switch_off

# How far a peer may be from ours, relative to its size: float32 sums in another order, Keras's epsilons.
AGREEMENT = 1e-3
LIBRARIES = {
    "tensorflow": ("tensorflow",),
    "jax": ("jax", "jaxlib", "optax"),
    "torch": ("torch", "torchvision"),
}

Tell = Callable[[dict[str, Any]], None]
Arrays = list[np.ndarray]


def measure(case: Case, size: str, mode: str, inputs: Sequence[Any], seconds: float) -> Row:
    """One row."""
    y_true, y_pred = inputs
    shape = case.shapes[size]
    ours = with_gradient(ours_of(case, shape), y_true, y_pred, mode)
    peers, dropped = agreeing(ours, peers_of(case), y_true, y_pred, mode)
    copied = copy(y_pred, mode)
    times = timing.in_turn([ours.run, *(peer.run for peer in peers.values()), copied.run], seconds)
    own, *others, copies = times
    return Row(
        loss=case.title,
        mode=mode,
        size=size,
        shape=list(shape),
        ms=float(np.median(own)),
        spread=timing.spread(own),
        rounds=len(own),
        memory=ours.memory(),
        kernels=ours.kernels(),
        copy_ms=float(np.median(copies)),
        copy_ratio=timing.ratio(own, copies),
        peers=[
            Peer(
                name=name,
                ms=float(np.median(taken)),
                spread=timing.spread(taken),
                ratio=timing.ratio(own, taken),
                memory=step.memory(),
                kernels=step.kernels(),
            )
            for (name, step), taken in zip(peers.items(), others, strict=True)
        ],
        dropped=dropped,
    )


def ours_of(case: Case, shape: Shape) -> Callable[..., Any]:
    """The loss, called as in a training step; of a head, the mean over features with their kernel."""
    made = getattr(keraslosses, case.loss)(**case.options_for(shape))
    if isinstance(made, keras.losses.Loss):
        return made
    made.build((None, shape[1]))

    def mean_loss(y_true: Any, features: Any, kernel: Any) -> Any:
        with keras.StatelessScope([(made.kernel, kernel)]):
            return ops.mean(made.per_sample_loss(features, y_true, training=True))

    return mean_loss


def agreeing(
    ours: Step, peers: Mapping[str, Any], y_true: Any, y_pred: Any, mode: str
) -> tuple[dict[str, Step], list[str]]:
    """The peers that compute what ours computes, and of each other one why it is left out."""
    expected = results_of(ours)
    kept, dropped, y_pred = {}, [], inputs_for(y_pred)
    for name, peer in peers.items():
        step = with_gradient(peer, y_true, y_pred, mode)
        try:
            reason = difference(results_of(step), expected)
        except Exception as error:  # Whatever it is that a peer cannot do here, XLA on TensorFlow for one.
            reason = f"raises {first_line(error)}"
        if reason:
            dropped.append(f"{name} {reason}")
        else:
            kept[name] = step
    return kept, dropped


def results_of(step: Step) -> Arrays:
    """The value and the gradients."""
    return [ops.convert_to_numpy(result) for result in step.run()]


def difference(results: Arrays, expected: Arrays) -> str:
    """How far a value or a gradient is from the expected one, or nothing where they agree."""
    names = ("value", *["gradient"] * (len(expected) - 1))
    for what, got, wanted in zip(names, results, expected, strict=True):
        got = got if got.shape == wanted.shape else got.T  # a kernel that lies the other way
        distance = np.linalg.norm(np.ravel(got - wanted))
        if not distance <= AGREEMENT * np.linalg.norm(np.ravel(wanted)):
            sizes = np.linalg.norm(np.ravel(got)), np.linalg.norm(np.ravel(wanted))
            return f"computes something else: {what} of size {sizes[0]:.6g}, ours {sizes[1]:.6g}"
    return ""


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def versions() -> dict[str, str]:
    """What was measured with: of the peers' libraries, those that are installed."""
    found = {"Python": platform.python_version(), "keraslosses": keraslosses.__version__}
    found |= {"keras": keras.__version__, "numpy": np.__version__}
    libraries = LIBRARIES[keras.backend.backend()]
    return found | {name: sys.modules[name].__version__ for name in libraries if name in sys.modules}


def work(plan: dict[str, Any], tell: Tell) -> None:
    """All rows of the plan."""
    switch_off(plan["without"], keras.backend.backend())
    tell({"event": "versions", "versions": versions()})
    for case, size in planned(plan["losses"], plan["sizes"]):
        inputs = keras.tree.map_structure(ops.convert_to_tensor, case.inputs(size))
        for mode in MODES[keras.backend.backend()]:
            place = {"loss": case.title, "mode": mode, "size": size}
            tell({"event": "start", **place})
            try:
                tell({"event": "row", **asdict(measure(case, size, mode, inputs, plan["seconds"]))})
            except Exception as error:  # One loss that cannot run hides no other.
                tell({"event": "failed", **place, "error": first_line(error)})


def main() -> None:
    # Standard output carries the JSON lines and nothing else; what a framework prints goes with the errors.
    output, sys.stdout = sys.stdout, sys.stderr
    work(json.loads(sys.argv[1]), lambda event: print(json.dumps(event), file=output, flush=True))


if __name__ == "__main__":
    main()
