"""Importing the package: what it brings in, what it costs, and configs that travel between processes."""

import compileall
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keraslosses
from keraslosses.reference import REFERENCES

FRAMEWORKS = ("tensorflow", "jax", "torch")


def python(code, *arguments, **environment):
    run = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:keraslosses", "-c", code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


BLOCKED = """
import importlib.machinery, sys
blocked = sys.argv[1].split(",")
class Blocker:
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in blocked else None
    def create_module(self, spec):
        raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name)
    def exec_module(self, module):
        pass
sys.meta_path.insert(0, Blocker())
import keraslosses
loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
print(float(loss([0, 1], [[1.0, 0.0], [1.0, 0.0]])))
layer = keraslosses.CenterLoss(2)
layer.per_sample_loss([[1.0, 2.0]], [0], training=True)
assert not set(blocked) & set(sys.modules)
"""


@pytest.mark.deep_on("jax", "tensorflow")
def test_other_frameworks_are_not_needed(backend):
    others = ",".join(set(FRAMEWORKS) - {backend})
    assert python(BLOCKED, others).strip().startswith("0.8132")


# Some modules are not found, as where they are not installed.
HIDDEN = """
import sys
from importlib.machinery import PathFinder
hidden = sys.argv[1].split(",")
class Rest:
    def find_spec(name, path=None, target=None):
        return None if name.split(".")[0] in hidden else PathFinder.find_spec(name, path, target)
sys.meta_path = [Rest if finder is PathFinder else finder for finder in sys.meta_path]
try:
    import keraslosses
except ImportError as error:
    print(type(error).__name__, type(error.__cause__).__name__, error)
    assert not error.__cause__ or not {"tensorflow", "jax", "torch"} & set(sys.modules)
"""


@pytest.mark.parametrize(
    ("hidden", "variable", "file", "said"),
    [
        (
            "tensorflow",
            "",
            "",
            "ModuleNotFoundError ModuleNotFoundError Keras needs tensorflow, which is not installed here: "
            "KERAS_BACKEND is not set, so Keras takes the one that ~/.keras/keras.json names, or tensorflow. "
            "Set it before Python starts:\n\n    export KERAS_BACKEND=jax\n\nInstalled here: jax, torch.",
        ),
        ("tensorflow,jax", "", "jax", "Keras needs jax, which"),
        (
            "torch",
            "torch",
            "jax",
            "Keras needs torch, which is not installed here: KERAS_BACKEND is 'torch'.",
        ),
        ("jax", "numpy", "", "export KERAS_BACKEND=tensorflow\n\nInstalled here: tensorflow, torch."),
        (
            "torch",
            "",
            "theano",
            "ImportError ValueError Keras has no backend 'theano': KERAS_BACKEND is not set",
        ),
        (
            "tensorflow,jax,torch",
            "",
            "",
            'No backend is installed here. Install one with pip: "keraslosses[jax]"',
        ),
        ("absl", "jax", "", "ModuleNotFoundError NoneType No module named 'absl'"),
    ],
)
def test_backend_that_is_not_there_is_told_with_what_to_set(hidden, variable, file, said, tmp_path):
    if file:
        (tmp_path / "keras.json").write_text(json.dumps({"backend": file}))
    assert said in python(HIDDEN, hidden, KERAS_BACKEND=variable, KERAS_HOME=str(tmp_path))


COST = """
import sys, time, tracemalloc
start = time.process_time()
import keras
of_keras = time.process_time() - start
state = keras.config.floatx(), keras.config.epsilon()
if sys.argv[1] == "memory":
    tracemalloc.start()
start = time.process_time()
import keraslosses
seconds = time.process_time() - start
assert state == (keras.config.floatx(), keras.config.epsilon())
print(tracemalloc.get_traced_memory()[0] / 2**20 if sys.argv[1] == "memory" else f"{seconds} {of_keras}")
"""


@pytest.mark.deep_on("jax", "tensorflow")
def test_import_costs_little_time_over_keras_prints_nothing_and_leaves_no_trace():
    """As installed: with bytecode, which an environment may forbid Python to write. In processor time, since the
    tests of the other backends run beside this one; in one of three tries. A slow machine has more than 50 ms: a
    small part of the time that it takes for Keras."""
    compileall.compile_dir(Path(keraslosses.__file__).parent, quiet=2)
    runs = (map(float, python(COST, "time").split()) for _ in range(3))
    assert any(seconds <= max(0.05, 0.03 * of_keras) for seconds, of_keras in runs)


@pytest.mark.deep_on("jax", "tensorflow")
def test_import_costs_little_memory():
    """What Python holds afterwards. (The memory of the process grows in steps that differ between machines.)"""
    assert float(python(COST, "memory")) <= 5


REVIVE = """
import json, sys
import keraslosses
configs = json.load(open(sys.argv[1]))
print(json.dumps([keraslosses.serialize(keraslosses.deserialize(config)) for config in configs]))
"""


@pytest.mark.deep_on("jax", "tensorflow")
def test_configs_travel_from_backend_to_backend(backend, tmp_path):
    """Every option off its default, and the dtype, in a fresh process that only imports keraslosses.

    From each backend to the next, so that the runs of all of them close the circle.
    """
    other = FRAMEWORKS[FRAMEWORKS.index(backend) - 1]
    configs = []
    for name, entry in REFERENCES.items():
        options = {key: value for options in entry.options for key, value in options.items()}
        loss = getattr(keraslosses, name)(**options, reduction="sum", name="mine", dtype="bfloat16")
        configs.append(json.loads(json.dumps(keras.saving.serialize_keras_object(loss))))
    (tmp_path / "configs.json").write_text(json.dumps(configs))
    assert json.loads(python(REVIVE, str(tmp_path / "configs.json"), KERAS_BACKEND=other)) == configs
