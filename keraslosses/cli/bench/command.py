"""`python -m keraslosses bench`: time and memory of the losses, compared with other libraries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.backends_option import BackendNames, chosen_backends, say_which_are_absent
from keraslosses.cli.bench import report
from keraslosses.cli.bench.cases import CASES, HUGE, SIZES, modes_of, plan_of, planned
from keraslosses.cli.bench.results import Key, Row, as_data, by_mode, load, row_from, slower
from keraslosses.cli.bench.without import known_forms
from keraslosses.cli.names import known_name, loss_name, parts_of
from keraslosses.cli.output_file import checked_output
from keraslosses.portability.processes import backends
from keraslosses_child import Lost

WORKER = "keraslosses.cli.bench.worker"

# Makes a row of what a worker tells.
Read = Callable[[dict[str, Any]], Any]

console = Console()
errors = Console(stderr=True)


@dataclass
class Run:
    """The output of the child processes: rows, versions by backend, and failures."""

    rows: list[Any] = field(default_factory=list)
    versions: report.Versions = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", parser=loss_name, help="Losses to measure. Default: all."),
    ] = None,
    backend_names: BackendNames = None,
    sizes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help=f"Sizes of the inputs, separated by commas: {', '.join(SIZES)}. Default: these three. "
            f"{HUGE} is for heads on a GPU.",
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(min=0.001, metavar="NUMBER", help="Seconds to measure each row, without the warm-up."),
    ] = 1.0,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Faster forms of losses to switch off, separated by commas, to see how much they save.",
        ),
    ] = None,
    as_accelerator: Annotated[
        bool,
        typer.Option(
            "--as-accelerator",
            help="On torch, look at no value, as on an accelerator. The table shows the kernels of a call.",
        ),
    ] = False,
    torch_compile: Annotated[
        bool,
        typer.Option(
            "--torch-compile",
            help="On torch, measure with torch.compile too. Each row compiles first, for 10 to 30 seconds.",
        ),
    ] = False,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The .md file to write the tables to.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="What `bench --json` printed earlier, in a file. Fail if a row's ratio to its best peer has "
            "grown; if there is no peer, its ratio to the copy.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(min=0.0, metavar="NUMBER", help="How much a ratio may grow, relative to the old ratio."),
    ] = 0.25,
) -> None:
    """Measure each loss with its gradient against the same loss of other libraries.

    All libraries get the same inputs. Each one is compiled as its users compile it: TensorFlow with and
    without XLA, JAX with jit, torch eager and, with --torch-compile, compiled. A peer that computes another
    value or gradient is left out.
    """
    losses, measured_on = chosen_losses(names or []), chosen_backends(backend_names)
    off = chosen_forms(parts_of(without), measured_on)
    plan = plan_of(losses, chosen_sizes(sizes), seconds, off, as_accelerator, torch_compile)
    wanted = keys(plan, measured_on)
    old = earlier_rows(against, wanted)
    page = checked_output(output, (".md",))
    say_which_are_absent(errors if as_json else console)
    run = measure(measured_on, plan, len(wanted), WORKER, row_from)
    grown = slower(run.rows, old, tolerance)
    if page:
        page.write_text(report.markdown(run.rows, run.versions), "utf-8")
    if as_json:
        say_json(as_data(run.rows), **circumstances(run), slower=grown)
    else:
        say(run, kernels=as_accelerator)
        if old:
            say_what_is_slower(grown, against, tolerance)
    say_failures(run)
    raise typer.Exit(1 if run.failures or grown else 0)


def chosen_losses(names: Sequence[str]) -> list[str]:
    """The losses to measure: all, if no name is given."""
    known = list(dict.fromkeys(case.loss for case in CASES))
    meant = [known_name(name, sorted(known), "a loss of the benchmark", "NAME") for name in names]
    return list(dict.fromkeys(meant)) or known


def chosen_sizes(texts: Sequence[str] | None) -> list[str]:
    """The sizes that the user named: all, if none is named."""
    meant = [known_name(name, (*SIZES, HUGE), "a size", "--sizes") for name in parts_of(texts)]
    return list(dict.fromkeys(meant)) or list(SIZES)


def chosen_forms(names: Sequence[str], backends: Sequence[str]) -> list[str]:
    """The forms that are meant.

    A name that no form has, or a form of a backend that is not measured, is a usage error.
    """
    known = known_forms()
    meant = [known_name(name, sorted(known), "a faster form", "--without") for name in names]
    for name in meant:
        if known[name].backend not in backends:
            raise typer.BadParameter(
                f"{name!r} is a form for {known[name].backend}, but this run does not measure it.",
                param_hint="--without",
            )
    return meant


def keys(plan: dict[str, Any], names: Sequence[str]) -> set[Key]:
    """The rows to measure on the backends."""
    pairs = planned(plan["losses"], plan["sizes"])
    modes = [mode for name in names for mode in modes_of(name, plan["torch_compile"])]
    return {(case.title, mode, size) for case, size in pairs for mode in modes}


def earlier_rows(path: Path | None, wanted: set[Key]) -> dict[Key, Row]:
    """The rows of an earlier run, to compare with the rows of this run."""
    if path is None:
        return {}
    try:
        rows = load(path)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error), param_hint="--against") from None
    if not rows.keys() & wanted:
        raise typer.BadParameter(
            f"{str(path)!r} has none of the rows that this run measures.", param_hint="--against"
        )
    return rows


def measure(names: Sequence[str], plan: dict[str, Any], total: int, worker: str, read: Read) -> Run:
    """Measures on one backend after the other. `read` makes a row of what the worker tells."""
    run = Run()
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task("", total=total)
        for name in names:
            progress.update(task, description=f"{name}: starting")
            try:
                measure_on(name, plan, worker, read, run, progress, task)
            except Lost as error:
                run.failures.append(f"{name} failed. {error.told}")
        progress.update(task, completed=total, description="done")
    return run


def measure_on(
    backend: str, plan: dict[str, Any], worker: str, read: Read, run: Run, progress: Progress, task: TaskID
) -> None:
    """Adds the results of one backend. Its process may use all cores, like the process of a user."""
    for event in backends.run_worker(worker, backend, plan, environment={}):
        kind = event.pop("event")
        if kind == "versions":
            run.versions[backend] = event["versions"]
        elif kind == "start":
            described = f"{event['mode']}: {event['loss']}, {event['size']}"
            progress.update(task, description=described)
        else:
            progress.advance(task)
            if kind == "row":
                run.rows.append(read(event))
            else:
                place = f"{event['loss']}, {event['mode']}, {event['size']}"
                run.failures.append(f"{place} failed: {event['error']}")


def say(run: Run, kernels: bool) -> None:
    """Prints the tables, the summary, the machine and the versions."""
    for mode, rows in by_mode(run.rows).items():
        console.print(report.table(mode, rows, kernels), "")
    if run.rows:
        console.print(
            "Times are medians. spread: interquartile range of our times, in percent of their median. "
            "best peer: the library of the fastest peer. ratio: median of our time / its time, round by "
            "round. MB: memory added at the peak of one call. "
            + (report.OF_KERNELS if kernels else report.OF_COPY),
            style="dim",
            highlight=False,
        )
        for line in [*report.summary(run.rows), *report.circumstances(run.versions)]:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def say_failures(run: Run) -> None:
    for failure in run.failures:
        errors.print(failure, style="red", markup=False, highlight=False)


def circumstances(run: Run) -> dict[str, Any]:
    """Where the run took place and what failed, as data for JSON."""
    return {"machine": report.machine(), "versions": run.versions, "failures": run.failures}


def say_what_is_slower(lines: Sequence[str], path: Path | None, tolerance: float) -> None:
    """Prints the rows whose ratio grew."""
    if not lines:
        console.print(f"No row is slower than in {path}.", style="green", highlight=False)
        return
    console.print(f"Slower than in {path} by more than {tolerance:.0%}:", style="bold red", highlight=False)
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
