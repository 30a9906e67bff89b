"""The example on the page of a loss runs, and the loss falls."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keraslosses.cli.choose import call
from keraslosses.reference import REFERENCES

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

from programs import program


def losses_of(code):
    """Run a program. The loss of each epoch of its training."""
    names = {}
    exec(code, names)
    return names["model"].history.history["loss"]


# No program names a backend. How each loss trains on the others, the checks "fit" and tests/test_watched.py say.
RUN = REFERENCES if keras.backend.backend() == "torch" else ["Huber"]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.deep if n != "Huber" else []) for n in RUN]
)
def test_the_program_trains(name):
    losses = losses_of(program(REFERENCES[name]))
    assert np.all(np.isfinite(losses)) and losses[-1] < losses[0]


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.deep_on("jax", "tensorflow")
def test_the_program_starts_with_the_options_of_the_first_use(name):
    code = program(REFERENCES[name])
    assert f"loss = keraslosses.{call(name, REFERENCES[name].uses[0])}\n".replace("'", '"') in code
    assert max(map(len, code.splitlines())) <= 100


@pytest.mark.deep_on("jax", "tensorflow")
def test_a_model_of_logits_has_no_activation():
    assert 'activation="softmax"' not in program(REFERENCES["CategoricalCrossentropy"])
    assert 'activation="softmax"' in program(REFERENCES["KLDivergence"])
