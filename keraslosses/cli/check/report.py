"""What `check` prints and writes: the table, the failures, and the report as plain data."""

import datetime
import platform
import shlex
import sys
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
from keraslosses.cli.backend_option import say_which_are_absent
from keraslosses.portability.checks import CHECKS
from keraslosses.portability.checks.runs import check_runs
from keraslosses.portability.processes import backends
from keraslosses.portability.processes.run import RUNS, Plan
from keraslosses.portability.report.result import FAILED, PASSED, SKIPPED, Result, paragraphs, told_once

# The distributions that bring the backends.
DISTRIBUTIONS = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}
# Findings of one check on one backend that are printed in full; the page and the JSON have all.
MOST = 3


def report_of(plan: Plan, results: Iterable[Result]) -> dict[str, Any]:
    """Everything that the run found, as JSON can hold it."""
    return {
        "keraslosses": keraslosses.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "made": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "command": f"python -m keraslosses {shlex.join(sys.argv[1:])}",
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
    """The first paragraph of what a check says of itself."""
    described = check_runs if check == RUNS else CHECKS[check]
    return " ".join((described.__doc__ or "").split("\n\n")[0].split())


def table(plan: Plan, results: Sequence[Result]) -> Table:
    """Checks by backends for one target; for several, targets by backends with what fails."""
    if len(plan.targets) == 1:
        return of_one(plan, results)
    drawn = Table("target", *plan.backends)
    for target in plan.targets:
        of_target = [result for result in results if result.target == target["text"]]
        drawn.add_row(target["text"], *(summary(of_target, backend) for backend in plan.backends))
    return drawn


def of_one(plan: Plan, results: Sequence[Result]) -> Table:
    drawn = Table("check", *plan.backends, title=plan.targets[0]["text"], title_justify="left")
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
    """What fails of one target on one backend."""
    of_backend = [result for result in results if result.backend == backend]
    failed = [result.check for result in of_backend if result.status == FAILED]
    if failed:
        return Text(", ".join(failed), "bold red")
    passed = sum(result.status == PASSED for result in of_backend)
    return Text(f"{passed} passed", "green")


def say(console: Console, report: dict[str, Any], html: Path | None) -> None:
    """Prints the failures, what was left out, and a line that sums up."""
    failed = [result for result in report["results"] if result["status"] == FAILED]
    for block in failures(failed):
        console.print(block)
    for why, checks in reasons(report["results"]).items():
        console.print(f"Skipped: {', '.join(checks)}. {sentence(why)}", style="dim", highlight=False)
    say_which_are_absent(console)
    if html is not None:
        console.print(f"The page is in {html}", soft_wrap=True, highlight=False)
    ran = sum(result["status"] != SKIPPED for result in report["results"])
    line = f"{ran} checks ran, {len(failed)} failed." if failed else f"All {ran} checks passed."
    console.print(line, style="bold red" if failed else "bold green", highlight=False)


def failures(failed: Sequence[dict[str, Any]]) -> Iterator[Text | Padding]:
    """Every failure once, with the backends that have it."""
    places: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for result in failed:
        places.setdefault((result["target"], result["check"]), []).append(result)
    for (target, check), results in places.items():
        shown = told_once({**result, "findings": result["findings"][:MOST]} for result in results)
        for finding, on in shown:
            yield Text(f"\n{target}, {check} on {', '.join(on)}", "bold")
            for part, text in paragraphs(finding):
                yield Padding(Text(text, STYLES.get(part, "")), (0, 0, 0, 2))
        more = len(told_once(results)) - len(shown)
        if more:
            yield Text(f"\n{target}, {check}: {more} more; --json and --html have all of them.", "dim")
    if failed:
        yield Text("")


STYLES = {"text": "red", "error": "dim", "inputs": "dim", "advice": "cyan"}


def reasons(results: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """Why checks were skipped, with the checks."""
    found: dict[str, list[str]] = {}
    for result in results:
        if result["status"] == SKIPPED and result["check"] not in found.setdefault(result["why"], []):
            found[result["why"]].append(result["check"])
    return found


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
