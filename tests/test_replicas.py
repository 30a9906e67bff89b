"""With two replicas a model trains as with one.

TensorFlow: MirroredStrategy over two logical CPUs. JAX: DataParallel over two host devices. torch: two processes
of a gloo group, on the layer alone, since Keras's `fit` does not synchronise torch processes.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np


def start(program, *arguments):
    path = str(Path(__file__).with_name(program))
    command = [sys.executable, path, *map(str, arguments)]
    return subprocess.Popen(
        command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output[-2000:]


def trained(count, folder):
    path = folder / f"{count}.npz"
    finish(start("replicas.py", count, path))
    return np.load(path), np.load(path.with_suffix(".npy"))


def fit_agrees(folder):
    one, two = trained("one", folder), trained("two", folder)
    for name in one[0].files:
        np.testing.assert_allclose(two[0][name], one[0][name], atol=1e-5, err_msg=name)
    np.testing.assert_allclose(two[1], one[1], atol=1e-5)
    assert np.abs(one[1]).sum() > 0


def processes_agree(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    finish(start("processes.py", 0, 1, port, folder / "alone.npy"))
    both = [start("processes.py", rank, 2, port, folder / f"{rank}.npy") for rank in (0, 1)]
    for process in both:
        finish(process)
    alone = np.load(folder / "alone.npy")
    assert np.abs(alone).sum() > 0
    for rank in (0, 1):
        np.testing.assert_allclose(np.load(folder / f"{rank}.npy"), alone, atol=1e-6)


def test_two_replicas_train_as_one(tmp_path, backend):
    {"tensorflow": fit_agrees, "jax": fit_agrees, "torch": processes_agree}[backend](tmp_path)
