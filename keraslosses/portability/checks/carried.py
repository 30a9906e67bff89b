"""What one backend saves and the others load: the weights of a layer, and a model with its loss."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.portability.checks import lifecycle
from keraslosses.portability.finding import Finding, disagreement, note
from keraslosses.portability.targets.subject import Subject

RTOL = 1e-4


def weights(layer: Any, path: Path) -> None:
    """Gives a built layer the weights in a file, into which the first of several processes writes its own."""
    being_written = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(being_written, *layer.get_weights())
    # A link is there as a whole or not at all, and never in place of another.
    with contextlib.suppress(FileExistsError):
        os.link(being_written, path)
    being_written.unlink()
    with np.load(path) as file:
        layer.set_weights([file[name] for name in file.files])


def model_of_layer(layer: Any, y_pred: np.ndarray) -> keras.Model:
    """The layer as a model, on inputs such as these; a model is one already."""
    if isinstance(layer, keras.Model):
        return layer
    inputs = keras.Input(y_pred.shape[1:], dtype=str(y_pred.dtype))
    return keras.Model(inputs, layer(inputs))


def save(subject: Subject, path: Path) -> None:
    """Saves a model into `path`, and beside it what it is given and what comes out."""
    y_true, y_pred = subject.reference.inputs(subject.reference.options[0])
    if subject.layer is not None:
        model, x = model_of_layer(subject.layer, y_pred), y_pred
    else:
        model, x = lifecycle.small_model(y_pred, subject), np.eye(len(y_pred), dtype="float32")
        model.compile("sgd", loss=subject.make(**subject.reference.options[0]))
    model.save(path)
    np.savez(path.with_suffix(".npz"), x=x, y_true=y_true, result=result(model, x, y_true, subject.layer))


def check_load(subject: Subject, path: Path, saved_on: str) -> Iterator[Finding]:
    """A model that another backend saved loads here, and gives what it gave there."""
    with np.load(path.with_suffix(".npz")) as file:
        x, y_true, expected = file["x"], file["y_true"], file["result"]
    note(y_true, x)
    model = keras.saving.load_model(path, custom_objects=custom_objects(subject))
    received = result(model, x, y_true, subject.layer)
    yield from disagreement(
        "saving-differs", f"a model saved on {saved_on}", expected, received, rtol=RTOL, atol=1e-5
    )


def result(model: Any, x: np.ndarray, y_true: np.ndarray, layer: Any) -> np.ndarray:
    """The model's own loss of what it gives; of a layer, what it gives."""
    outputs = model(ops.convert_to_tensor(x), training=False)
    return ops.convert_to_numpy(outputs if layer is not None else model.loss(y_true, outputs))


def custom_objects(subject: Subject) -> dict[str, Any]:
    """The class of the subject by name, for what nobody registered."""
    if subject.layer is not None:
        return {type(subject.layer).__name__: type(subject.layer)}
    loss = subject.make(**subject.reference.options[0])
    return {type(loss).__name__: type(loss)}


def can_be_saved(subject: Subject) -> bool:
    """Whether there is something with a config: a function has none."""
    return subject.function is None
