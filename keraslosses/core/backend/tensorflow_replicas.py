"""What the replicas of a `tf.distribute` strategy share. The docstrings in `portable` hold here."""

from typing import Any

import tensorflow as tf


def replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


def context() -> Any:
    """The place of this replica among several; None where there is one, or where a model is built for all."""
    return tf.distribute.get_replica_context() if replicas() > 1 else None


def gather_over_replicas(tensor: Any) -> Any:
    here = context()
    return tensor if here is None else here.all_gather(tensor, axis=0)


def rows_before(rows: Any) -> Any:
    here = context()
    if here is None:
        return 0
    return tf.reduce_sum(here.all_gather(tf.shape(rows)[:1], axis=0)[: here.replica_id_in_sync_group])


def mean_over_replicas(number: Any) -> Any:
    here = context()
    return number if here is None else here.all_reduce("MEAN", tf.stop_gradient(number))
