"""Value and gradient of a function on the running backend, eager and compiled as users compile it."""

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.core.types import Tensor
from keraslosses.portability.finding import note

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf
elif BACKEND == "jax":
    import jax
elif BACKEND == "torch":
    import torch

    from keraslosses.core.backend.torch.internals import of_any_batch

# The ways to differentiate a function. "unknown batch" is compiled before the size of the batch is known.
# JAX always differentiates the traced function, so its gradient without the compiler is the same.
MODES = {
    "tensorflow": ("eager", "graph", "xla", "unknown batch"),
    "jax": ("compiled",),
    "torch": ("eager", "compiled", "unknown batch"),
}.get(BACKEND, ())
# The modes for hard inputs: the code as it is written, and the compiler that changes it most.
HARD_MODES = {"tensorflow": ("eager", "xla")}.get(BACKEND, MODES[:2])
# The mode of the other checks: as `fit` runs a loss. On JAX this is also faster, because without it JAX
# compiles each operation alone.
USUAL = "compiled" if BACKEND == "jax" else "eager"
# The fastest mode for many calls with inputs of the same shape.
OFTEN = "graph" if BACKEND == "tensorflow" else USUAL


def values_of(function: Callable[..., Any], y_true: Tensor, y_pred: Tensor) -> np.ndarray:
    """The values of the function, called as a user calls it."""
    note(y_true, y_pred)
    return ops.convert_to_numpy(function(y_true, ops.convert_to_tensor(y_pred)))


def usual_values_of(function: Callable[..., Any], y_true: Tensor, y_pred: Tensor) -> np.ndarray:
    """The values of the function in the mode `USUAL`."""
    note(y_true, y_pred)
    called = values_compiled(function) if BACKEND == "jax" else function
    return ops.convert_to_numpy(called(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)))


@functools.lru_cache(maxsize=16)
def values_compiled(function: Any) -> Any:
    return jax.jit(function)


def float64_allowed() -> Any:
    """A context in which float64 stays float64. Without it, JAX converts float64 to float32."""
    return jax.enable_x64(True) if BACKEND == "jax" else contextlib.nullcontext()


def eager_value_and_gradient(
    function: Callable[..., Any], y_true: Tensor, y_pred: Tensor
) -> tuple[np.ndarray, np.ndarray | None]:
    """Value and gradient without a compiler. On JAX the gradient is None, because JAX always traces."""
    if BACKEND == "jax":
        return values_of(function, y_true, y_pred), None
    return value_and_gradient(function, y_true, y_pred, mode="eager")


def value_and_gradient(
    function: Callable[..., Any], y_true: Tensor, y_pred: Tensor, cotangent: Tensor = 1.0, mode: str = USUAL
) -> tuple[np.ndarray, np.ndarray | None]:
    """The values, and the gradient of Σ cotangent · values by y_pred; None if there is no gradient."""
    note(y_true, y_pred)
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    cotangent = ops.convert_to_tensor(cotangent, dtype="float32")
    values, gradient = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[BACKEND](
        function, y_true, y_pred, cotangent, mode
    )
    return ops.convert_to_numpy(values), None if gradient is None else ops.convert_to_numpy(gradient)


def of_each(cases: Sequence[Any]) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """The values and the gradient of each case (function, y_true, y_pred, cotangent).

    On JAX, several cases are compiled together, which takes half the time. A single case is compiled alone
    and kept for other checks.
    """
    if BACKEND != "jax" or len(cases) == 1:
        for case in cases:
            yield value_and_gradient(*case)
        return
    steps = [step_on_jax(function) for function, *_ in cases]

    def together(inputs: Any) -> Any:
        return [
            step(y_pred, y_true, cotangent)
            for step, (y_true, y_pred, cotangent) in zip(steps, inputs, strict=True)
        ]

    inputs = [[*map(ops.convert_to_tensor, (y_true, y_pred, float32(c)))] for _, y_true, y_pred, c in cases]
    for (_, y_true, y_pred, _), ((_, values), gradient) in zip(cases, jax.jit(together)(inputs), strict=True):
        note(y_true, y_pred)
        yield ops.convert_to_numpy(values), ops.convert_to_numpy(gradient)


def float32(array: Any) -> np.ndarray:
    return np.asarray(array, "float32")


def weighted_sum(values: Any, cotangent: Tensor) -> Any:
    return ops.sum(values * ops.cast(cotangent, values.dtype))


# Keeps the last compiled functions, so that they are not compiled again. torch's compiler is reset for each
# function, so only one is kept.
@functools.lru_cache(maxsize=1 if BACKEND == "torch" else 16)
def compiled(function: Any, mode: str, inputs: Any = None) -> Any:
    """A function compiled in a mode, for inputs of these shapes and dtypes."""
    if BACKEND == "tensorflow":
        step = step_on_tensorflow(function)
        return tf.function(step, input_signature=inputs, jit_compile=mode == "xla", autograph=False)
    if BACKEND == "jax":
        return jax.jit(step_on_jax(function))
    torch.compiler.reset()
    # "eager" only traces, which follows the same paths through the code in half the time. "aot_eager" runs
    # once for each loss.
    backend = "aot_eager" if mode == "unknown batch" else "eager"
    return torch.compile(function, backend=backend, fullgraph=True)


def on_tensorflow(function: Any, y_true: Tensor, y_pred: Tensor, cotangent: Tensor, mode: str) -> Any:
    arguments = y_true, y_pred, cotangent
    if mode == "eager":
        return step_on_tensorflow(function)(*arguments)
    signature = None
    if mode == "unknown batch":
        shapes = ([None] * len(x.shape[:1]) + x.shape[1:] for x in arguments)
        signature = tuple(tf.TensorSpec(shape, x.dtype) for shape, x in zip(shapes, arguments, strict=True))
    return compiled(function, mode, signature)(*arguments)


def step_on_tensorflow(function: Any) -> Any:
    def step(y_true: Tensor, y_pred: Tensor, cotangent: Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            values = function(y_true, y_pred)
            total = weighted_sum(values, cotangent)
        return values, tape.gradient(total, y_pred)

    return step


def on_jax(function: Any, y_true: Tensor, y_pred: Tensor, cotangent: Tensor, mode: str) -> Any:
    step = step_on_jax(function) if mode == "eager" else compiled(function, mode)
    (_, values), gradient = step(y_pred, y_true, cotangent)
    return values, gradient


def step_on_jax(function: Any) -> Any:
    def total(y_pred: Tensor, y_true: Tensor, cotangent: Tensor) -> Any:
        values = function(y_true, y_pred)
        return weighted_sum(values, cotangent), values

    return jax.value_and_grad(total, has_aux=True)


def on_torch(function: Any, y_true: Tensor, y_pred: Tensor, cotangent: Tensor, mode: str) -> Any:
    y_pred = y_pred.detach().clone().requires_grad_(True)
    called = function
    if mode != "eager":
        called = compiled(function, mode, tuple((x.shape, x.dtype) for x in (y_true, y_pred)))
    if mode == "unknown batch":
        for tensor in (y_true, y_pred):
            of_any_batch(tensor)
    with warnings.catch_warnings():
        # If an operation of Keras breaks the graph, torch reads .grad of a tensor and warns. torch also
        # makes an instance of each autograd.Function that it compiles, and warns about that.
        warnings.filterwarnings("ignore", message="The .grad attribute of a Tensor")
        warnings.filterwarnings("ignore", message=".*autograd.function.Function.* should not be instantiated")
        values = called(y_true, y_pred)
    total = weighted_sum(values, cotangent)
    gradient = torch.autograd.grad(total, y_pred, allow_unused=True)[0] if total.requires_grad else None
    return values.detach(), gradient
