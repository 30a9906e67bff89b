"""Shows the results: a table of the training steps, and one of the exponents."""

from collections.abc import Sequence

from rich.table import Table

from keraslosses.cli.bench.report import NONE, number
from keraslosses.cli.steps.growth import GROWTHS, Line
from keraslosses.cli.steps.results import Result, Trained, grown_lines, trained

STEPS = ("task", "backend", "ours ms", "spread", "peer", "its ms", "ratio")
GROWTH = ("longer", "loss", "backend", "library", "from", "to", "ms", "exponent")
TEXTS = {"task", "backend", "peer", "longer", "loss", "library"}
NAMED_ONCE, OF_A_PEER = {"task", "longer", "loss"}, {"peer", "library"}

Cells = list[tuple[str, ...]]


def step_cells(steps: Sequence[Trained]) -> Cells:
    return [
        (
            step.task,
            step.mode,
            number(step.ms),
            f"{step.spread:.0f} %",
            step.peer,
            NONE if step.peer_ms is None else number(step.peer_ms),
            NONE if step.ratio is None else f"{step.ratio:.2f}",
        )
        for step in steps
    ]


def growth_cells(lines: Sequence[Line]) -> Cells:
    return [
        (
            line.what,
            GROWTHS[line.what].title,
            line.mode,
            line.name,
            f"{line.lengths[0]:,}",
            f"{line.lengths[-1]:,}",
            number(line.ms[-1]),
            f"{line.exponent:.2f}",
        )
        for line in lines
    ]


def parts(results: Sequence[Result]) -> list[tuple[str, tuple[str, ...], Cells]]:
    """Title, columns and cells of each table that has rows."""
    made = [
        ("Training steps", STEPS, step_cells(trained(results))),
        ("Growth", GROWTH, growth_cells(grown_lines(results))),
    ]
    return [part for part in made if part[-1]]


def tables(results: Sequence[Result]) -> list[Table]:
    """The tables for the terminal. They name only the library of a peer, and each growth once."""
    made = []
    for title, columns, cells in parts(results):
        table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
        for column in columns:
            table.add_column(column, justify="left" if column in TEXTS else "right", overflow="fold")
        before: dict[str, str] = {}
        for row in cells:
            shown = dict(zip(columns, row, strict=True))
            table.add_row(*(shortened(column, text, before) for column, text in shown.items()))
            before = shown
        made.append(table)
    return made


def shortened(column: str, text: str, before: dict[str, str]) -> str:
    if column in NAMED_ONCE:
        return "" if before.get(column) == text else text
    return text.partition(".")[0] if column in OF_A_PEER else text


def markdown(results: Sequence[Result]) -> str:
    """The tables for a page."""
    lines = []
    for title, columns, cells in parts(results):
        rule = ["---" if column in TEXTS else "--:" for column in columns]
        lines += [f"### {title}", "", *(f"| {' | '.join(row)} |" for row in (columns, rule, *cells)), ""]
    return "\n".join(lines)


def left_out(results: Sequence[Result]) -> list[str]:
    """A line for each peer that was left out, with the reason."""
    of_steps = [
        f"{one.task}, {one.mode}: {one.peer} {one.dropped}" for one in trained(results) if one.dropped
    ]
    of_rows = [
        f"{one.growth}, {one.row.place}: {reason}"
        for one in results
        if not isinstance(one, Trained)
        for reason in one.row.dropped
    ]
    return [*of_steps, *of_rows]
