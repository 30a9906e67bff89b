"""One call that computes a loss and its gradient, compiled as users of the running backend compile it."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras

from keraslosses.cli.bench.cases import TORCH_COMPILE
from keraslosses.cli.bench.kernels import dispatched, in_graph, in_program
from keraslosses.core.types import Tensor

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf
elif BACKEND == "jax":
    import jax
elif BACKEND == "torch":
    import torch

MEGABYTE = 2**20
# How often the memory of the process is measured. Pages that were free before the call hide a part of its
# memory, so the largest result counts.
MEMORY_CALLS = 3


@dataclass(frozen=True)
class Call:
    """`run` computes the results and waits for them.

    `memory` gives the memory that one run adds at its peak, in MB: the results and the intermediate values,
    without the inputs. `kernels` gives the number of kernels that one run launches. Both give None if they
    cannot be measured.
    """

    run: Callable[[], tuple[Any, ...]]
    memory: Callable[[], float | None]
    kernels: Callable[[], int | None]


def with_gradient(loss: Callable[..., Any], y_true: Tensor, y_pred: Any, mode: str) -> Call:
    """loss(y_true, y_pred) and its gradient by y_pred.

    If y_pred is a tuple: loss(y_true, *y_pred) and the gradient by each item.
    """
    inputs = y_pred if isinstance(y_pred, tuple) else (y_pred,)
    return {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[BACKEND](
        loss, y_true, inputs, mode
    )


def copy(y_pred: Any, mode: str) -> Call:
    """Reads and writes every element of y_pred once. Every loss with its gradient does at least this."""
    add_one = {"tensorflow": tensorflow_call, "jax": jax_call, "torch": torch_call}[BACKEND]
    inputs = y_pred if isinstance(y_pred, tuple) else (y_pred,)
    return add_one(lambda *inputs: tuple(x + 1.0 for x in inputs), inputs, mode)


def on_tensorflow(loss: Callable[..., Any], y_true: Tensor, inputs: tuple[Any, ...], mode: str) -> Call:
    def value_and_gradient(y_true: Tensor, *inputs: Any) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = loss(y_true, *inputs)
        return value, *tape.gradient(value, inputs)

    return tensorflow_call(value_and_gradient, (y_true, *inputs), mode)


def on_jax(loss: Callable[..., Any], y_true: Tensor, inputs: tuple[Any, ...], mode: str) -> Call:
    def value_and_gradient(y_true: Tensor, *inputs: Any) -> tuple[Any, ...]:
        value, gradient = jax.value_and_grad(lambda inputs: loss(y_true, *inputs))(inputs)
        return value, *gradient

    return jax_call(value_and_gradient, (y_true, *inputs), mode)


def on_torch(loss: Callable[..., Any], y_true: Tensor, inputs: tuple[Any, ...], mode: str) -> Call:
    inputs = tuple(x.detach().requires_grad_(True) for x in inputs)
    loss = compiled_on_torch(loss) if mode == TORCH_COMPILE else loss

    def value_and_gradient() -> tuple[Any, ...]:
        value = loss(y_true, *inputs)
        return value.detach(), *torch.autograd.grad(value, inputs)

    return torch_call(value_and_gradient, (), mode)


def compiled_on_torch(function: Callable[..., Any]) -> Any:
    """For the sizes of the row alone: a fixed size gives the faster code."""
    return torch.compile(function, dynamic=False)


def forget_compiled(mode: str) -> None:
    """torch compiles the code of a function for a few inputs only, and then runs it without a compiler."""
    if mode == TORCH_COMPILE:
        torch.compiler.reset()


def tensorflow_call(function: Callable[..., Any], arguments: tuple[Any, ...], mode: str) -> Call:
    compiled = tf.function(function, jit_compile=mode.endswith("XLA"), autograph=False)
    accelerated = bool(tf.config.list_logical_devices("GPU"))

    def run() -> tuple[Any, ...]:
        results = compiled(*arguments)
        if accelerated:  # On the CPU, the call returns after the results are computed.
            tf.test.experimental.sync_devices()
        return results

    def kernels() -> int:
        if mode.endswith("XLA"):
            program = compiled.experimental_get_compiler_ir(*arguments)(stage="optimized_hlo")
            return in_program(program)
        return in_graph(compiled.get_concrete_function(*arguments))

    return Call(run, lambda: tensorflow_memory(run, "GPU:0" if accelerated else "CPU:0"), kernels)


def tensorflow_memory(run: Callable[[], Any], device: str) -> float | None:
    """The memory that the allocator counts. It keeps freed memory, so the process does not show it."""
    memory = tf.config.experimental
    try:
        memory.reset_memory_stats(device)
        before = memory.get_memory_info(device)["current"]
    except ValueError:  # The allocator of this build does not count.
        return None
    run()
    return (memory.get_memory_info(device)["peak"] - before) / MEGABYTE


def jax_call(function: Callable[..., Any], arguments: tuple[Any, ...], mode: str) -> Call:
    compiled = jax.jit(function)

    @lru_cache(maxsize=1)
    def program() -> Any:
        return compiled.lower(*arguments).compile()

    def memory() -> float | None:
        """The memory that the compiler plans. JAX keeps freed memory, so the process does not show it."""
        plan = program().memory_analysis()
        return None if plan is None else (plan.temp_size_in_bytes + plan.output_size_in_bytes) / MEGABYTE

    def run() -> tuple[Any, ...]:
        return jax.block_until_ready(compiled(*arguments))

    return Call(run, memory, lambda: in_program(program().as_text()))


def torch_call(function: Callable[..., Any], arguments: tuple[Any, ...], mode: str) -> Call:
    def run() -> tuple[Any, ...]:
        results = function(*arguments)
        if results[0].device.type != "cpu":
            torch.accelerator.synchronize()
        return results

    def memory() -> float | None:
        device = run()[0].device.type
        return (
            process_memory(run) if device == "cpu" else accelerator_memory(run) if device == "cuda" else None
        )

    # Compiled code does not pass the dispatcher, which counts the kernels.
    return Call(run, memory, lambda: None if mode == TORCH_COMPILE else len(dispatched(run)))


def accelerator_memory(run: Callable[[], Any]) -> float:
    """The memory that the allocator of torch counts."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run()
    return (torch.cuda.max_memory_allocated() - before) / MEGABYTE


def process_memory(run: Callable[[], Any]) -> float | None:
    """The growth of the process at its peak, or None. Linux counts the peak from a point that we set."""
    try:
        return max(growth(run) for _ in range(MEMORY_CALLS))
    except (OSError, AttributeError):
        return None


def growth(run: Callable[[], Any]) -> float:
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = process_status()["VmRSS"]
    run()
    return max(0.0, (process_status()["VmHWM"] - before) / 1024)


def process_status() -> dict[str, float]:
    """The memory sizes that Linux reports for this process, in kB."""
    with open("/proc/self/status") as file:
        fields = (line.split() for line in file if line.startswith("Vm"))
        return {name.rstrip(":"): float(value) for name, value, _ in fields}
