"""The seam: the only file of the runtime that names a backend.

What `keras.ops` cannot say portably: whether a value can be looked at, how many replicas share a step, and
reading and updating single rows of a variable in place.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf
elif BACKEND == "jax":
    import jax
    import jax.numpy as jnp
elif BACKEND == "torch":
    import torch


def peek(tensor: Any) -> np.ndarray | None:
    """The value as a NumPy array where reading it costs no transfer and no trace, else None.

    That is: computed already, in this process, and on the CPU.
    """
    if isinstance(tensor, np.ndarray):
        return tensor
    if BACKEND == "tensorflow":
        eager = tf.is_tensor(tensor) and hasattr(tensor, "_numpy") and not tf.is_symbolic_tensor(tensor)
        return tensor.numpy() if eager and "CPU" in tensor.device else None
    if BACKEND == "jax":
        concrete = isinstance(tensor, jax.Array) and not isinstance(tensor, jax.core.Tracer)
        if not concrete or not tensor.is_fully_addressable:
            return None
        return np.asarray(tensor) if all(d.platform == "cpu" for d in tensor.devices()) else None
    if BACKEND == "torch":
        if type(tensor) not in (torch.Tensor, torch.nn.Parameter) or torch.compiler.is_compiling():
            return None
        if tensor.device.type != "cpu" or torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            return None
        return tensor.detach().numpy()
    return np.asarray(tensor)


def replicas() -> int:
    """How many replicas share one optimizer step and sum their gradients (only TensorFlow's strategies do)."""
    return tf.distribute.get_strategy().num_replicas_in_sync if BACKEND == "tensorflow" else 1


def in_graph() -> bool:
    """Whether TensorFlow is building a graph, with or without XLA."""
    return BACKEND == "tensorflow" and not tf.executing_eagerly()


def log_likelihood(log_space: Any, labels: Any) -> Any:
    """log softmax(log_space)[label] along the last axis, without a one-hot, by each backend's fastest form.

    Labels must lie in range. JAX compiles log-sum-exp minus the picked logit into one pass; TensorFlow and
    torch have kernels that keep the softmax for the gradient.
    """
    if BACKEND == "tensorflow":
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=log_space)
    if BACKEND == "torch":
        return pick(torch.log_softmax(log_space, dim=-1), labels)
    return pick(log_space, labels) - ops.logsumexp(log_space, axis=-1)


def pick(tensor: Any, labels: Any) -> Any:
    """tensor[..., label] along the last axis. Labels must lie in range."""
    if BACKEND == "torch":
        return torch.gather(tensor, -1, labels.long()[..., None])[..., 0]
    if BACKEND == "tensorflow":
        return tf.gather(tensor, labels, axis=-1, batch_dims=len(labels.shape))
    return ops.take_along_axis(tensor, labels[..., None], axis=-1)[..., 0]


def take_rows(variable: Any, indices: Any) -> Any:
    """Rows of a variable, read without copying the whole of it."""
    if BACKEND == "tensorflow" and not is_stateless(variable):
        return tf.gather(variable._value, indices)
    return ops.take(variable.value, indices, axis=0)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    """variable[indices[i]] += changes[i] for every i, in place; an index that repeats adds up."""
    if BACKEND == "tensorflow" and not is_stateless(variable):
        variable._value.scatter_add(tf.IndexedSlices(changes, indices))
    elif BACKEND == "jax":
        variable.assign(jnp.asarray(variable.value).at[indices].add(changes))
    elif BACKEND == "torch":
        with torch.no_grad():
            variable.value.data.index_add_(0, indices.long(), changes.to(variable.value.dtype))
    else:
        variable.assign(ops.scatter_update(variable.value, indices[:, None], changes))


def is_stateless(variable: Any) -> bool:
    """Whether Keras holds the variable's value in a scope (`stateless_call`) rather than in the variable."""
    return keras.src.backend.common.stateless_scope.in_stateless_scope()


def gather_over_replicas(tensor: Any) -> Any:
    """The tensor of every replica, one after the other along the first axis; the tensor itself on one."""
    if replicas() > 1:
        return tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    return tensor
