"""`steps`: the measured tasks, the fitted exponents, and what is printed and saved."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from keraslosses.cli.app import app
from keraslosses.cli.bench.cases import MODES, SIZES
from keraslosses.cli.bench.results import Peer, Row
from keraslosses.cli.steps import command as steps
from keraslosses.cli.steps import report, worker
from keraslosses.cli.steps.growth import GROWTHS, OURS, POINTS, exponent, lines
from keraslosses.cli.steps.picture import picture
from keraslosses.cli.steps.results import Grown, Trained, as_data, grown_lines, result_from
from keraslosses.cli.steps.tasks import TASKS
from keraslosses.portability.processes import backends

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

STEP = Trained("cnn", "jax", "small", 2.0, 5.0, 9, "keras.losses.Huber", 1.0, 2.0, "")
ALONE = Trained("head", "jax", "small", 2.0, 5.0, 9, "keras.losses.Huber", None, None, "raises KeyError: 'x'")

BOXES = "boxes"


def grown(length, ms, *peers, growth=BOXES, mode="jax"):
    made = [Peer(name, took, 1.0, 1.0, None, 5) for name, took in peers]
    return Grown(growth, Row("CIoU", mode, str(length), [length, 4], ms, 1.0, 9, None, 5, 1.0, 1.0, made, []))


# Twice the time for twice the boxes; the peer's time grows with their square.
RESULTS = [STEP, ALONE, *(grown(n, n / 50, ("slow", n * 1.0), ("fast", n * n / 1e6)) for n in (10, 40, 160))]


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["steps", *arguments])


# Growth


@pytest.mark.parametrize("power", [0.5, 1.0, 2.3])
def test_exponent_of_a_power_law(power):
    lengths = np.array([4, 16, 64, 256])
    assert exponent(lengths, 0.03 * lengths**power) == pytest.approx(power)


def test_exponent_is_of_the_largest_lengths():
    """The start of a call takes the same time for every length: it hides the power at small ones."""
    lengths = np.array([1, 10, 100, 1000])
    assert exponent(lengths, [50.0, 1.0, 10.0, 100.0]) == pytest.approx(1.0)


def test_lines_are_ours_and_of_the_peer_that_is_fastest_at_the_largest_length():
    ours, peer = grown_lines(RESULTS)
    assert (ours.name, peer.name) == (OURS, "fast")
    assert ours.lengths == peer.lengths == [10, 40, 160]
    assert ours.exponent == pytest.approx(1.0)
    assert peer.exponent == pytest.approx(2.0)


def test_backends_have_lines_of_their_own():
    other = [grown(n, n * 1.0, mode="torch") for n in (10, 40, 160)]
    assert [(line.mode, line.name) for line in grown_lines([*RESULTS, *other])] == [
        ("jax", OURS),
        ("jax", "fast"),
        ("torch", OURS),
    ]


def test_two_lengths_have_no_exponent():
    rows = [grown(n, 1.0).row for n in (10, 40)]
    assert lines(BOXES, rows) == []


def test_a_peer_that_was_left_out_at_some_lengths_has_no_line():
    rows = [grown(n, 1.0).row for n in (10, 40)] + [grown(160, 1.0, ("fast", 0.5)).row]
    assert [line.name for line in lines(BOXES, rows)] == [OURS]


@pytest.mark.parametrize("name", GROWTHS)
@pytest.mark.parametrize("size", SIZES)
def test_inputs_grow_along_one_axis(name, size):
    growth = GROWTHS[name]
    case, lengths = growth.case(size), growth.lengths(size)
    assert len(lengths) == POINTS and list(case.shapes) == [str(length) for length in lengths]
    for length, shape in zip(lengths, case.shapes.values(), strict=True):
        assert shape[growth.axis] == length
        assert np.delete(shape, growth.axis).tolist() == np.delete(growth.shape, growth.axis).tolist()
    if size == "small":
        y_true, y_pred = case.inputs(str(lengths[0]))
        assert len(y_true) == len(y_pred) and y_pred.shape == case.shapes[str(lengths[0])]


# Training steps


@pytest.mark.deep
@pytest.mark.parametrize("name", TASKS)
def test_both_models_train_to_the_same_loss(name):
    """The peer is left out if its loss differs after a few steps; so the gradients agree too."""
    measured = worker.train(name, "small", 0.01)
    assert measured.dropped == ""
    assert measured.ms > 0 and measured.peer_ms > 0 and measured.ratio > 0
    assert measured.mode == MODES[keras.backend.backend()][-1]


def test_a_peer_that_computes_something_else_is_left_out():
    def raises():
        raise KeyError("x")

    assert worker.difference(1.0, lambda: 1.0005) == ""
    assert worker.difference(1.0, lambda: 1.1) == "computes something else: loss 1.1, ours 1"
    assert worker.difference(float("nan"), lambda: 1.0) == "computes something else: loss 1, ours nan"
    assert worker.difference(1.0, raises) == "raises KeyError: 'x'"


@pytest.mark.parametrize("name", TASKS)
def test_sizes_of_a_task_are_those_of_the_benchmark(name):
    assert list(TASKS[name].sizes) == list(SIZES)


def test_the_head_has_100_000_classes():
    head = TASKS["head"].sizes
    assert head["middle"]["classes"] == head["large"]["classes"] == 100_000


# Results


def test_what_is_saved_is_read():
    assert [result_from(values) for values in json.loads(json.dumps(as_data(RESULTS)))] == RESULTS


def test_markdown_holds_every_result():
    text = report.markdown(RESULTS)
    assert "| cnn | jax | 2.00 | 5 % | keras.losses.Huber | 1.00 | 2.00 |" in text
    assert "| head | jax | 2.00 | 5 % | keras.losses.Huber | – | – |" in text
    assert "| boxes | CIoU | jax | ours | 10 | 160 | 3.20 | 1.00 |" in text
    assert "| boxes | CIoU | jax | fast | 10 | 160 | 0.0256 | 2.00 |" in text
    assert report.left_out(RESULTS) == ["head, jax: keras.losses.Huber raises KeyError: 'x'"]


def test_picture_has_a_panel_for_each_growth():
    more = [grown(n, n * 1.0, growth="frames") for n in (10, 20, 40)]
    panels = [axes for axes in picture(grown_lines([*RESULTS, *more])).axes if axes.axison]
    assert [axes.get_xlabel() for axes in panels] == ["frames", BOXES]
    labels = [line.get_label() for line in panels[1].lines]
    assert labels == ["jax, ours: 1.00", "jax, fast: 2.00"]
    assert panels[1].lines[0].get_ydata().tolist() == [0.2, 0.8, 3.2]


# The command


@pytest.fixture
def replayed(worker, monkeypatch, tmp_path):
    """Has the command measure what is given: the child process tells these events."""

    def replay(*events):
        (tmp_path / "events.json").write_text(json.dumps(events))
        source = (
            "import json, pathlib\n"
            "for event in json.loads(pathlib.Path(__file__).with_name('events.json').read_text()):\n"
            "    print(json.dumps(event))\n"
        )
        monkeypatch.setattr(steps, "WORKER", worker(source))
        monkeypatch.setattr(backends, "installed", lambda: ["jax"])

    replay(*({"event": "row", **values} for values in as_data(RESULTS)))
    return replay


def test_tables_and_picture(replayed, tmp_path):
    result = invoke("--output", str(tmp_path / "new" / "growth.png"))
    assert result.exit_code == 0, result.output
    said = [line.split() for line in result.stdout.splitlines()]
    assert ["cnn", "jax", "2.00", "5", "%", "keras", "1.00", "2.00"] in said
    assert [BOXES, "CIoU", "jax", "ours", "10", "160", "3.20", "1.00"] in said
    assert "head, jax: keras.losses.Huber raises KeyError: 'x'" in result.stdout
    assert (tmp_path / "new" / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_all_that_is_printed(replayed):
    place = {"loss": "head", "mode": "jax", "size": "small"}
    replayed({"event": "row", **as_data([STEP])[0]}, {"event": "failed", **place, "error": "KeyError: 'x'"})
    result = invoke("--json")
    printed = json.loads(result.stdout)
    assert result.exit_code == 1
    assert printed["results"] == as_data([STEP])
    assert printed["failures"] == ["head, jax, small failed: KeyError: 'x'"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dog"], "'dog' is not a task or a growth; choose from cnn, detector, "),
        (["--size", "huge"], "'huge' is not a size; choose from small, middle, large"),
        (["--output", "growth.md"], "the name of the file must end in .png or .svg. Received: 'growth.md'"),
        (["cnn", "--output", "growth.png"], "the picture shows growth. Name at least one of batch, "),
        (["--seconds", "0"], "--seconds"),
        (["--backends", "theano"], "'theano' is not a backend"),
    ],
)
def test_wrong_use_is_an_error_of_usage(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(steps, "measure", lambda *args: pytest.fail("the run began"))
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.deep_in_turn("jax", "tensorflow", "torch")
def test_a_small_run(backend, tmp_path):
    """A task and a growth on the running backend, from end to end."""
    call = ["-m", "keraslosses", "steps", "cnn", "boxes", "--size", "small", "--seconds", "0.01", "--json"]
    done = subprocess.run(
        [sys.executable, *call, "--backends", backend, "--output", str(tmp_path / "growth.svg")],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    results = [result_from(values) for values in told["results"]]
    assert told["failures"] == [] and told["versions"][backend]["keras"] == keras.__version__
    assert [result.task for result in results if isinstance(result, Trained)] == ["cnn"]
    assert [line.lengths for line in grown_lines(results)] == [GROWTHS[BOXES].lengths("small")]
    assert "<svg" in (tmp_path / "growth.svg").read_text("utf-8")
