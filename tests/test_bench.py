"""The benchmark: its run from end to end, what it measures and compares, and what it says to wrong use."""

import dataclasses
import gc
import io
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import keraslosses
from keraslosses.cli.app import app
from keraslosses.cli.bench import command as bench
from keraslosses.cli.bench import peers as bench_peers
from keraslosses.cli.bench import report, timing
from keraslosses.cli.bench import worker as bench_worker
from keraslosses.cli.bench.calls import copy, with_gradient
from keraslosses.cli.bench.cases import CASES, HEADS, HUGE, MODES, SIZES, TORCH_COMPILE, modes_of, planned
from keraslosses.cli.bench.results import (
    Peer,
    Row,
    as_data,
    load,
    median_ratio,
    notable,
    row_from,
    slower,
)
from keraslosses.cli.bench.without import unchecked
from keraslosses.core import backend as seam
from keraslosses.core.backend import forms
from keraslosses.portability.processes import backends

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

QUICK = ["--sizes", "small", "--seconds", "0.01"]


def invoke(*arguments):
    return CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["bench", *arguments])


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run of two losses on the running backend: its JSON in a file, and its Markdown."""
    folder, backend = tmp_path_factory.mktemp("bench"), keras.backend.backend()
    page = folder / "new" / "bench.md"
    command = [sys.executable, "-m", "keraslosses", "bench", "Huber", "BalancedL1", "--backends", backend]
    done = subprocess.run(
        [*command, *QUICK, "--json", "--output", str(page)],
        env={**os.environ, "KERAS_BACKEND": backend, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (folder / "bench.json").write_text(done.stdout, "utf-8")
    return folder / "bench.json", page.read_text("utf-8")


@pytest.mark.deep
def test_json_holds_every_row_with_its_peers(measured, backend):
    path, _ = measured
    saved = json.loads(path.read_text("utf-8"))
    assert saved["failures"] == saved["slower"] == []
    assert "bench Huber BalancedL1 --backends" in saved["command"]
    assert " cores" in saved["machine"]
    assert saved["versions"][backend]["keras"] == keras.__version__
    assert saved["versions"][backend][backend]
    rows = [row_from(row) for row in saved["results"]]
    wanted = [(loss, mode, "small") for loss in ("Huber", "BalancedL1") for mode in MODES[backend]]
    assert [row.key for row in rows] == wanted
    for row in rows:
        assert row.ms > 0 and row.copy_ms > 0 and row.copy_ratio > 0
        assert row.rounds >= timing.FEWEST_ROUNDS
        assert row.memory is None or row.memory >= 0
        assert row.dropped == []
        names = {peer.name.split(".")[0] for peer in row.peers}
        native = {"tensorflow": set(), "jax": {"optax"}, "torch": {"F"}}[backend]
        assert names == ({"keras"} | native if row.loss == "Huber" else set())


@pytest.mark.deep
def test_markdown_holds_the_same_rows(measured, backend):
    path, text = measured
    assert [line[4:] for line in text.splitlines() if line.startswith("### ")] == list(MODES[backend])
    for row in load(path).values():
        assert f"| {' | '.join(report.cells(row))} |" in text
    assert "- Command: `python -m keraslosses bench Huber BalancedL1 " in text


# The cases


def test_every_loss_has_a_case_and_every_case_a_loss_or_head():
    heads = {case.loss for case in CASES if case.sizes is HEADS}
    assert {case.loss for case in CASES} - heads == set(keraslosses.names())
    assert all(issubclass(getattr(keraslosses, name), keras.layers.Layer) for name in heads)


def test_titles_tell_the_cases_apart():
    assert len({case.title for case in CASES}) == len(CASES)


def test_every_peer_is_of_a_case():
    tables = [bench_peers.OF_KERAS, *bench_peers.OF_BACKEND.values()]
    assert {title for peers in tables for title in peers} <= {case.title for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_peers_compute_what_ours_computes(case, backend):
    """Each peer that is installed, in the smallest size: none may be left out when the benchmark runs."""
    y_true, y_pred = bench_worker.tensors_of(case, "small")
    assert list(case.shapes) == [*SIZES, *([HUGE] if case.sizes is HEADS else [])]
    loss = bench_worker.ours_of(case, case.shapes["small"])
    mode, peers = MODES[backend][0], bench_peers.peers_of(case)
    ours = with_gradient(loss, y_true, y_pred, mode)
    kept, dropped = bench_worker.agreeing(ours, peers, y_true, y_pred, mode)
    assert dropped == []
    assert kept.keys() == peers.keys()


def test_plan_takes_the_losses_and_sizes_that_are_asked_for():
    assert [size for _, size in planned(["Huber"], SIZES)] == list(SIZES)
    assert [(case.loss, size) for case, size in planned(["LogCosh"], ["large"])] == [("LogCosh", "large")]


# Measuring


def drawn(backend):
    y_true, y_pred = (keras.ops.convert_to_tensor(array) for array in CASES[0].inputs("small"))
    return y_true, y_pred, MODES[backend][0]


def test_peer_that_computes_something_else_is_left_out(backend):
    y_true, y_pred, mode = drawn(backend)
    ours = with_gradient(keraslosses.MeanSquaredError(), y_true, y_pred, mode)

    def broken(y_true, y_pred):
        raise RuntimeError("no kernel\nand a long trace")

    def stopped(y_true, y_pred):
        error = y_pred - y_true
        return keras.ops.mean(keras.ops.stop_gradient(error) * error)

    peers = {
        "right": keras.losses.MeanSquaredError(),
        "other": lambda y, p: 1.01 * keras.losses.MeanSquaredError()(y, p),
        "nan": lambda y, p: float("nan") * keras.losses.MeanSquaredError()(y, p),
        "gradient": stopped,
        "broken": broken,
    }
    kept, dropped = bench_worker.agreeing(ours, peers, y_true, y_pred, mode)
    assert list(kept) == ["right"]
    assert [line.partition(" ")[0] for line in dropped] == ["other", "nan", "gradient", "broken"]
    assert "computes something else: value" in dropped[0]
    assert "computes something else: gradient" in dropped[2]
    assert "RuntimeError" in dropped[3]


def test_step_gives_value_and_gradient_in_every_mode(backend):
    y_true, y_pred, _ = drawn(backend)
    error = keras.ops.convert_to_numpy(y_pred) - keras.ops.convert_to_numpy(y_true)
    for mode in MODES[backend]:
        step = with_gradient(keraslosses.MeanSquaredError(), y_true, y_pred, mode)
        value, gradient = bench_worker.results_of(step)
        np.testing.assert_allclose(value, np.mean(error**2), rtol=1e-5)
        np.testing.assert_allclose(gradient, 2 * error / error.size, rtol=1e-5)


def test_memory_is_at_least_that_of_the_gradient(backend):
    """Arrays of 32 MB, because small ones hide in what the process holds free already."""
    y_true, y_pred = keras.ops.ones((2048, 4096)), keras.ops.zeros((2048, 4096))
    for mode in MODES[backend]:
        loss = with_gradient(keraslosses.MeanSquaredError(), y_true, y_pred, mode)
        for step in (loss, copy(y_pred, mode)):
            step.run()
            memory = step.memory()
            assert memory is None or 31 <= memory <= 320, mode


def test_kernels_are_counted(backend):
    """A copy is one; a loss with its gradient is several, but for a compiler fewer than for none."""
    y_true, y_pred = keras.ops.ones((64, 32)), keras.ops.zeros((64, 32))
    counts = {}
    for mode in MODES[backend]:
        assert copy(y_pred, mode).kernels() == 1
        counts[mode] = with_gradient(keraslosses.LogCosh(), y_true, y_pred, mode).kernels()
    assert min(counts.values()) >= 3 and max(counts.values()) <= 40
    if backend == "tensorflow":
        assert counts["tensorflow, XLA"] < counts["tensorflow"]


def test_calls_take_turns_and_warming_up_is_not_counted():
    order = []
    times = timing.in_turn([lambda n=n: order.append((n, gc.isenabled())) for n in "abc"], 0.0)
    turns = "abc" * timing.WARM_UPS + "abccba" * timing.FEWEST_ROUNDS
    assert turns.startswith("".join(name for name, _ in order))
    assert times.shape == (3, timing.FEWEST_ROUNDS)
    assert not any(enabled for _, enabled in order[3 * timing.WARM_UPS :])
    assert gc.isenabled()


def test_rounds_are_repeated_until_the_time_has_passed(monkeypatch):
    calls = []
    monkeypatch.setattr(timing.time, "perf_counter", lambda: float(len(calls)))
    assert timing.in_turn([lambda: calls.append(1)], 20.0).shape == (1, 20)


def test_ratio_is_of_neighbours_and_spread_of_the_middle_half():
    """A machine that slows down tenfold on the way: the ratios stay, the medians would not."""
    ours, other = np.array([2.0, 2.0, 20.0, 20.0, 20.0]), np.array([1.0, 1.0, 1.0, 10.0, 10.0])
    assert timing.ratio(ours, other) == 2.0
    assert timing.spread(np.array([1.0, 2.0, 3.0, 4.0, 50.0])) == pytest.approx(100 * 2 / 3)


# Results

PEERS = [Peer("slow", 4.0, 1.0, 0.5, None, 5), Peer("fast", 2.0, 1.0, 1.0, 8.0, 3)]
WITH_PEER = Row("Huber", "jax", "small", [2, 3], 2.0, 5.0, 9, 4.0, 7, 0.5, 4.0, PEERS, [])
ALONE = dataclasses.replace(WITH_PEER, loss="BalancedL1", peers=[])


def with_ratio(ratio):
    return dataclasses.replace(WITH_PEER, peers=[PEERS[0], dataclasses.replace(PEERS[1], ratio=ratio)])


def save(path, rows):
    path.write_text(json.dumps({"results": as_data(rows)}), "utf-8")


def test_best_peer_is_the_fastest():
    assert WITH_PEER.best.name == "fast"
    assert ALONE.best is None


def test_summary_counts_rows_with_a_peer():
    rows = [with_ratio(1.0), with_ratio(1.05), with_ratio(1.2), ALONE]
    assert median_ratio(rows) == 1.05
    assert median_ratio([ALONE]) is None
    assert notable(rows) == ["Huber, jax, small: 1.20 times fast (7 kernels, its 3; 4.0 copies)"]


def test_rows_are_slower_by_the_ratio_to_the_peer_or_to_the_copy():
    old = {row.key: row for row in (WITH_PEER, ALONE)}
    assert slower([with_ratio(1.24), dataclasses.replace(ALONE, copy_ratio=4.9)], old, 0.25) == []
    assert slower([with_ratio(1.26)], old, 0.25) == ["Huber, jax, small: 1.26 times fast, before 1.00"]
    assert slower([with_ratio(1.26)], old, 0.3) == []
    assert slower([dataclasses.replace(ALONE, copy_ratio=5.1)], old, 0.25) == [
        "BalancedL1, jax, small: 5.10 times copy, before 4.00"
    ]
    lost_its_peer = dataclasses.replace(WITH_PEER, peers=[], copy_ratio=9.0)
    assert slower([lost_its_peer], old, 0.25) == ["Huber, jax, small: 9.00 times copy, before 4.00"]
    found_one = dataclasses.replace(ALONE, peers=PEERS, copy_ratio=9.0)
    assert slower([found_one], old, 0.25) == ["BalancedL1, jax, small: 9.00 times copy, before 4.00"]
    assert slower([dataclasses.replace(WITH_PEER, size="large", copy_ratio=99.0)], old, 0.25) == []


def test_what_is_saved_is_loaded(tmp_path):
    save(tmp_path / "bench.json", [WITH_PEER, ALONE])
    assert list(load(tmp_path / "bench.json").values()) == [WITH_PEER, ALONE]


def test_table_fits_into_80_columns():
    longest = max((case.title for case in CASES), key=len)
    slowest = dataclasses.replace(WITH_PEER, loss=longest, ms=99999.0, memory=9999.0, copy_ms=9999.0)
    console = Console(width=80, file=io.StringIO())
    console.print(report.table("jax", [slowest, dataclasses.replace(slowest, size="middle")]))
    lines = [line.split() for line in console.file.getvalue().splitlines() if "99999" in line]
    values = ["99999", "5", "%", "fast", "2.00", "1.00", "9999.0", "8.0", "9999"]
    assert [line[-10:] for line in lines] == [["small", *values], ["middle", *values]]


def test_kernels_stand_in_place_of_the_copy_if_they_are_asked_for():
    console = Console(width=80, file=io.StringIO())
    console.print(report.table("torch", [WITH_PEER], kernels=True))
    assert console.file.getvalue().split()[-3:] == ["7", ":", "3"]
    assert "copy" not in console.file.getvalue()


def test_numbers_have_three_digits():
    assert [report.number(x) for x in (0.01234, 1.5, 12.34, 123.4)] == ["0.0123", "1.50", "12.3", "123"]


# Against an earlier run


@pytest.fixture
def replayed(worker, monkeypatch, tmp_path):
    """Has the command measure what is given: the child process tells these rows."""

    def replay(*events):
        (tmp_path / "events.json").write_text(json.dumps(events))
        source = (
            "import json, pathlib\n"
            "for event in json.loads(pathlib.Path(__file__).with_name('events.json').read_text()):\n"
            "    print(json.dumps(event))\n"
        )
        monkeypatch.setattr(bench, "WORKER", worker(source))
        monkeypatch.setattr(backends, "installed", lambda: ["jax"])
        return ["Huber", "BalancedL1", *QUICK]

    return replay


def row_event(row):
    return {"event": "row", **dataclasses.asdict(row)}


def test_run_prints_a_table_for_each_mode_and_where_it_ran(replayed):
    other = dataclasses.replace(ALONE, mode="torch")
    told = {"event": "versions", "versions": {"keras": keras.__version__}}
    printed = invoke(*replayed(told, row_event(WITH_PEER), row_event(other))).stdout
    assert "\njax " in printed and "\ntorch " in printed
    assert "Median ratio to the best peer: jax 1.00" in printed
    assert f"jax: keras {keras.__version__}" in printed
    assert "Command: `python -m keraslosses " in printed and " cores" in printed


def test_json_is_all_that_is_printed_also_when_rows_are_lost_and_slower(replayed, tmp_path):
    place = {"loss": "BalancedL1", "mode": "jax", "size": "small"}
    arguments = replayed(row_event(WITH_PEER), {"event": "failed", **place, "error": "KeyError: 'x'"})
    save(tmp_path / "old.json", [with_ratio(0.7)])
    result = invoke(*arguments, "--json", "--against", str(tmp_path / "old.json"))
    assert result.exit_code == 1
    printed = json.loads(result.stdout)
    assert printed["results"] == as_data([WITH_PEER])
    assert printed["slower"] == ["Huber, jax, small: 1.00 times fast, before 0.70"]
    assert printed["failures"] == ["BalancedL1, jax, small failed: KeyError: 'x'"]
    assert printed["failures"][0] in result.stderr
    assert "Left out because not installed: tensorflow, torch." in result.stderr


def test_against_an_equal_run_passes(replayed, tmp_path):
    arguments = replayed(
        {"event": "versions", "versions": {"jax": "1"}}, row_event(WITH_PEER), row_event(ALONE)
    )
    save(tmp_path / "old.json", [WITH_PEER, ALONE])
    result = invoke(*arguments, "--against", str(tmp_path / "old.json"))
    assert result.exit_code == 0, result.output
    assert "No row is slower" in result.stdout


def test_against_a_faster_run_fails_and_names_the_rows(replayed, tmp_path):
    arguments = replayed(row_event(WITH_PEER), row_event(ALONE))
    save(tmp_path / "old.json", [with_ratio(0.7), ALONE])
    result = invoke(*arguments, "--against", str(tmp_path / "old.json"))
    assert result.exit_code == 1
    assert "by more than 25%" in result.stdout
    assert "Huber, jax, small: 1.00 times fast, before 0.70" in result.stdout
    assert "BalancedL1, jax" not in result.stdout.partition("by more than")[2]
    tolerant = invoke(*arguments, "--against", str(tmp_path / "old.json"), "--tolerance", "0.5")
    assert tolerant.exit_code == 0


def test_loss_that_cannot_run_is_reported_and_fails(replayed):
    place = {"loss": "Huber", "mode": "jax", "size": "small"}
    result = invoke(*replayed({"event": "failed", **place, "error": "KeyError: 'x'"}, row_event(ALONE)))
    assert result.exit_code == 1
    assert "Huber, jax, small failed: KeyError: 'x'" in result.stderr
    assert "BalancedL1" in result.stdout


def test_worker_goes_on_after_a_loss_that_cannot_run(monkeypatch, backend):
    def measure(case, *rest):
        if case.loss == "Huber":
            raise RuntimeError("out of luck\nand a long trace")
        return ALONE

    told = []
    monkeypatch.setattr(bench_worker, "measure", measure)
    plan = {
        "losses": ["Huber", "BalancedL1"],
        "sizes": ["small"],
        "seconds": 0.01,
        "without": [],
        "as_accelerator": False,
        "torch_compile": False,
    }
    bench_worker.work(plan, told.append)
    kinds = [event["event"] for event in told]
    modes = len(MODES[backend])
    assert kinds == ["versions", *["start", "failed"] * modes, *["start", "row"] * modes]
    assert told[2]["error"] == "RuntimeError: out of luck"


def test_what_is_measured_without_a_form_is_the_formula(monkeypatch, backend):
    form, contract = forms.HUBER, keraslosses.huber.contract
    monkeypatch.setattr(contract, "faster", contract.faster)
    serves = contract.faster.mean is not None
    assert serves == (form.backend == backend)
    seen = []
    monkeypatch.setattr(bench_worker, "measure", lambda *rest: seen.append(contract.faster) or ALONE)
    plan = {
        "losses": ["BalancedL1"],
        "sizes": ["small"],
        "seconds": 0.01,
        "as_accelerator": False,
        "torch_compile": False,
    }
    bench_worker.work({**plan, "without": [form.name]}, lambda event: None)
    assert [faster.mean for faster in seen] == [None] * len(MODES[backend])
    bench_worker.work({**plan, "without": []}, lambda event: None)
    assert (seen[-1].mean is not None) == serves


def test_a_slow_row_shows_what_the_check_of_ranges_costs():
    fast = dataclasses.replace(PEERS[1], ratio=1.5, unchecked=1.04)
    (line,) = notable([dataclasses.replace(WITH_PEER, peers=[fast])])
    assert "1.50 times" in line and "(without the check of ranges 1.04; " in line


def test_unchecked_is_the_loss_without_the_check_of_ranges():
    loss = keraslosses.Dice()
    y_true, y_pred = (keras.ops.full((1, 4, 4), number) for number in (1.0, 2.0))
    assert np.isfinite(float(unchecked(loss)(y_true, y_pred)))
    with pytest.raises(ValueError, match="probabilities"):
        loss(y_true, y_pred)
    assert unchecked(keraslosses.Huber()) is None
    assert unchecked(lambda y_true, y_pred: 0.0) is None


def test_the_time_without_the_check_is_measured_where_there_is_one(backend):
    for case in (case for case in CASES if case.loss in ("KLDivergence", "MeanSquaredError")):
        inputs = bench_worker.tensors_of(case, "small")
        row = bench_worker.measure(case, "small", MODES[backend][0], inputs, 0.001)
        checked = case.loss == "KLDivergence"
        assert row.peers and all((peer.unchecked is not None) == checked for peer in row.peers)


def test_the_child_process_is_told_what_to_do_without(monkeypatch):
    plans = []
    monkeypatch.setattr(backends, "installed", lambda: ["torch"])
    monkeypatch.setattr(backends, "run_worker", lambda *args, **options: iter(plans.append(args[2]) or []))
    invoke("Huber", "--without", "HUBER,log-cosh", *QUICK)
    assert [plan["without"] for plan in plans] == [["huber", "log_cosh"]]


def test_as_accelerator_measures_with_no_look_at_values(monkeypatch, backend):
    """On torch; the other backends look at no value in a step anyway."""
    plan = {"losses": ["Huber"], "sizes": ["small"], "seconds": 0.01, "without": [], "torch_compile": False}
    seen, value = [], keras.ops.ones(())
    monkeypatch.setattr(bench_worker, "measure", lambda *rest: seen.append(seam.peek(value)) or ALONE)
    for as_accelerator in (True, False):
        bench_worker.work({**plan, "as_accelerator": as_accelerator}, lambda event: None)
    assert seen[-1] is not None
    assert (seen[0] is None) == (backend == "torch")


def test_the_command_tells_the_child_process_and_shows_the_kernels(replayed, monkeypatch):
    arguments = replayed(row_event(WITH_PEER))
    result = invoke(*arguments, "--as-accelerator")
    assert "kernels: how many kernels" in result.stdout and "7 : 3" in result.stdout
    assert "kernels: how many kernels" not in invoke(*arguments).stdout
    plans = []
    monkeypatch.setattr(backends, "run_worker", lambda *args, **options: iter(plans.append(args[2]) or []))
    invoke(*arguments, "--as-accelerator")
    invoke(*arguments)
    assert [plan["as_accelerator"] for plan in plans] == [True, False]


def test_torch_compile_is_measured_only_if_asked_for(monkeypatch):
    plans = []
    monkeypatch.setattr(backends, "installed", lambda: ["torch"])
    monkeypatch.setattr(backends, "run_worker", lambda *args, **options: iter(plans.append(args[2]) or []))
    invoke("Huber", "--torch-compile", *QUICK)
    invoke("Huber", *QUICK)
    assert [modes_of("torch", plan["torch_compile"]) for plan in plans] == [
        ("torch", TORCH_COMPILE),
        ("torch",),
    ]
    assert modes_of("jax", torch_compile=True) == MODES["jax"]


def test_kernels_that_are_not_counted_are_a_dash():
    peer = dataclasses.replace(WITH_PEER.peers[0], kernels=None, ratio=2.0)
    row = dataclasses.replace(WITH_PEER, kernels=None, peers=[peer])
    assert report.cells(row)[-1] == "– : –"
    (line,) = notable([row])
    assert "kernels" not in line and line.endswith(" copies)")


def test_a_form_of_a_backend_that_is_not_measured_is_an_error_of_usage(monkeypatch):
    monkeypatch.setattr(backends, "installed", lambda: ["jax"])
    result = invoke("Huber", "--without", "huber", *QUICK)
    assert result.exit_code == 2
    said = " ".join(result.stderr.replace("│", " ").split())
    assert "'huber' is a form for torch, but this run does not measure it" in said


def test_crash_of_a_backend_is_reported_and_fails(worker, monkeypatch):
    monkeypatch.setattr(bench, "WORKER", worker("raise RuntimeError('out of luck')"))
    monkeypatch.setattr(backends, "installed", lambda: ["jax", "torch"])
    result = invoke("Huber", *QUICK)
    assert result.exit_code == 1
    assert "Left out because not installed: tensorflow." in result.stdout
    assert "jax failed. The process ended with status 1." in result.stderr
    assert "torch failed. The process ended with status 1." in result.stderr


def test_benchmark_runs_on_all_cores(worker, monkeypatch, backend):
    """The demo's limit of one thread would not be what users run."""
    seen = []
    monkeypatch.setattr(backends, "run_worker", lambda *args, **options: iter(seen.append(options) or []))
    invoke("Huber", "--backends", backend, *QUICK)
    assert seen == [{"environment": {}}]


# Wrong use


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Hubert"], "'Hubert' is not a loss of the benchmark; choose from AMSoftmax, "),
        (["--backends", "theano"], "'theano' is not a backend"),
        (["--sizes", "small,tiny"], "'tiny' is not a size; choose from small, middle, large, huge"),
        (["--seconds", "0"], "--seconds"),
        (["--without", "hubert"], "'hubert' is not a faster form; choose from binary_crossentropy, "),
        (["--tolerance", "-1"], "--tolerance"),
        (["--output", "folder.md"], "the file 'folder.md' cannot be written"),
        (["--output", "notes.txt/bench.md"], "--output: 'notes.txt' cannot be made"),
        (
            ["--output", "bench.json"],
            "--output: the name of the file must end in .md. Received: 'bench.json'",
        ),
        (["--sizes", "smal"], "Did you mean 'small'?"),
        (["--backends", "pytorch"], "Did you mean 'torch'?"),
        (["--against", "absent.json"], "absent.json"),
        (["--against", "notes.txt"], "'notes.txt' is not what `bench --json` prints"),
        (["--against", "list.json"], "'list.json' is not what `bench --json` prints"),
        (["LogCosh", "--against", "old.json"], "'old.json' has none of the rows that this run measures"),
    ],
)
def test_wrong_use_is_an_error_of_usage(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "measure", lambda *args: pytest.fail("the run began"))
    (tmp_path / "notes.txt").write_text("no JSON")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "folder.md").mkdir()
    save(tmp_path / "old.json", [WITH_PEER])
    before = sorted(tmp_path.iterdir())
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert sorted(tmp_path.iterdir()) == before
