"""The checks of saving and training: the config of a loss, and `fit`."""

import json
import math
from collections.abc import Iterator

import keras
import numpy as np

from keraslosses.core.types import Tensor
from keraslosses.portability import gradients
from keraslosses.portability.finding import Finding, disagreement
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference.kinds import InputKind

# JIT: whether XLA compiles the step, as Keras chooses by default on a CPU. (On TensorFlow, the check of hard
# inputs runs under XLA.) BATCH_SIZE: on JAX it divides the 22 samples, because JAX compiles a shorter batch
# again.
JIT, BATCH_SIZE = (True, 11) if gradients.BACKEND == "jax" else (False, 8)


def check_saving(subject: Subject) -> Iterator[Finding]:
    """The config is JSON and has every argument and the dtype. A loss made from it gives the same value."""
    given = {**subject.example(), "reduction": "sum", "name": "mine", "dtype": "bfloat16"}
    loss = subject.make(**given)
    try:
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    except TypeError as error:
        yield Finding("saving-differs", f"the config is not JSON: {error}")
        return
    for parameter in subject.parameters():
        if parameter not in config["config"]:
            yield config_lacks(parameter)
        elif parameter in given and config["config"][parameter] != given[parameter]:
            yield Finding(
                "saving-differs",
                f"the config has {parameter}={config['config'][parameter]!r}, expected {given[parameter]!r}",
            )
    again = keras.saving.deserialize_keras_object(config)
    told = "dtype" in subject.parameters() and "dtype" not in config["config"]
    if again.dtype != loss.dtype and not told:
        yield Finding("saving-differs", f"the dtype comes back as {again.dtype}, expected {loss.dtype}")
    if again.get_config() != loss.get_config():
        yield Finding(
            "saving-differs", f"the config comes back as {again.get_config()}, expected {loss.get_config()}"
        )
    options = subject.reference.options[-1]
    y_true, y_pred = subject.reference.inputs(options)
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(subject.entries(options))
    )
    before = gradients.values_of(subject.entries(options), y_true, y_pred)
    yield from disagreement(
        "saving-differs", "value after a round trip", before, gradients.values_of(copy, y_true, y_pred)
    )


# The arguments that the base class puts into the config of every loss.
FROM_ABOVE = ("name", "reduction")


def config_lacks(argument: str, config: str = "") -> Finding:
    code = "config-lacks-base" if argument in FROM_ABOVE else "config-lacks"
    expected = f"{argument} in the config" if config else ""
    return Finding(code, f"the config lacks `{argument}`", expected, config, argument=argument)


def check_fit(subject: Subject) -> Iterator[Finding]:
    """`fit` with `compile(loss=...)` and sample weights lowers the loss. Keras compiles it as by default."""
    options = subject.reference.options[0]
    y_true, y_pred = subject.reference.inputs(options, leading=(22,))
    model = small_model(y_pred, subject)
    model.compile(keras.optimizers.Adam(0.05), loss=subject.make(**options), jit_compile=JIT)
    # Variables that appear in the first step would let TensorFlow trace the step twice.
    model.optimizer.build(model.trainable_variables)
    x, weights = np.eye(22, dtype="float32"), np.ones(22, "float32")
    # A value that depends on the others of a batch changes with each shuffle: so all are in one batch.
    size = 22 if subject.reference.coupled else BATCH_SIZE
    fitted = model.fit(x, y_true, epochs=4, batch_size=size, verbose=0, sample_weight=weights)
    history = fitted.history["loss"]
    if not np.all(np.isfinite(history)) or history[0] - history[-1] <= 1e-3 * abs(history[0]):
        yield Finding("fit-does-not-lower", f"fit with jit_compile={JIT} does not lower the loss: {history}")


def small_model(y_pred: Tensor, subject: Subject) -> keras.Model:
    """A model from a one-hot row for each sample to predictions of the kind that the loss reads."""
    shape = y_pred.shape[1:]
    model = keras.Sequential(
        [
            keras.Input((len(y_pred),)),
            keras.layers.Dense(math.prod(shape), kernel_initializer="zeros"),
            keras.layers.Reshape(shape),
            layer_for(subject.reference.kind),
        ]
    )
    # NumPy draws the weights: they are the same on every backend, and JAX does not compile a generator.
    kernel, bias = model.get_weights()
    limit = math.sqrt(6 / sum(kernel.shape))
    model.set_weights([np.random.default_rng(0).uniform(-limit, limit, kernel.shape), bias])
    return model


def layer_for(kind: InputKind) -> keras.layers.Layer:
    """A layer that turns any numbers into predictions of a kind."""
    name, arguments = kind.layer
    return getattr(keras.layers, name)(**arguments)
