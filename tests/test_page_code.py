"""The code on the pages of the docs runs: here, or in the test of its page."""

import re
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import keraslosses

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
HAS_A_TEST = {
    "check.md": "test_check",
    "custom-loops.md": "custom_loops",
    "index.md": "test_which_loss",
    "migrate.md": "test_addons",
    "production.md": "test_production_page",
    "retrieval.md": "test_retrieval",
    "trouble.md": "test_trouble_page",
    "your-own-loss.md": "test_own_loss_guide",
}


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)


def images(count=4):
    return np.random.default_rng(0).normal(size=(count, 8)).astype("float32")


def detector():
    """Three anchors with ten classes, a box and the centerness."""
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(45), keras.layers.Reshape((3, 15))])
    return {"model": model, "features": keras.Input((3, 8))}


def recogniser():
    x, inputs = images(), keras.Input((8,))
    backbone = keras.Sequential([inputs, keras.layers.Dense(6, name="embedding")])
    return {
        "inputs": inputs,
        "x": inputs,
        "backbone": backbone,
        "model": backbone,
        "num_classes": 5,
        "images": x,
        "persons": np.arange(4) % 5,
        "vocabulary": 7,
        "hidden_states": images(12).reshape(4, 3, 8),
        "next_tokens": np.arange(12).reshape(4, 3) % 7,
    }


def reader():
    """Six frames of five classes, the first of which is the blank."""
    x = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    labels = np.array([[1, 2], [3, -1], [4, 4], [2, 1]])
    frames = keras.Input((6, 3))
    return {
        "model": keras.Sequential([frames, keras.layers.Dense(5)]),
        "outputs": keras.layers.Dense(5)(frames),
        "lengths": keras.Input((), dtype="int32"),
        "x": x,
        "strips": OneBatch(x, labels),
        "inputs": x,
        "rate": 0.01,
        **vars(SimpleNamespace(labels=labels)),
    }


class OneBatch(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.x, self.y


def two_parts():
    """A sum of losses, and what holds a weighting with its two losses."""
    loss = keraslosses.Huber() + keraslosses.MeanAbsoluteError()
    mse = keraslosses.MeanSquaredError()
    weighted = SimpleNamespace(weighting=keraslosses.UncertaintyWeighting(2), first=mse, second=mse)
    return {
        "model": keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)]),
        "loss": loss,
        "weighted": weighted,
    }


# What a reader of the page has by then.
BEFORE = {
    "compose.md": two_parts,
    "detection.md": detector,
    "faces.md": recogniser,
    "sequences.md": reader,
    "terms.md": recogniser,
}


@pytest.mark.parametrize("page", BEFORE)
def test_the_code_of_a_page_runs(page):
    for code in blocks(page):
        names = {"keras": keras, "keraslosses": keraslosses, **BEFORE[page]()}
        exec(code, names)
        if "compute_loss" in names:
            y = keras.ops.ones((4, 3))
            total = names["compute_loss"](names["weighted"], y=y, y_pred=2 * y)
            assert np.isfinite(keras.ops.convert_to_numpy(total))


def test_the_code_of_every_page_has_a_test():
    with_code = {path.name for path in DOCS.glob("*.md") if blocks(path.name)}
    # A sketch of our own source, which stands there in full.
    assert with_code - {"architecture.md"} == {*BEFORE, *HAS_A_TEST} & with_code
    for page in sorted(HAS_A_TEST.keys() & with_code):
        assert page in (TESTS / f"{HAS_A_TEST[page]}.py").read_text("utf-8")
