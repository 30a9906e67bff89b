"""`python -m keraslosses check`: runs the checks on the losses of the package or on the user's code."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

import keraslosses
from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.backends_option import chosen_backends
from keraslosses.cli.check.report import report_of, say, table
from keraslosses.cli.names import known_name, loss_name, parts_of
from keraslosses.cli.output_file import checked_output
from keraslosses.core.spelling import did_you_mean
from keraslosses.portability.checks import CHECKS
from keraslosses.portability.processes import backends
from keraslosses.portability.processes.backends import share_of_memory
from keraslosses.portability.processes.request import (
    DTYPES,
    RUNS,
    WrongUse,
    chosen_checks,
    described,
)
from keraslosses.portability.processes.run import KNOWN, Plan, run, targets_in
from keraslosses.portability.report.page import page
from keraslosses.portability.report.result import FAILED, Result
from keraslosses.portability.targets.inputs import KINDS
from keraslosses.reference import REFERENCES

console = Console()
errors = Console(stderr=True)


def check(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="What to check: a loss of this package, package.module:Object, file.py:name, or a module "
            "or file with all its losses and functions. Default: all losses of this package.",
        ),
    ] = None,
    backend_names: Annotated[
        list[str] | None,
        typer.Option(
            "--backends",
            metavar="NAMES",
            help="Backends, separated by commas: tensorflow, jax, torch, numpy (values only). Default: all "
            "that are installed, except numpy.",
        ),
    ] = None,
    check_names: Annotated[
        list[str] | None,
        typer.Option(
            "--checks",
            metavar="NAMES",
            help=f"Checks, separated by commas: {', '.join((RUNS, *CHECKS))}. Default: all.",
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A loss of this package. The target must compute the same formula.",
        ),
    ] = None,
    inputs: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help=f"The inputs that the target reads, if it has no reference: {', '.join(KINDS)}, or an .npz "
            "file with the arrays y_true and y_pred.",
        ),
    ] = "real",
    shape: Annotated[
        str,
        typer.Option(metavar="SIZES", help="The shape of y_pred, including the batch, such as 8,10."),
    ] = "",
    dtype: Annotated[
        str, typer.Option(metavar="NAME", help=f"The dtype of y_pred: {', '.join(DTYPES)}.")
    ] = "float32",
    coupled: Annotated[
        bool,
        typer.Option("--coupled", metavar="", help="The value of a sample may depend on the other samples."),
    ] = False,
    rtol: Annotated[
        float,
        typer.Option(min=0.0, metavar="NUMBER", help="The relative difference allowed between the backends."),
    ] = 1e-4,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="NUMBER", help="Time limit of one check, in seconds.")
    ] = 120.0,
    memory: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="Memory limit of one process, in megabytes. Default: three quarters of the machine's "
            "memory, divided by the number of processes.",
        ),
    ] = None,
    as_json: AsJson = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The .html file to write the table and the failures to."),
    ] = None,
) -> None:
    """Check losses, functions, layers and models on every installed backend, each in its own process.

    The exit status is 0 if all checks pass, 1 if a check fails, and 2 if the call is wrong or there is
    nothing to check.
    """
    chosen, web_page = chosen_backends(backend_names, KNOWN), checked_output(output, (".html",))
    limit = memory or share_of_memory(len(chosen))
    try:
        checks = chosen_checks([check_name(name) for name in parts_of(check_names)])
        texts = expanded([*map(target_name, targets or keraslosses.names())], chosen[0], timeout, limit)
        read = inputs if inputs.endswith(".npz") else known_name(inputs, KINDS, "a kind", "--inputs")
        dtype = known_name(dtype, DTYPES, "a dtype", "--dtype")
        formula = known_name(like, REFERENCES, "a loss of this package", "--like") if like else None
        asked = [described(text, formula, read, shape_of(shape), dtype, coupled) for text in texts]
    except WrongUse as error:
        raise typer.BadParameter(error.text, param_hint=f"--{error.argument}") from None
    plan = Plan(asked, chosen, checks, timeout, limit, rtol)
    results = with_progress(plan)
    report = report_of(plan, results)
    if web_page is not None:
        web_page.write_text(page(report), encoding="utf-8")
    if as_json:
        say_json(**report)
    else:
        if not all(result.cannot_be_checked for result in results if result.check == RUNS):
            if len(texts) == 1:
                console.print(*texts, soft_wrap=True, highlight=False)
            console.print(table(plan, results))
        say(console, report, web_page)
    raise typer.Exit(status_of(results))


def status_of(results: Sequence[Result]) -> int:
    """The exit status: 2 if a target cannot be checked, 1 if a check failed, 0 otherwise."""
    if any(result.cannot_be_checked for result in results):
        return 2
    return int(any(result.status == FAILED for result in results))


def shape_of(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        raise WrongUse("shape", f"expected sizes with commas, such as 8,10. Received: {text!r}") from None


def check_name(text: str) -> str:
    """The check that is meant."""
    return known_name(text, (RUNS, *CHECKS), "a check", "--checks")


def target_name(text: str) -> str:
    """A loss of this package in any spelling, unless there is a module of that name."""
    return text if is_there(text) else loss_name(text)


def expanded(texts: Sequence[str], backend: str, timeout: float, memory: int) -> list[str]:
    """The targets without duplicates. A module or file is replaced by the targets in it."""
    for text in texts:
        check_text(text)
    found: dict[str, list[str]] = {text: [text] for text in texts}
    places = [text for text in found if text not in keraslosses.names() and ":" not in text]
    patience = max(timeout, backends.PATIENCE)
    empty = {}
    for place, (inside, why) in zip(places, targets_in(places, backend, patience, memory), strict=True):
        found[place] = inside
        if not inside:
            empty[place] = why
    for place, why in empty.items():
        if len(empty) == len(found) or not why.startswith("has"):
            raise wrong(place, f"{why}.")
        errors.print(f"{place} {why}: left out.", highlight=False, markup=False)
    return list(dict.fromkeys(target for inside in found.values() for target in inside))


def check_text(text: str) -> None:
    """Refuses a text that cannot be a target. The worker finds the other mistakes."""
    place, colon, name = text.rpartition(":")
    if text in keraslosses.names():
        return
    if colon and not name:
        raise wrong(text, "has no name after the colon.")
    if not colon and not text.endswith(".py") and not is_there(text):
        kinds = "a loss of keraslosses, nor a module or file, nor package.module:Object or file.py:name"
        raise wrong(text, f"is neither {kinds}{did_you_mean(text, keraslosses.names())}")
    check_place(text, place if colon else text)


def check_place(text: str, place: str) -> None:
    """Refuses a file that does not exist, or a module whose package is not installed."""
    if place.endswith(".py"):
        if not Path(place).is_file():
            beside = map(str, Path(place).parent.glob("*.py"))
            raise wrong(text, f"names a file that does not exist{did_you_mean(place, beside)}")
    elif not is_there(place):
        raise wrong(text, f"names a module that does not exist: {place}.")


def is_there(module: str) -> bool:
    """Whether the package of a module can be found. The worker looks for the module inside it."""
    first = module.split(".")[0]
    return first.isidentifier() and find_spec(first) is not None


def wrong(text: str, why: str) -> typer.BadParameter:
    return typer.BadParameter(f"{text!r} {why}", param_hint="TARGET")


def with_progress(plan: Plan) -> list[Result]:
    """Runs the plan, and shows the progress on the error output."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=errors) as progress:
        total = len(plan.targets) * (len(plan.checks) + 1)
        tasks = {name: progress.add_task(f"{name}: starting", total=total) for name in plan.backends}

        def advance(backend: str, what: str) -> None:
            progress.update(tasks[backend], advance=1, description=f"{backend}: {what}"[:60])

        results = run(plan, advance)
        for name, task in tasks.items():
            progress.update(task, completed=total, description=f"{name}: done")
    return results
