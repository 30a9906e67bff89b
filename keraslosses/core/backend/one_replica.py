"""What replicas share, where there is only one: a part of `portable`."""

from typing import Any


def replicas() -> int:
    """How many replicas share a step and sum their gradients (only with a strategy of TensorFlow)."""
    return 1


def gather_over_replicas(tensor: Any) -> Any:
    """The tensors of all replicas, joined along the first axis; with one replica, the tensor itself.

    The gradient of a tensor is the sum of those of all replicas. Replicas are those of a `tf.distribute`
    strategy, or the processes of an initialised `torch.distributed` group. JAX needs no gathering: it
    computes on the global batch with any sharding.
    """
    return tensor


def rows_before(rows: Any) -> Any:
    """How many rows the replicas before this one have in their part of a tensor."""
    return 0


def mean_over_replicas(number: Any) -> Any:
    """The mean of a number of each replica, as a constant."""
    return number
