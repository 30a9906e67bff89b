"""The first check: whether the object can be checked at all."""

from collections.abc import Iterator

from keras import ops

from keraslosses.portability import gradients
from keraslosses.portability.finding import ATOL, RTOL, Finding, difference, note, shown
from keraslosses.portability.targets.subject import Subject


def check_runs(subject: Subject) -> Iterator[Finding]:
    """It can be imported, made and called, gives a tensor, the same in each call, and prints nothing."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options)
    note(y_true, y_pred)
    function, tensor = subject.entries(options), ops.convert_to_tensor(y_pred)
    first = function(y_true, tensor)
    if not ops.is_tensor(first):
        kind = f"{type(first).__module__}.{type(first).__name__}".removeprefix("builtins.")
        yield Finding("not-a-tensor", f"gives {kind}, expected a tensor of {gradients.BACKEND}")
        return
    first, second = ops.convert_to_numpy(first), ops.convert_to_numpy(function(y_true, tensor))
    if difference(first, second, RTOL, ATOL):
        yield Finding(
            "random", "gives different values in two calls with the same inputs", shown(first), shown(second)
        )
