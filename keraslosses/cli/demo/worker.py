"""Runs the trainings of the demo on one backend. `cli/demo/command.py` starts this module as a process.

Usage: python -m keraslosses.cli.demo.worker PLAN. PLAN is JSON with `data` (an .npz file), `seeds`, `epochs`
and `features` (the .npz file to write). Prints a JSON line for each epoch and for each training.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import keras
import numpy as np

import keraslosses
from keraslosses.cli.demo.results import CLASSES, LOSSES, Result, class_means, within_to_between

HIDDEN = (128, 64)
EMBEDDING = 2
BATCH_SIZE = 128
LEARNING_RATE = 0.01
CENTER_ALPHA = 0.5
CENTER_WEIGHT = 0.3

Data = dict[str, np.ndarray]
Tell = Callable[[dict[str, Any]], None]


class Experiment:
    """One loss with its compiled model. The model is trained from new weights for each seed."""

    def __init__(self, loss: str, data: Data):
        self.loss = loss
        self.data = data
        self.network = network(data["x_train"].shape[1], "softmax" if loss == "mse" else None)
        self.model = self.network
        self.targets = data["y_train"]
        compiled_loss: Any = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
        if loss == "mse":
            compiled_loss = keraslosses.MeanSquaredError()
            self.targets = np.eye(CLASSES, dtype="float32")[self.targets]
        if loss == "center":
            term = keraslosses.CenterLoss(CLASSES, alpha=CENTER_ALPHA)
            self.model = keraslosses.attach(self.network, term, at="embedding", weight=CENTER_WEIGHT)
        self.model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss=compiled_loss)
        self.model.optimizer.build(self.model.trainable_variables)
        self.fresh = [(variable, keras.ops.convert_to_numpy(variable)) for variable in self.state()]
        embedding = self.network.get_layer("embedding").output
        self.observed = keras.Model(self.network.inputs, [embedding, self.network.outputs[0]])

    def state(self) -> list[Any]:
        """The variables that a training changes, without the weights of the network."""
        centers = [self.model.terms[0].centers] if self.loss == "center" else []
        return [*self.model.optimizer.variables, *centers]

    def run(self, seed: int, epochs: int, tell: Tell) -> tuple[Result, np.ndarray, np.ndarray]:
        """Trains from the weights of a seed; gives the result, the test features and the centers."""
        started = time.perf_counter()
        generator = np.random.default_rng(seed)
        self.network.set_weights(initial_weights(self.network, generator))
        for variable, value in self.fresh:
            variable.assign(value)
        order = generator.permutation(len(self.targets))
        x, y = self.data["x_train"][order], self.targets[order]
        initial = self.model.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)["loss"]
        on_epoch = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: tell({"event": "epoch", "loss": self.loss, "seed": seed})
        )
        history = self.model.fit(
            x, y, batch_size=BATCH_SIZE, epochs=epochs, shuffle=False, verbose=0, callbacks=[on_epoch]
        )
        x_test, y_test = self.data["x_test"], self.data["y_test"]
        features, outputs = self.observed.predict(x_test, batch_size=len(x_test), verbose=0)
        result = Result(
            backend=keras.backend.backend(),
            loss=self.loss,
            seed=seed,
            accuracy=float(np.mean(np.argmax(outputs, axis=1) == y_test)),
            ratio=within_to_between(features, y_test),
            seconds=time.perf_counter() - started,
            initial_loss=float(initial),
            first_epoch_loss=float(history.history["loss"][0]),
        )
        if self.loss == "center":
            return result, features, keras.ops.convert_to_numpy(self.model.terms[0].centers)
        return result, features, class_means(features, y_test)


def network(inputs: int, activation: str | None) -> keras.Model:
    """A small network: dense layers, an embedding of two dimensions, and a classifier."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            *(keras.layers.Dense(units, activation="relu") for units in HIDDEN),
            keras.layers.Dense(EMBEDDING, name="embedding"),
            keras.layers.Dense(CLASSES, activation=activation),
        ]
    )


def initial_weights(model: keras.Model, generator: np.random.Generator) -> list[np.ndarray]:
    """Glorot uniform weights, and biases of 0. NumPy draws them, so they are the same on every backend."""
    values = []
    for variable in model.weights:
        limit = np.sqrt(6.0 / sum(variable.shape)) if len(variable.shape) == 2 else 0.0
        values.append(generator.uniform(-limit, limit, variable.shape).astype("float32"))
    return values


def work(plan: dict[str, Any], tell: Tell) -> None:
    """Runs all trainings of the plan, and saves the features of the first seed of each loss."""
    with np.load(plan["data"]) as file:
        data = {name: file[name] for name in file.files}
    kept: dict[str, Any] = {}
    for loss in LOSSES:
        experiment = Experiment(loss, data)
        for seed in range(plan["seeds"]):
            result, features, centers = experiment.run(seed, plan["epochs"], tell)
            if seed == 0:
                kept[f"{loss}_features"], kept[f"{loss}_centers"] = features, centers
            tell({"event": "result", **asdict(result)})
    np.savez(plan["features"], **kept)


def main() -> None:
    # Standard output has only the JSON lines. Output of the frameworks goes to the error output.
    output, sys.stdout = sys.stdout, sys.stderr
    work(json.loads(sys.argv[1]), lambda event: print(json.dumps(event), file=output, flush=True))


if __name__ == "__main__":
    main()
