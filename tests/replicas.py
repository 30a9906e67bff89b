"""Trains one model on one and on two replicas, and saves its weights.

Usage: python replicas.py FOLDER
"""

import contextlib
import os
import sys
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import keras
import numpy as np

import keraslosses

BACKEND = keras.backend.backend()


def strategy(count):
    """The scope in which a model is made for that many replicas."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        chosen = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"][:count])
        assert chosen.num_replicas_in_sync == count
        return chosen.scope()
    if count == 2:
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    return contextlib.nullcontext()


def main(train, folder):
    """Trains on one replica, and on two where there are two: `1.npz` and `2.npz` in the folder."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    elif BACKEND == "jax":
        import jax

        assert len(jax.devices()) == 2
    for count in (1,) if BACKEND == "torch" else (1, 2):
        keras.utils.clear_session()  # Names are counted on otherwise.
        train(count, Path(folder) / f"{count}.npz")


def model():
    stack = [
        keras.Input((8,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(2, name="embedding"),
        keras.layers.Dense(10),
    ]
    made = keraslosses.attach(keras.Sequential(stack), keraslosses.CenterLoss(10), at="embedding", weight=0.1)
    rng = np.random.default_rng(1)
    made.set_weights([0.3 * rng.normal(size=w.shape) for w in made.get_weights()])
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return made


def train(count, path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(48, 8)).astype("float32"), rng.integers(0, 10, 48)
    weight = rng.uniform(0, 2, 48).astype("float32")
    with strategy(count):
        made = model()
    history = made.fit(x, y, sample_weight=weight, epochs=3, batch_size=16, shuffle=False, verbose=0).history
    logs = [history["loss"], history["center_loss"]]
    np.savez(path, *made.get_weights(), logs=np.array(logs))
    # A last batch of one sample leaves one replica without any: the centers still move as on one. (JAX cannot
    # split such a batch, whatever the model.)
    rest = 17 if BACKEND == "tensorflow" else 18
    made.optimizer.learning_rate = 0.0
    made.fit(x[:rest], y[:rest], batch_size=16, shuffle=False, verbose=0)
    np.save(path.with_suffix(".npy"), np.asarray(keras.ops.convert_to_numpy(made.terms[0].centers)))


if __name__ == "__main__":
    main(train, sys.argv[1])
