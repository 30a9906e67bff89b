"""The seam: the only file of the runtime that names a backend.

What `keras.ops` cannot say portably: whether a value can be looked at, how many replicas share a step, and
reading and updating single rows of a variable in place.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.core.keras_internals import in_stateless_scope, raw_value

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
    """How many replicas share a step and sum their gradients (only TensorFlow's strategies do)."""
    return tf.distribute.get_strategy().num_replicas_in_sync if BACKEND == "tensorflow" else 1


def log_likelihood(log_space: Any, labels: Any) -> Any:
    """log softmax(log_space)[label] along the last axis, without a one-hot, by each backend's fastest form.

    Labels must lie in range. JAX compiles log-sum-exp minus the picked logit into one pass; TensorFlow and
    torch have kernels that keep the softmax for the gradient.
    """
    if BACKEND == "tensorflow":
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=log_space)
    if BACKEND == "torch":
        return pick(torch.log_softmax(log_space, dim=-1), labels)
    shifted = log_space - ops.stop_gradient(ops.max(log_space, axis=-1, keepdims=True))
    return pick(shifted, labels) - ops.log(ops.sum(ops.exp(shifted), axis=-1))


def pick(tensor: Any, labels: Any) -> Any:
    """tensor[..., label] along the last axis. Labels must lie in range."""
    if BACKEND == "torch":
        return torch.gather(tensor, -1, labels.long()[..., None])[..., 0]
    if BACKEND == "tensorflow":
        return tf.gather(tensor, labels, axis=-1, batch_dims=len(labels.shape))
    return ops.take_along_axis(tensor, labels[..., None], axis=-1)[..., 0]


def take_rows(variable: Any, indices: Any) -> Any:
    """Rows of a variable, read without copying the whole of it."""
    if BACKEND == "tensorflow" and not in_stateless_scope():
        return tf.gather(raw_value(variable), indices)
    if BACKEND == "torch":
        return torch.index_select(variable.value.detach(), 0, indices.long())
    return ops.take(variable.value, indices, axis=0)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    """variable[indices[i]] += changes[i] for every i, in place; an index that repeats adds up."""
    if BACKEND == "jax":
        variable.assign(jnp.asarray(variable.value).at[indices].add(changes))
    elif in_stateless_scope() or BACKEND not in ("tensorflow", "torch"):
        variable.assign(variable.value + ops.segment_sum(changes, indices, num_segments=variable.shape[0]))
    elif BACKEND == "tensorflow":
        raw_value(variable).scatter_add(tf.IndexedSlices(changes, indices))
    else:
        with torch.no_grad():
            # index_add_ does the same, but walks the whole tensor: 83 ms at a million rows, this 0.05.
            variable.value.data.index_put_((indices.long(),), changes, accumulate=True)


def gather_over_replicas(tensor: Any) -> Any:
    """The tensors of all replicas, one after the other along the first axis; the tensor itself on one.

    Replicas are those of a `tf.distribute` strategy, or the processes of an initialised `torch.distributed`
    group. JAX needs no gathering: it computes on the global batch whatever its sharding.
    """
    if replicas() > 1:
        return tf.distribute.get_replica_context().all_gather(tensor, axis=0)
    if BACKEND == "torch" and torch.distributed.is_available() and torch.distributed.is_initialized():
        return gather_over_processes(tensor)
    return tensor


def gather_over_processes(tensor: Any) -> Any:
    """all_gather for batches that differ in size: padded to the longest, and cut again."""
    sizes = [
        torch.zeros((), dtype=torch.long, device=tensor.device)
        for _ in range(torch.distributed.get_world_size())
    ]
    torch.distributed.all_gather(sizes, torch.tensor(len(tensor), device=tensor.device))
    longest = int(max(sizes))
    padded = tensor.new_zeros((longest, *tensor.shape[1:]))
    padded[: len(tensor)] = tensor
    parts = [torch.empty_like(padded) for _ in sizes]
    torch.distributed.all_gather(parts, padded)
    return torch.cat([part[: int(size)] for part, size in zip(parts, sizes, strict=True)])
