"""The page "In production": its code runs, the tests that it names exist, and what only it promises is so."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

BACKEND = keras.backend.backend()
TITLES = {"TensorFlow": "tensorflow", "JAX": "jax", "PyTorch": "torch"}
TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "production.md").read_text("utf-8")


def blocks(page):
    """The code of the page: the title and the backend that it stands under (None: all), and the text."""
    title = backend = None
    for head, code in re.findall(r"^(##+ [^\n]*)$|^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        if head:
            title = title if head.startswith("### ") else head.removeprefix("## ")
            backend = TITLES.get(head.removeprefix("### ")) if head.startswith("### ") else None
        else:
            yield title, backend, code


MODEL = next(blocks(PAGE))[2]


def code_under(title, backend=None):
    return "".join(code for where, on, code in blocks(PAGE) if where == title and on == backend)


@pytest.fixture
def defaults():
    """The settings of Keras that the page changes."""
    yield
    keras.config.set_dtype_policy("float32")
    keras.distribution.set_distribution(None)


SECTIONS = list(
    dict.fromkeys((title, on) for title, on, _ in blocks(PAGE) if title and on in (None, BACKEND))
)


@pytest.mark.usefixtures("defaults")
@pytest.mark.parametrize(("title", "on"), SECTIONS)
def test_the_code_of_a_section_runs(title, on, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    exec(MODEL + code_under(title, on), names)
    assert np.isfinite(names["model"].evaluate(names["x"], names["y"], verbose=0)).all()


def test_the_backend_of_code_is_read_from_the_title_above_it():
    page = "```python\na\n```\n\n## X\n\n### JAX\n\n```python\nb\n```\n\n## Y\n\n```python\nc\n```\n"
    assert list(blocks(page)) == [(None, None, "a\n"), ("X", "jax", "b\n"), ("Y", None, "c\n")]
    assert {on for _, on, _ in blocks(PAGE)} == {None, "tensorflow", "jax"}


def test_the_tests_that_the_page_names_exist():
    claims = PAGE.split("## What the tests prove\n")[1].split("\n- ")[1:]
    named = [re.findall(r"`tests/(\w+\.py)`:\s+`(test_\w+)`", claim) for claim in claims]
    assert [len(of_claim) for of_claim in named] == [1] * len(claims)
    missing = [pair for (pair,) in named if f"\ndef {pair[1]}(" not in (TESTS / pair[0]).read_text("utf-8")]
    assert missing == []


def start(code, folder, **environment):
    """Runs Python code in a process of its own, in a folder."""
    paths = os.pathsep.join([str(TESTS.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr[-2000:]
    return done.returncode


# It is killed in the third of the five epochs, which have four batches each.
KILLED = """
import os, signal

batches = []


def killed_in_the_third_epoch(self, batch, logs=None):
    batches.append(batch)
    if len(batches) == 10:
        os.kill(os.getpid(), signal.SIGKILL)


keras.callbacks.BackupAndRestore.on_train_batch_begin = killed_in_the_third_epoch
"""
SAVED = 'np.savez("weights.npz", *model.get_weights(), epochs=history.epoch)\n'


@pytest.mark.deep
@pytest.mark.deep_in_turn("jax", "torch")
def test_a_killed_training_goes_on(tmp_path):
    seeded = MODEL + "keras.utils.set_random_seed(0)\n"
    training = code_under("Restart after a kill")
    alone, stopped = tmp_path / "alone", tmp_path / "stopped"
    alone.mkdir(), stopped.mkdir()
    assert start(seeded + training + SAVED, alone) == 0
    assert start(seeded + KILLED + training + SAVED, stopped) == -signal.SIGKILL
    assert start(seeded + training + SAVED, stopped) == 0
    expected, received = (dict(np.load(folder / "weights.npz")) for folder in (alone, stopped))
    assert expected.pop("epochs").tolist() == [0, 1, 2, 3, 4]
    assert received.pop("epochs").tolist() == [2, 3, 4]
    for name, weight in expected.items():
        np.testing.assert_allclose(received[name], weight, atol=1e-6, err_msg=name)


SERVED = """
import sys

sys.modules["keras"] = sys.modules["keraslosses"] = None  # They cannot be imported.
import numpy as np
import tensorflow as tf

served = tf.saved_model.load("exported")
with np.load("expected.npz") as file:
    np.testing.assert_allclose(served.serve(file["x"]), file["y_pred"], atol=1e-5)
"""


@pytest.mark.deep
def test_an_exported_model_needs_no_keras(backend, tmp_path, monkeypatch):
    if backend != "tensorflow":
        return
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(MODEL + code_under("Export for serving", "tensorflow"), names)
    x = names["x"]
    np.savez("expected.npz", x=x, y_pred=names["model"].predict(x, verbose=0))
    assert start(SERVED, tmp_path) == 0


LOADED = """
import json, sys
import keras, keraslosses, numpy as np

assert keras.backend.backend() == {other!r}
model = keras.saving.load_model("model.keras")
with np.load("expected.npz") as file:
    x, y = file["x"], file["y"]
    np.testing.assert_allclose(model.predict(x, verbose=0), file["y_pred"], atol=1e-5)
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), file["loss"], rtol=1e-5)
"""


@pytest.mark.deep
def test_a_model_file_goes_to_another_backend(backend, tmp_path, monkeypatch):
    """From each backend to the next, so that the runs of all of them close the circle."""
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(MODEL + next(code for title, _, code in blocks(PAGE) if title == "Files between backends"), names)
    model, x, y = names["model"], names["x"], names["y"]
    y_pred, loss = model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)
    np.savez("expected.npz", x=x, y=y, y_pred=y_pred, loss=loss)
    backends = sorted(TITLES.values())
    other = backends[backends.index(backend) - 1]
    assert start(LOADED.format(other=other), tmp_path, KERAS_BACKEND=other) == 0
