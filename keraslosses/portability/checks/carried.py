"""Saves on one backend and loads on the others: the weights of a layer, and a model with its loss."""

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
    """Gives a built layer the weights in a file. The first of several processes writes its weights there."""
    being_written = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(being_written, *layer.get_weights())
    # Making a link is atomic and never replaces a file, so only the first process writes the weights.
    with contextlib.suppress(FileExistsError):
        os.link(being_written, path)
    being_written.unlink()
    with np.load(path) as file:
        layer.set_weights([file[name] for name in file.files])


def model_of_layer(layer: Any, y_pred: np.ndarray) -> keras.Model:
    """The layer as a model, on inputs of this shape and dtype. A model is returned as it is."""
    if isinstance(layer, keras.Model):
        return layer
    inputs = keras.Input(y_pred.shape[1:], dtype=str(y_pred.dtype))
    return keras.Model(inputs, layer(inputs))


def save(subject: Subject, path: Path) -> None:
    """Saves a model to `path`, and its inputs and result to an .npz file of the same name."""
    y_true, y_pred = subject.reference.inputs(subject.reference.options[0])
    if subject.layer is not None:
        model, x = model_of_layer(subject.layer, y_pred), y_pred
    else:
        model, x = lifecycle.small_model(y_pred, subject), np.eye(len(y_pred), dtype="float32")
        model.compile("sgd", loss=subject.make(**subject.reference.options[0]))
    model.save(path)
    np.savez(path.with_suffix(".npz"), x=x, y_true=y_true, result=result(model, x, y_true, subject.layer))


def check_load(subject: Subject, path: Path, saved_on: str) -> Iterator[Finding]:
    """Loads a model that another backend saved. It must give the same result here."""
    with np.load(path.with_suffix(".npz")) as file:
        x, y_true, expected = file["x"], file["y_true"], file["result"]
    note(y_true, x)
    model = keras.saving.load_model(path, custom_objects=custom_objects(subject))
    received = result(model, x, y_true, subject.layer)
    yield from disagreement(
        "saving-differs", f"a model saved on {saved_on}", expected, received, rtol=RTOL, atol=1e-5
    )


def result(model: Any, x: np.ndarray, y_true: np.ndarray, layer: Any) -> np.ndarray:
    """The loss of the model's outputs. For a layer: the outputs."""
    outputs = model(ops.convert_to_tensor(x), training=False)
    return ops.convert_to_numpy(outputs if layer is not None else model.loss(y_true, outputs))


def custom_objects(subject: Subject) -> dict[str, Any]:
    """The class of the subject by name, because it may not be registered."""
    if subject.layer is not None:
        return {type(subject.layer).__name__: type(subject.layer)}
    loss = subject.make(**subject.reference.options[0])
    return {type(loss).__name__: type(loss)}


def can_be_saved(subject: Subject) -> bool:
    """Whether the subject has a config. A function has none."""
    return subject.function is None
