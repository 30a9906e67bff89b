"""The example on the page of a loss: a short complete program that trains with it."""

import re

from keraslosses.cli.choose import call
from keraslosses.reference import Reference, Use

PROGRAM = """
import keras
import numpy as np

import keraslosses

rng = np.random.default_rng(0)
{data}

{model}
loss = keraslosses.{loss}
model.compile(optimizer="adam", loss=loss)
model.fit(x, y, epochs={epochs})
"""
# The activations that make probabilities of logits.
ACTIVATION = re.compile(r', activation="(sigmoid|softmax)"')


def program(reference: Reference) -> str:
    """The program of a loss, with the options to start with."""
    use = reference.uses[0] if reference.uses else Use("", "", "")
    example = reference.kind.example
    model = ACTIVATION.sub("", example.model) if use.start.get("from_logits") else example.model
    loss = call(reference.name, use).replace("'", '"')
    return PROGRAM.strip().format(data=example.data, model=model, loss=loss, epochs=example.epochs)
