"""Measures the benchmark on one backend. `cli/bench/command.py` starts this module as a process.

Usage: python -m keraslosses.cli.bench.worker PLAN. PLAN is JSON with `losses`, `sizes`, `seconds`,
`without` (the names of faster forms to switch off), `as_accelerator` and `torch_compile`.
Prints one JSON line with the versions, then one for each row: the measurements, or why it failed.
"""

import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.backend import standardize_dtype

import keraslosses
from keraslosses.cli.bench import timing
from keraslosses.cli.bench.calls import Call, copy, forget_compiled, with_gradient
from keraslosses.cli.bench.cases import Case, Shape, modes_of, planned
from keraslosses.cli.bench.peers import inputs_for, peers_of
from keraslosses.cli.bench.results import Peer, Row
from keraslosses.cli.bench.without import switch_off, unchecked
from keraslosses.core.backend import as_on_an_accelerator
from keraslosses.core.types import Tensor

# The allowed relative difference between a peer and our loss. float32 sums depend on their order, and Keras
# adds epsilons. A peer in half precision rounds its products.
AGREEMENT = {"float32": 1e-3, "bfloat16": 2e-2}
LIBRARIES = {
    "tensorflow": ("tensorflow",),
    "jax": ("jax", "jaxlib", "optax"),
    "torch": ("torch", "torchvision"),
}

Tell = Callable[[dict[str, Any]], None]


OURS, COPY, UNCHECKED = "ours", "copy", "unchecked"


def measure(case: Case, size: str, mode: str, inputs: Sequence[Any], seconds: float) -> Row:
    """Measures one row."""
    forget_compiled(mode)
    y_true, y_pred = inputs
    loss = ours_of(case, case.shapes[size])
    ours = with_gradient(loss, y_true, y_pred, mode)
    peers, dropped = agreeing(ours, peers_of(case), y_true, y_pred, mode)
    calls = {OURS: ours, **peers, COPY: copy(y_pred, mode)}
    trusting = unchecked(loss)
    if trusting and peers:
        calls[UNCHECKED] = with_gradient(trusting, y_true, y_pred, mode)
    times = timing.in_turn([call.run for call in calls.values()], seconds)
    of_each = dict(zip(calls, times, strict=True))
    own = of_each[OURS]
    return Row(
        loss=case.title,
        mode=mode,
        size=size,
        shape=list(case.shapes[size]),
        ms=float(np.median(own)),
        spread=timing.spread(own),
        rounds=len(own),
        memory=ours.memory(),
        kernels=ours.kernels(),
        copy_ms=float(np.median(of_each[COPY])),
        copy_ratio=timing.ratio(own, of_each[COPY]),
        peers=[peer_of(name, call, of_each) for name, call in peers.items()],
        dropped=dropped,
    )


def peer_of(name: str, call: Call, of_each: Mapping[str, np.ndarray]) -> Peer:
    """The results of a peer, from the times of all calls in each round."""
    taken, bare = of_each[name], of_each.get(UNCHECKED)
    return Peer(
        name=name,
        ms=float(np.median(taken)),
        spread=timing.spread(taken),
        ratio=timing.ratio(of_each[OURS], taken),
        memory=call.memory(),
        kernels=call.kernels(),
        unchecked=None if bare is None else timing.ratio(bare, taken),
    )


def tensors_of(case: Case, size: str) -> tuple[Any, Any]:
    """y_true and y_pred on the device."""
    y_true, y_pred = keras.tree.map_structure(ops.convert_to_tensor, case.inputs(size))
    if case.dtype != "float32":
        y_pred = keras.tree.map_structure(lambda x: ops.cast(x, case.dtype), y_pred)
    return y_true, y_pred


def ours_of(case: Case, shape: Shape) -> Callable[..., Any]:
    """The loss as a training step calls it. For a head: a function of labels, features and the kernel."""
    made = getattr(keraslosses, case.loss)(**case.options_for(shape))
    if isinstance(made, keras.losses.Loss):
        return made
    made.build((None, shape[1]))

    def mean_loss(y_true: Tensor, features: Tensor, kernel: Tensor) -> Any:
        with keras.StatelessScope([(made.kernel, kernel)]):
            return ops.mean(made.per_sample_loss(features, y_true, training=True))

    return mean_loss


def agreeing(
    ours: Call, peers: Mapping[str, Any], y_true: Tensor, y_pred: Any, mode: str
) -> tuple[dict[str, Call], list[str]]:
    """The peers that compute the same as our loss, and a reason for each peer that is left out."""
    expected = results_of(ours)
    agreement = AGREEMENT[standardize_dtype(keras.tree.flatten(y_pred)[0].dtype)]
    kept, dropped, y_pred = {}, [], inputs_for(y_pred)
    for name, peer in peers.items():
        call = with_gradient(peer, y_true, y_pred, mode)
        try:
            reason = difference(results_of(call), expected, agreement)
        except Exception as error:  # The peer does not run here. Some do not run under XLA on TensorFlow.
            reason = f"raises {first_line(error)}"
        if reason:
            dropped.append(f"{name} {reason}")
        else:
            kept[name] = call
    return kept, dropped


def results_of(call: Call) -> list[Tensor]:
    """The value and the gradients."""
    return [ops.cast(result, "float32") for result in call.run()]


def difference(results: Sequence[Any], expected: Sequence[Any], agreement: float = 1e-3) -> str:
    """The first difference of a value or gradient, as text; empty if all agree."""
    names = ("value", *["gradient"] * (len(expected) - 1))
    for what, got, wanted in zip(names, results, expected, strict=True):
        got = got if got.shape == wanted.shape else ops.transpose(got)  # The peer's kernel is transposed.
        if not norm(got - wanted) <= agreement * norm(wanted):
            return f"computes something else: {what} of size {norm(got):.6g}, ours {norm(wanted):.6g}"
    return ""


def norm(tensor: Any) -> float:
    return float(ops.sqrt(ops.sum(ops.square(tensor))))


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def versions() -> dict[str, str]:
    """The versions of Python, Keras and the libraries that are used."""
    found = {"Python": platform.python_version(), "keraslosses": keraslosses.__version__}
    found |= {"keras": keras.__version__, "numpy": np.__version__}
    libraries = LIBRARIES[keras.backend.backend()]
    return found | {name: sys.modules[name].__version__ for name in libraries if name in sys.modules}


def work(plan: dict[str, Any], tell: Tell) -> None:
    """Measures all rows of the plan."""
    with as_on_an_accelerator() if plan["as_accelerator"] else nullcontext():
        measure_all(plan, tell)


def measure_all(plan: dict[str, Any], tell: Tell) -> None:
    switch_off(plan["without"], keras.backend.backend())
    tell({"event": "versions", "versions": versions()})
    modes = modes_of(keras.backend.backend(), plan["torch_compile"])
    for case, size in planned(plan["losses"], plan["sizes"]):
        inputs = tensors_of(case, size)
        for mode in modes:
            place = {"loss": case.title, "mode": mode, "size": size}
            tell({"event": "start", **place})
            try:
                tell({"event": "row", **asdict(measure(case, size, mode, inputs, plan["seconds"]))})
            except Exception as error:  # If one loss cannot run, the others still do.
                tell({"event": "failed", **place, "error": first_line(error)})


def main() -> None:
    # Standard output has only the JSON lines. Output of the frameworks goes to the error output.
    output, sys.stdout = sys.stdout, sys.stderr
    work(json.loads(sys.argv[1]), lambda event: print(json.dumps(event), file=output, flush=True))


if __name__ == "__main__":
    main()
