"""What the replicas of a `tf.distribute` strategy share. The docstrings in `portable` hold here."""

from typing import Any

import tensorflow as tf


def replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


def gather_over_replicas(tensor: Any) -> Any:
    return tf.distribute.get_replica_context().all_gather(tensor, axis=0) if replicas() > 1 else tensor


def rows_before(rows: Any) -> Any:
    if replicas() == 1:
        return 0
    counts = gather_over_replicas(tf.shape(rows)[:1])
    return tf.reduce_sum(counts[: tf.distribute.get_replica_context().replica_id_in_sync_group])


def mean_over_replicas(number: Any) -> Any:
    if replicas() == 1:
        return number
    return tf.distribute.get_replica_context().all_reduce("MEAN", tf.stop_gradient(number))
