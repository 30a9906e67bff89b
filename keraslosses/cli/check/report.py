"""The output of `check`: the table, the failures, and the report as plain data."""

import datetime
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import keraslosses
from keraslosses.cli.as_data import command
from keraslosses.cli.backends_option import say_which_are_absent
from keraslosses.portability.checks import CHECKS
from keraslosses.portability.checks.runs import check_runs
from keraslosses.portability.processes import backends
from keraslosses.portability.processes.request import RUNS
from keraslosses.portability.processes.run import Plan
from keraslosses.portability.report.causes import Cause, causes
from keraslosses.portability.report.result import FAILED, PASSED, SKIPPED, Result, paragraphs

# The distributions that install the backends.
DISTRIBUTIONS = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}
# MOST: how many findings of one cause are printed after the first. LINES: how many lines of each part are
# printed if there are several targets.
MOST, LINES = 5, 5


def report_of(plan: Plan, results: Iterable[Result]) -> dict[str, Any]:
    """All results of the run, as data for JSON."""
    return {
        "keraslosses": keraslosses.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "made": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "command": command(),
        "backends": {
            **{name: version_of(name) for name in plan.backends},
            **dict.fromkeys(backends.absent()),
        },
        "checks": {name: meaning(name) for name in (RUNS, *plan.checks)},
        "results": [result.as_json() for result in results],
    }


def version_of(backend: str) -> str:
    """The version of an installed backend, found without importing it."""
    for name in DISTRIBUTIONS.get(backend, (backend,)):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "installed"


def meaning(check: str) -> str:
    """The first paragraph of the docstring of a check."""
    described = check_runs if check == RUNS else CHECKS[check]
    return " ".join((described.__doc__ or "").split("\n\n")[0].split())


def table(plan: Plan, results: Sequence[Result]) -> Table:
    """For one target, a table of checks by backends. For several, a table of targets by backends."""
    if len(plan.targets) == 1:
        return of_one(plan, results)
    targets = [target["text"] for target in plan.targets]
    places = {target.rpartition(":")[0] for target in targets}
    # If all targets are in the same module or file, its name is shown once.
    place = places.pop() if len(places) == 1 else ""
    drawn = Table(place or "target", *plan.backends)
    for target in targets:
        of_target = [result for result in results if result.target == target]
        name = target.removeprefix(f"{place}:")
        drawn.add_row(name, *(summary(of_target, backend) for backend in plan.backends))
    return drawn


def of_one(plan: Plan, results: Sequence[Result]) -> Table:
    drawn = Table("check", *plan.backends)
    for check in (RUNS, *plan.checks):
        of_check = {result.backend: result for result in results if result.check == check}
        drawn.add_row(check, *(cell(of_check[backend]) for backend in plan.backends))
    return drawn


def cell(result: Result) -> Text:
    """One check of one target on one backend."""
    if result.status == FAILED:
        count = len(result.findings)
        return Text("failed" if count == 1 else f"failed ({count})", "bold red")
    return Text("passed", "green") if result.status == PASSED else Text("skipped", "dim")


def summary(results: Iterable[Result], backend: str) -> Text:
    """The failed checks of one target on one backend, or the number of passed ones."""
    of_backend = [result for result in results if result.backend == backend]
    failed = [result.check for result in of_backend if result.status == FAILED]
    if failed:
        return Text(", ".join(failed), "bold red")
    passed = sum(result.status == PASSED for result in of_backend)
    return Text(f"{passed} passed", "green")


def say(console: Console, report: dict[str, Any], web_page: Path | None) -> None:
    """Prints the failures, the skipped checks, the missing backends, and a summary line."""
    failed = [result for result in report["results"] if result["status"] == FAILED]
    targets = list(dict.fromkeys(result["target"] for result in report["results"]))
    for block in failures(failed, targets):
        console.print(block)
    for reason in reasons(report["results"]):
        console.print(reason, style="dim", highlight=False, markup=False)
    say_which_are_absent(console)
    if web_page is not None:
        console.print(f"The page is in {web_page}", soft_wrap=True, highlight=False, markup=False)
    ran = sum(result["status"] != SKIPPED for result in report["results"])
    count = "1 check" if ran == 1 else f"{ran} checks"
    passed = "1 check passed." if ran == 1 else f"All {count} passed."
    line = f"{count} ran, {len(failed)} failed." if failed else passed
    console.print(line, style="bold red" if failed else "bold green", highlight=False)


def failures(failed: Sequence[dict[str, Any]], targets: Sequence[str]) -> Iterator[Text | Padding]:
    """The causes of all failures, each with its first finding, which is shortened for several targets."""
    found = causes(failed)
    lines, most = (LINES, 0) if len(targets) > 1 else (None, MOST)
    for cause in found:
        yield Text(f"\n{cause.target}, {', '.join(cause.checks)} on {', '.join(cause.on)}", "bold")
        for part, text in paragraphs(cause.finding):
            yield inside(shortened(text, lines), STYLES.get(part, ""))
        for text in cause.more[:most]:
            yield inside(f"also: {shortened(text, 1)}", "red")
        if len(cause.more) > most:
            yield inside(f"and {len(cause.more) - most} more of this target", "dim")
        if cause.elsewhere:
            yield inside(f"also {others(cause, targets)}", "bold")
    if any(cause.more or cause.elsewhere for cause in found):
        yield Text("\nOnly the first finding of each cause is shown; --json and --output have all.", "dim")
    if failed:
        yield Text("")


def inside(text: str, style: str) -> Padding:
    return Padding(Text(text, style), (0, 0, 0, 2))


def shortened(text: str, most: int | None) -> str:
    """The first `most` lines of a text."""
    lines = text.splitlines()
    return "\n".join([*lines[:most], *["..."][: len(lines[most:]) if most else 0]])


def others(cause: Cause, targets: Sequence[str]) -> str:
    """The other targets of a cause. If these are almost all, only the remaining targets are named.

    A target that fails on other backends than the cause is listed with its backends.
    """
    absent = [target for target in targets if target != cause.target and target not in cause.elsewhere]
    almost_all = 4 * len(absent) < len(cause.elsewhere)
    by_backends: dict[str, list[str]] = {", ".join(cause.on): []}
    for target, on in cause.elsewhere.items():
        by_backends.setdefault(", ".join(on), []).append(name_beside(cause, target))
    same, *odd = by_backends.items()
    first = ", ".join(same[1])
    if almost_all:
        first = "all others" + (
            f" but {', '.join(name_beside(cause, one) for one in absent)}" if absent else ""
        )
    parts = [f"in {first}"] if first else []
    return "; ".join([*parts, *(f"on {on}: {', '.join(names)}" for on, names in odd)])


def name_beside(cause: Cause, target: str) -> str:
    """The name of a target. If it is in the same module or file as the cause, the place is left out."""
    return target.removeprefix(f"{cause.target.rpartition(':')[0]}:")


STYLES = {"text": "red", "error": "dim", "inputs": "dim", "advice": "cyan"}


def reasons(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Which checks were skipped, and why. If few of several targets are concerned, they are named."""
    targets = {result["target"] for result in results}
    skipped: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        if result["status"] == SKIPPED:
            skipped.setdefault(result["why"], []).append(result)
    for why, those in skipped.items():
        checks, of, on = (
            dict.fromkeys(one[what] for one in those) for what in ("check", "target", "backend")
        )
        where = f" of {', '.join(of)} on {', '.join(on)}" if 3 * len(of) < len(targets) else ""
        yield f"Skipped: {', '.join(checks)}{where}. {sentence(why)}"


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
