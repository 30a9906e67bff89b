"""The guide "Your own loss": its code runs, and its table names every kind."""

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keraslosses import kinds
from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.finding import Finding
from keraslosses.portability.targets.target import Target, open_target

GUIDE = (Path(__file__).parents[1] / "docs" / "your-own-loss.md").read_text("utf-8")


@pytest.fixture
def registry():
    """What Keras knows of classes: the guide registers some whose names other tests use."""
    known = keras.saving.get_custom_objects()
    before = dict(known)
    yield
    known.clear()
    known.update(before)


def blocks():
    return re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.usefixtures("registry")
def test_the_code_of_the_guide_runs(tmp_path, monkeypatch, capsys):
    file, *others = blocks()
    (tmp_path / "my_losses.py").write_text(file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_losses", raising=False)
    exec(file, names := {"__name__": "guide"})
    for code in others:
        exec(code, names)
    printed = [float(number) for number in re.findall(r"\d\.\d*", capsys.readouterr().out)]
    assert printed[:2] == [1.5, 2.0]
    x, y, loaded = names["x"], names["y"], names["loaded"]
    assert loaded.loss.get_config()["under"] == 3.0
    assert np.mean(loaded.predict(x, verbose=0) > y) > 0.6
    assert names["WeightedMse"].reference.name == "WeightedMse"
    with pytest.raises(ValueError) as error:
        names["WeightedMse"](under=-1.0)
    assert f'raises "{error.value}".' in GUIDE


@pytest.mark.deep
@pytest.mark.usefixtures("registry")
def test_the_loss_of_the_guide_passes_the_checks(tmp_path):
    (tmp_path / "guide_losses.py").write_text(blocks()[0])
    subject = open_target(Target(f"{tmp_path}/guide_losses.py:WeightedMse"))
    told = {check: list(findings(check, subject)) for check in CHECKS if not skipped(check, subject)}
    assert {check: found for check, found in told.items() if any(isinstance(f, Finding) for f in found)} == {}


def test_the_table_names_every_kind():
    told = set(re.findall(r"^\| `(\w+)\(\)` \|", GUIDE, re.MULTILINE))
    known = {name for name in kinds.__all__ if isinstance(getattr(kinds, name), type)}
    assert told == {name for name in known if issubclass(getattr(kinds, name), kinds.Kind)} - {"Kind"}
