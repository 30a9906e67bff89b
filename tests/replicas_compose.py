"""Trains with a weighted sum, and with learned weights, on one or two replicas, and saves what Keras reports.

Usage: python replicas_compose.py FOLDER
"""

import sys

import keras
import numpy as np
from replicas import main, strategy

from keraslosses import MeanSquaredError, UncertaintyWeighting, WeightedSum


class TwoTasks(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2, kernel_initializer="ones")
        self.weighting = UncertaintyWeighting(2)
        self.mean = MeanSquaredError()

    def call(self, x):
        return self.dense(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.weighting([self.mean(y[:, :1], y_pred[:, :1]), self.mean(y[:, 1:], y_pred[:, 1:])])


def train(count, path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(48, 4)).astype("float32"), rng.normal(size=(48, 2)).astype("float32")
    weight = rng.uniform(0, 2, 48).astype("float32")
    with strategy(count):
        parts = [
            MeanSquaredError(name="plain"),
            MeanSquaredError(name="summed", reduction="sum"),
            keras.losses.MeanAbsoluteError(name="theirs"),
        ]
        loss = WeightedSum(parts, [1.0, 0.5, 0.25])
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, kernel_initializer="ones")])
        metrics = [loss.component(name) for name in loss.component_names()]
        model.compile(keras.optimizers.SGD(0.01), loss, weighted_metrics=metrics)
        tasks = TwoTasks()
        tasks.compile(keras.optimizers.SGD(0.1))
    options = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, sample_weight=weight, **options).history
    history["tasks_loss"] = tasks.fit(x, y, **options).history["loss"]
    weights = {"kernel": model.get_weights()[0], "tasks_kernel": tasks.dense.get_weights()[0]}
    log_variances = keras.ops.convert_to_numpy(tasks.weighting.log_variances)
    # TensorFlow: a last batch of one sample leaves one replica without any. JAX cannot split such a batch.
    rest = 17 if keras.backend.backend() == "tensorflow" else 18
    rest_history = model.fit(x[:rest], y[:rest], sample_weight=weight[:rest], **options).history
    rest_logs = {f"rest_{name}": values for name, values in rest_history.items()}
    np.savez(path, **history, **rest_logs, **weights, log_variances=log_variances)


if __name__ == "__main__":
    main(train, sys.argv[1])
