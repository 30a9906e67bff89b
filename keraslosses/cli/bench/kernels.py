"""Counts the kernels that one call runs.

A loss of many kernels stays slower than a loss of one kernel, however fast each kernel is.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    from keraslosses.core.backend.tensorflow_internals import optimized
elif BACKEND == "torch":
    from keraslosses.core.backend.torch.internals import dispatch_mode

# Nodes of a TensorFlow graph, and instructions of XLA, that compute nothing.
FREE_IN_TENSORFLOW = {
    "Const",
    "ExpandDims",
    "Identity",
    "NoOp",
    "Placeholder",
    "Reshape",
    "Shape",
    "Squeeze",
    "StopGradient",
}
FREE_IN_XLA = {"parameter", "constant", "bitcast", "tuple", "get-tuple-element"}
# `name = type operation(operands)`. The type may be a tuple with spaces in it.
INSTRUCTION = re.compile(r"= (?:\([^)]*\)|\S+) ([\w-]+)\(")


def in_graph(traced: Any) -> int:
    """The number of nodes of a traced function, after TensorFlow's optimizer."""
    return sum(node.op not in FREE_IN_TENSORFLOW for node in optimized(traced))


def in_program(hlo: str) -> int:
    """The number of instructions of a program that XLA has optimized. A fusion counts once."""
    entry = hlo[hlo.index("\nENTRY ") :].partition("\n}")[0]
    return sum(operation not in FREE_IN_XLA for operation in INSTRUCTION.findall(entry))


if BACKEND == "torch":

    class Dispatched(dispatch_mode()):  # type: ignore[misc]
        """Lists the operations that torch dispatches, forward and backward, without views."""

        def __init__(self) -> None:
            super().__init__()
            self.names: list[str] = []

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            if not func.is_view:
                self.names.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))


def dispatched(run: Callable[[], Any]) -> list[str]:
    """The names of the operations of torch that a call runs. A view is none: it launches no kernel."""
    with Dispatched() as counter:
        run()
    return counter.names
