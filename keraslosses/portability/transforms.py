"""Applies the transformations of the running backend to a function.

These are forward mode, the gradient of the gradient, and one sample at a time. The name of a transformation
is the name in messages. `KINDS` says what it gives.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
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

Transformations = dict[str, Callable[[], Any]]

# What a transformation gives. gradient: the gradient. slope: its product with the direction. curvature: the
# derivative of the gradient along the direction. values: the values.
KINDS = {
    "torch.func.grad": "gradient",
    "torch.func.jvp": "slope",
    "torch.func.vmap": "values",
    "torch.func.jvp of torch.func.grad": "curvature",
    "backward of backward": "curvature",
    "jax.jvp": "slope",
    "jax.vmap": "values",
    "jax.jvp of jax.grad": "curvature",
    "jax.grad of jax.grad": "curvature",
    "a tape in a tape": "curvature",
}


def total_of(values: Any, squared: bool) -> Any:
    """The sum of the values; with `squared`, plus half the sum of their squares.

    The derivative of the squares contains the gradient of the loss twice.
    """
    return ops.sum(values + 0.5 * ops.square(values) if squared else values)


def transformations(
    function: Any, y_true: Tensor, y_pred: Tensor, direction: Tensor, squared: bool = False
) -> Transformations:
    """The transformations of the backend, for the total of `function(y_true, y_pred)` by y_pred."""
    note(y_true, y_pred)
    y_true, y_pred, direction = (ops.convert_to_tensor(x) for x in (y_true, y_pred, direction))

    def alone(y_true: Tensor, y_pred: Tensor) -> Any:
        return function(y_true[None], y_pred[None])[0]

    def total(x: Any) -> Any:
        return total_of(function(y_true, x), squared)

    made = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[BACKEND]
    return made(total, alone, y_true, y_pred, direction)


def on_torch(total: Any, alone: Any, y_true: Tensor, y_pred: Tensor, direction: Tensor) -> Transformations:
    def twice() -> Any:
        x = y_pred.detach().clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(total(x), x, create_graph=True)
        if not gradient.requires_grad:  # The gradient is constant.
            return torch.zeros_like(x)
        found = torch.autograd.grad((gradient * direction).sum(), x, allow_unused=True)[0]
        return torch.zeros_like(x) if found is None else found

    with warnings.catch_warnings():
        # At its first step in forward mode, torch loads a module that warns about torch itself.
        warnings.filterwarnings("ignore", message="`torch.jit.script` is")
        torch.func.jvp(torch.square, (direction,), (direction,))
    grad = torch.func.grad(total)
    return {
        "torch.func.grad": lambda: grad(y_pred),
        "torch.func.jvp": lambda: torch.func.jvp(total, (y_pred,), (direction,))[1],
        "torch.func.vmap": lambda: torch.func.vmap(alone)(y_true, y_pred),
        "torch.func.jvp of torch.func.grad": lambda: torch.func.jvp(grad, (y_pred,), (direction,))[1],
        "backward of backward": twice,
    }


def on_jax(total: Any, alone: Any, y_true: Tensor, y_pred: Tensor, direction: Tensor) -> Transformations:
    """Compiles all transformations together if possible: one of them alone takes as long as all."""
    grad = jax.grad(total)

    def twice(x: Any) -> Any:
        return jax.grad(lambda x: ops.sum(grad(x) * direction))(x)

    traced = {
        "jax.jvp": lambda x: jax.jvp(total, (x,), (direction,))[1],
        "jax.vmap": lambda x: jax.vmap(alone)(y_true, x),
        "jax.jvp of jax.grad": lambda x: jax.jvp(grad, (x,), (direction,))[1],
        "jax.grad of jax.grad": twice,
    }
    try:
        found = jax.jit(lambda x: {name: function(x) for name, function in traced.items()})(y_pred)
    except Exception:
        return {name: partial(jax.jit(function), y_pred) for name, function in traced.items()}
    return {name: partial(found.get, name) for name in traced}


def on_tensorflow(
    total: Any, alone: Any, y_true: Tensor, y_pred: Tensor, direction: Tensor
) -> Transformations:
    def twice() -> Any:
        with tf.GradientTape() as outer:
            outer.watch(y_pred)
            with tf.GradientTape() as inner:
                inner.watch(y_pred)
                value = total(y_pred)
            gradient = inner.gradient(value, y_pred, unconnected_gradients="zero")
            along = ops.sum(gradient * direction)
        return outer.gradient(along, y_pred, unconnected_gradients="zero")

    return {"a tape in a tape": twice}
