"""The check of replicas: two of them, with half a batch each, cost what one does with the whole batch.

On TensorFlow, where a loss sees the share of its replica: MirroredStrategy over two logical CPUs. On JAX a
loss sees the whole batch, however it is sharded, and on torch Keras does not synchronise replicas.
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from keras import ops

from keraslosses.portability import gradients
from keraslosses.portability.finding import Finding, disagreement
from keraslosses.portability.targets.subject import Subject

if gradients.BACKEND == "tensorflow":
    import tensorflow as tf


def check_replicas(subject: Subject) -> Iterator[Finding]:
    """The loss of a batch is the same on two replicas, each with half of it, and on one."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(6,))
    for reduction in ("sum_over_batch_size", "sum"):
        loss = subject.make(reduction=reduction, **options)
        expected = gradients.values_of(loss, y_true, y_pred)
        received = sum_over_replicas(loss, y_true, y_pred)
        yield from disagreement("replicas-differ", f"{reduction} on two replicas", expected, received)


def why_not() -> str | None:
    """Why there are no replicas here; None where there are."""
    if gradients.BACKEND != "tensorflow":
        return f"on {gradients.BACKEND} a loss sees no replicas"
    return None if two_devices() else "TensorFlow was in use before it could be given two devices"


@functools.cache
def two_devices() -> bool:
    """Makes two logical CPUs, if nothing has run on TensorFlow yet; whether there are two."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    with contextlib.suppress(RuntimeError):
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return len(tf.config.list_logical_devices("CPU")) >= 2


@functools.cache
def strategy() -> Any:
    """The one MirroredStrategy of the process."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def sum_over_replicas(loss: Any, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """What the replicas give, added up as their gradients are."""
    half = len(y_pred) // 2

    def part(context: Any, array: np.ndarray) -> Any:
        place = context.replica_id_in_sync_group
        return ops.convert_to_tensor(array[place * half : (place + 1) * half])

    halves = [
        strategy().experimental_distribute_values_from_function(functools.partial(part, array=array))
        for array in (y_true, y_pred)
    ]
    of_each = strategy().run(loss, args=tuple(halves))
    return ops.convert_to_numpy(strategy().reduce("SUM", of_each, axis=None))
