"""The demo: its run from end to end, its options, and what it says when something goes wrong."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import keraslosses.__main__
from keraslosses.cli.app import app
from keraslosses.cli.demo import command as demo
from keraslosses.cli.demo import data as demo_data
from keraslosses.cli.demo.results import (
    LOSSES,
    Result,
    compare_backends,
    spread,
    within_to_between,
)
from keraslosses.portability.processes import backends
from keraslosses_child import Lost

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

PNG = b"\x89PNG\r\n\x1a\n"


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["demo", *arguments])


@pytest.mark.deep_in_turn("jax", "tensorflow", "torch")
def test_demo_trains_prints_and_draws(backend, tmp_path):
    command = [sys.executable, "-m", "keraslosses", "demo", "--backends", backend]
    done = subprocess.run(
        [*command, "--seeds", "1", "--epochs", "2", "--output", str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert all(loss in done.stdout for loss in LOSSES.values())
    assert backend in done.stdout
    assert str(tmp_path / "demo.png") in done.stdout
    assert (tmp_path / "demo.png").read_bytes().startswith(PNG)


# Options


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--backends", "theano"], "'theano' is not a backend"),
        (["--backends", "jax,theano"], "'theano' is not a backend"),
        (["--seeds", "0"], "seeds"),
        (["--epochs", "0"], "epochs"),
        (["--data", "letters"], "'letters' is not a set of images; choose from digits, mnist."),
        (["--data", "minst"], "Did you mean 'mnist'?"),
        (["--output", "picture.jpg"], "picture.jpg"),
    ],
)
def test_wrong_option_is_an_error_of_usage(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_backends_are_named_once_each_or_with_commas(monkeypatch):
    monkeypatch.setattr(backends, "installed", lambda: ["jax", "torch"])
    assert backends.chosen([]) == ["jax", "torch"]
    assert backends.chosen(["torch, jax", "torch"]) == ["torch", "jax"]
    with pytest.raises(ValueError, match=r"'tensorflow' is not installed\. Installed: jax, torch"):
        backends.chosen(["tensorflow"])
    monkeypatch.setattr(backends, "installed", list)
    with pytest.raises(ValueError, match="No backend is installed"):
        backends.chosen([])


def test_mnist_that_cannot_be_fetched_is_explained(monkeypatch, tmp_path):
    from keras.datasets import mnist

    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(mnist, "load_data", fail)
    result = invoke("--data", "mnist", "--output", str(tmp_path))
    assert result.exit_code == 2
    assert "The MNIST images could not be fetched." in result.stderr
    assert "--data digits" in result.stderr
    assert "URL fetch failure" in result.stderr


def test_mnist_is_cut_and_scaled(monkeypatch):
    from keras.datasets import mnist

    x, y = np.full((5000, 28, 28), 255, "uint8"), np.zeros(5000, "uint8")
    monkeypatch.setattr(mnist, "load_data", lambda: ((x, y), (x, y)))
    data = demo_data.load(demo_data.DataName.mnist)
    assert data["x_train"].shape == (demo_data.MNIST_TRAIN, 784)
    assert data["x_test"].shape == (demo_data.MNIST_TEST, 784)
    assert data["y_test"].shape == (demo_data.MNIST_TEST,)
    assert data["x_train"].max() == 1.0


def test_missing_extra_is_named(monkeypatch, capsys):
    monkeypatch.setattr(keraslosses.__main__, "NEEDED", ("rich", "no_such_module"))
    with pytest.raises(SystemExit) as stopped:
        keraslosses.__main__.main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "needs no_such_module." in said
    assert "keraslosses[cli]" in said


# Child processes


def test_worker_gets_plan_and_backend_and_only_its_json_lines_pass(worker):
    module = worker(
        "import json, os, sys\n"
        "print('noise of a framework')\n"
        "print(json.dumps({'backend': os.environ['KERAS_BACKEND'], **json.loads(sys.argv[1])}))\n"
    )
    assert list(backends.run_worker(module, "torch", {"seeds": 3})) == [{"backend": "torch", "seeds": 3}]


def test_crashed_worker_is_reported_after_what_it_said(worker):
    module = worker(
        "import sys\nprint('{\"event\": 1}', flush=True)\nprint('out of luck', file=sys.stderr)\nsys.exit(3)"
    )
    lines = backends.run_worker(module, "jax", {})
    assert next(lines) == {"event": 1}
    with pytest.raises(Lost, match="ended with status 3"):
        next(lines)


def test_silent_worker_is_stopped(worker):
    module = worker("import time\ntime.sleep(60)")
    with pytest.raises(Lost, match=r"no answer in 0\.5 seconds"):
        list(backends.run_worker(module, "jax", {}, patience=0.5))


def test_demo_goes_on_after_a_crash_and_fails(worker, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "WORKER", worker("raise RuntimeError('out of luck')"))
    monkeypatch.setattr(backends, "installed", lambda: ["jax", "torch"])
    result = invoke("--output", str(tmp_path / "demo.png"))
    assert result.exit_code == 1
    assert "Left out because not installed: tensorflow." in result.stdout
    assert "jax failed. The process ended with status 1." in result.stderr
    assert "torch failed. The process ended with status 1." in result.stderr
    assert "RuntimeError: out of luck" in result.stderr
    assert not (tmp_path / "demo.png").exists()


# Results

RESULTS = [
    Result(backend, loss, seed, accuracy=0.9, ratio=0.2, seconds=1.0, initial_loss=2.3, first_epoch_loss=1.7)
    for backend in ("tensorflow", "torch")
    for loss in LOSSES
    for seed in range(4)
]


def changed(**values):
    """The results with other values in that of softmax, seed 1, on torch."""
    return [
        dataclasses.replace(r, **values) if (r.backend, r.loss, r.seed) == ("torch", "softmax", 1) else r
        for r in RESULTS
    ]


def disagreements(results):
    return [line for comparison in compare_backends(results) for line in comparison.disagreements]


def test_equal_results_agree():
    assert disagreements(RESULTS) == []
    assert [comparison.largest for comparison in compare_backends(RESULTS)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "values",
    [{"initial_loss": 2.3 * (1 + 5e-6)}, {"first_epoch_loss": 1.7 * (1 + 5e-4)}, {"accuracy": 0.85}],
)
def test_small_differences_agree(values):
    assert disagreements(changed(**values)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"initial_loss": 2.3 * (1 + 5e-5)}, "initial loss, softmax, seed 1: tensorflow 2.3, torch 2.300115"),
        ({"first_epoch_loss": 1.71}, "loss of the first epoch, softmax, seed 1: tensorflow 1.7, torch 1.71"),
        ({"initial_loss": float("nan")}, "initial loss, softmax, seed 1: tensorflow 2.3, torch nan"),
    ],
)
def test_disagreement_names_the_place_and_the_values(values, said):
    (line,) = disagreements(changed(**values))
    assert said in line


def test_accuracies_far_outside_their_spread_disagree():
    results = [dataclasses.replace(r, accuracy=0.8) if r.backend == "torch" else r for r in RESULTS]
    assert len(disagreements(results)) == len(LOSSES)


@pytest.mark.parametrize(
    ("results", "failures", "status"),
    [
        (RESULTS, {}, 0),
        (RESULTS, {"jax": "out of luck"}, 1),
        (changed(first_epoch_loss=2.0), {}, 1),
        (changed(first_epoch_loss=float("nan")), {}, 1),
        ([], {"torch": "out of luck"}, 1),
    ],
)
def test_status_and_json_tell_how_it_ended(results, failures, status, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "train", lambda *args: (list(results), failures))
    monkeypatch.setattr(demo, "draw", lambda *args: None)
    plain, told = (invoke(*more, "--output", str(tmp_path)) for more in ((), ("--json",)))
    assert plain.exit_code == told.exit_code == status
    held = json.loads(told.stdout)
    assert [result["accuracy"] for result in held["results"]] == [result.accuracy for result in results]
    assert (held["failures"], held["picture"]) == (failures, str(tmp_path / "demo.png") if results else None)
    assert any(one["disagreements"] for one in held["comparisons"]) == (status == 1 and not failures)
    assert all(f"{name} failed." in told.stderr for name in failures)


def test_disagreement_is_said(capsys):
    demo.say_whether_backends_agree(compare_backends(changed(first_epoch_loss=2.0)))
    assert "do not agree" in capsys.readouterr().out
    demo.say_whether_backends_agree(compare_backends(RESULTS))
    assert "The backends agree." in capsys.readouterr().out


def test_within_to_between_by_hand():
    """Class k lies at 10 k on a line, as two points 1 away from their mean."""
    labels = np.repeat(np.arange(10), 2)
    features = np.stack([10.0 * labels, np.tile([-1.0, 1.0], 10)], axis=1)
    between = 10 * np.mean([j - i for j in range(10) for i in range(j)])
    np.testing.assert_allclose(within_to_between(features, labels), 1 / between)


def test_spread_of_one_value_has_no_deviation():
    assert spread([0.5]) == "0.500"
    assert spread([0.4, 0.6]) == "0.500 ± 0.141"
