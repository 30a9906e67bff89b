"""Value and gradient of a function on the running backend, eager and compiled as its users compile it."""

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf
elif BACKEND == "jax":
    import jax
elif BACKEND == "torch":
    import torch

# The ways in which a function is run. "unknown batch" is compiled before the size of the batch is known.
MODES = {
    "tensorflow": ("eager", "graph", "xla", "unknown batch"),
    "jax": ("eager", "compiled"),
    "torch": ("eager", "compiled", "unknown batch"),
}.get(BACKEND, ())


def values_of(function: Callable[..., Any], y_true: Any, y_pred: Any) -> np.ndarray:
    """What the function gives, called as a user calls it."""
    return ops.convert_to_numpy(function(y_true, ops.convert_to_tensor(y_pred)))


def value_and_gradient(
    function: Callable[..., Any], y_true: Any, y_pred: Any, cotangent: Any = 1.0, mode: str = "eager"
) -> tuple[np.ndarray, np.ndarray | None]:
    """The values, and the gradient of Σ cotangent · values by y_pred (None where nothing flows back)."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    values, gradient = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[BACKEND](
        function, y_true, y_pred, cotangent, mode
    )
    return ops.convert_to_numpy(values), None if gradient is None else ops.convert_to_numpy(gradient)


def weighted_sum(values: Any, cotangent: Any) -> Any:
    return ops.sum(values * ops.cast(ops.convert_to_tensor(cotangent), values.dtype))


def on_tensorflow(function: Any, y_true: Any, y_pred: Any, cotangent: Any, mode: str) -> Any:
    def step(y_true: Any, y_pred: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            values = function(y_true, y_pred)
            total = weighted_sum(values, cotangent)
        return values, tape.gradient(total, y_pred)

    if mode == "eager":
        return step(y_true, y_pred)
    batch = (lambda x: [None, *x.shape[1:]]) if mode == "unknown batch" else (lambda x: x.shape)
    signature = [tf.TensorSpec(batch(x), x.dtype) for x in (y_true, y_pred)]
    compiled = tf.function(step, input_signature=signature, jit_compile=mode == "xla", autograph=False)
    return compiled(y_true, y_pred)


def on_jax(function: Any, y_true: Any, y_pred: Any, cotangent: Any, mode: str) -> Any:
    def total(y_pred: Any, y_true: Any) -> Any:
        values = function(y_true, y_pred)
        return weighted_sum(values, cotangent), values

    step = jax.value_and_grad(total, has_aux=True)
    if mode == "compiled":
        (_, values), gradient = jax.jit(step)(y_pred, y_true)
        return values, gradient
    return function(y_true, y_pred), step(y_pred, y_true)[1]


def on_torch(function: Any, y_true: Any, y_pred: Any, cotangent: Any, mode: str) -> Any:
    y_pred = y_pred.detach().clone().requires_grad_(True)
    if mode != "eager":
        # Keras's own operations break the graph under dynamic shapes, so only fixed ones ask for a whole one.
        torch.compiler.reset()
        dynamic = mode == "unknown batch"
        function = torch.compile(function, backend="aot_eager", fullgraph=not dynamic, dynamic=dynamic)
    with warnings.catch_warnings():
        # Where an operation of Keras breaks the graph, torch reads .grad of a tensor, and warns; and it
        # makes an instance of every autograd.Function that it compiles, of which it warns too.
        warnings.filterwarnings("ignore", message="The .grad attribute of a Tensor")
        warnings.filterwarnings("ignore", message=".*autograd.function.Function.* should not be instantiated")
        values = function(y_true, y_pred)
    total = weighted_sum(values, cotangent)
    gradient = torch.autograd.grad(total, y_pred, allow_unused=True)[0] if total.requires_grad else None
    return values.detach(), gradient
