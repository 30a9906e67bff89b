"""The results: a `Trained` for each task, and a `Grown` for each length of a growth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from keraslosses.cli.bench.results import Row, row_from
from keraslosses.cli.steps.growth import GROWTHS, Line, lines
from keraslosses.cli.steps.tasks import TASKS


@dataclass(frozen=True)
class Trained:
    """The time of a training step of a task, in milliseconds, with our loss and with the peer's.

    `ratio` is our time divided by the peer's. If the peer was left out, `peer_ms` and `ratio` are None, and
    `dropped` says why.
    """

    task: str
    mode: str
    size: str
    ms: float
    spread: float
    rounds: int
    peer: str
    peer_ms: float | None
    ratio: float | None
    dropped: str


@dataclass(frozen=True)
class Grown:
    """One length of a growth: a row of the benchmark, whose size is the length."""

    growth: str
    row: Row


Result = Trained | Grown


def as_data(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The results as data for JSON; `result_from` reads one."""
    return [asdict(result) for result in results]


def result_from(values: dict[str, Any]) -> Result:
    if "growth" in values:
        return Grown(values["growth"], row_from(values["row"]))
    return Trained(**values)


def trained(results: Sequence[Result]) -> list[Trained]:
    """The training steps, by task."""
    found = [result for result in results if isinstance(result, Trained)]
    return sorted(found, key=lambda result: list(TASKS).index(result.task))


def grown_lines(results: Sequence[Result]) -> list[Line]:
    """The lines of each growth and mode, by growth."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for result in results:
        if isinstance(result, Grown):
            groups.setdefault((result.growth, result.row.mode), []).append(result.row)
    found = [line for (what, _), rows in groups.items() for line in lines(what, rows)]
    return sorted(found, key=lambda line: list(GROWTHS).index(line.what))
