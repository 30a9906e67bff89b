"""The check of replicas: two replicas with half a batch each give the same loss as one with the whole batch.

It runs on TensorFlow, with MirroredStrategy over two logical CPUs: there, a loss gets only the samples of its
replica. On JAX a loss always gets the whole batch. On torch Keras does not synchronise replicas.
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
    """Two replicas with half a batch each give the same loss as one replica with the whole batch.

    The mean is not checked if some entries do not count: each replica divides by the number of its own.
    """
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(6,))
    for reduction in ("sum_over_batch_size", "sum") if subject.reference.zeros_count else ("sum",):
        loss = subject.make(reduction=reduction, **options)
        expected = gradients.values_of(loss, y_true, y_pred)
        received = sum_over_replicas(loss, y_true, y_pred)
        yield from disagreement("replicas-differ", f"{reduction} on two replicas", expected, received)


def why_not() -> str | None:
    """Why there are no replicas on this backend; None if there are."""
    if gradients.BACKEND != "tensorflow":
        return f"on {gradients.BACKEND} replicas do not split the batch of a loss"
    return None if two_devices() else "TensorFlow was already in use, so it could not get two devices"


@functools.cache
def two_devices() -> bool:
    """Makes two logical CPUs if TensorFlow has not run yet. Returns whether there are two."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    with contextlib.suppress(RuntimeError):
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return len(tf.config.list_logical_devices("CPU")) >= 2


@functools.cache
def strategy() -> Any:
    """The one MirroredStrategy of the process."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def sum_over_replicas(loss: Any, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """The sum of the losses of the replicas. Keras adds up their gradients in the same way."""
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
