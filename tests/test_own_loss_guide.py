"""The guide "Your own loss": its code runs, and its table names every kind."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from keraslosses import kinds

GUIDE = (Path(__file__).parents[1] / "docs" / "your-own-loss.md").read_text("utf-8")


@pytest.fixture
def registry():
    """What Keras knows of classes: the guide registers some whose names other tests use."""
    known = keras.saving.get_custom_objects()
    before = dict(known)
    yield
    known.clear()
    known.update(before)


@pytest.mark.usefixtures("registry")
def test_the_code_of_the_guide_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 3), "float32")
    names = {"__name__": "guide", "keras": keras, "model": model, "x": x, "y": y}
    for code in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(code, names)
    assert (tmp_path / "model.keras").exists()
    assert names["WeightedMse"].reference.name == "WeightedMse"


def test_the_table_names_every_kind():
    told = set(re.findall(r"^\| `(\w+)\(\)` \|", GUIDE, re.MULTILINE))
    known = {name for name in kinds.__all__ if isinstance(getattr(kinds, name), type)}
    assert told == {name for name in known if issubclass(getattr(kinds, name), kinds.Kind)} - {"Kind"}
