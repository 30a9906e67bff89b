"""With two replicas a model trains as with one, and losses over pairs can compare the samples of both.

TensorFlow: MirroredStrategy over two logical CPUs. JAX: DataParallel over two host devices. torch: two processes
of a gloo group, on the layer alone, since Keras's `fit` does not synchronise torch processes.
"""

import inspect
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keraslosses

pytestmark = pytest.mark.deep


def start(program, *arguments):
    path = str(Path(__file__).with_name(program))
    command = [sys.executable, path, *map(str, arguments)]
    return subprocess.Popen(
        command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-2000:]


def fit_agrees(replicas):
    paths = replicas("replicas.py")
    one, two = map(np.load, paths)
    for name in one.files:
        np.testing.assert_allclose(two[name], one[name], atol=1e-5, err_msg=name)
    one, two = (np.load(path.with_suffix(".npy")) for path in paths)
    np.testing.assert_allclose(two, one, atol=1e-5)
    assert np.abs(one).sum() > 0


def processes_agree(folder):
    port = free_port()
    finish(start("processes.py", 0, 1, port, folder / "alone.npy"))
    both = [start("processes.py", rank, 2, port, folder / f"{rank}.npy") for rank in (0, 1)]
    for process in both:
        finish(process)
    alone = np.load(folder / "alone.npy")
    assert np.abs(alone).sum() > 0
    for rank in (0, 1):
        np.testing.assert_allclose(np.load(folder / f"{rank}.npy"), alone, atol=1e-6)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_losses_across_replicas_are_those_of_the_whole_batch(replicas, tmp_path, backend):
    one = np.load(replicas("replicas_pairs.py")[0])
    assert with_the_option() <= {name.split(",")[0] for name in one.files}
    if backend != "torch":
        two = np.load(tmp_path / "2.npz")
        assert one.files == two.files
        agree(one, two)
    if backend != "tensorflow":
        port = free_port()
        both = [start("replicas_pairs.py", tmp_path, rank, port) for rank in (0, 1)]
        for process in both:
            finish(process)
        two = np.load(tmp_path / "processes.npz")
        assert {"LiftedStructure, 1", "InfoNCE, chunks, 1"} <= set(two.files) <= set(one.files)
        agree(one, two)


def with_the_option():
    """The names of all losses and terms that can compare the samples of all replicas."""
    classes = inspect.getmembers(keraslosses, inspect.isclass)
    return {name for name, one in classes if "across_replicas" in inspect.signature(one).parameters}


def agree(one, two):
    for name in two.files:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-6, atol=1e-6, err_msg=name)
        assert np.abs(one[name]).max() > 0.01


def test_two_replicas_train_as_one(replicas, tmp_path, backend):
    processes_agree(tmp_path) if backend == "torch" else fit_agrees(replicas)
