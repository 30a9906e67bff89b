"""Shows the results of the benchmark: a table for each mode, a summary, the machine and the versions."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import JustifyMethod
from rich.table import Table

from keraslosses.cli.as_data import command
from keraslosses.cli.bench.results import NOTABLE, Row, by_mode, median_ratio, notable

COPY, KERNELS = "copy ms", "kernels"
COLUMNS = (
    "loss",
    "size",
    "ours ms",
    "spread",
    "best peer",
    "its ms",
    "ratio",
    "ours MB",
    "its MB",
    COPY,
    KERNELS,
)
OF_COPY = "copy: the time to read and write y_pred once, which every loss with its gradient must do."
OF_KERNELS = "kernels: how many kernels one call launches, ours : the best peer's."
TEXTS = ("loss", "size", "best peer")
NONE = "–"
# The width that an 80-column terminal leaves for the name of the loss.
LOSS_WIDTH = 18

Versions = dict[str, dict[str, str]]


def cells(row: Row) -> list[str]:
    """The texts of a row, column by column."""
    peer = row.best
    return [
        row.loss,
        row.size,
        number(row.ms),
        f"{row.spread:.0f} %",
        peer.name if peer else NONE,
        number(peer.ms) if peer else NONE,
        f"{peer.ratio:.2f}" if peer else NONE,
        megabytes(row.memory),
        megabytes(peer.memory) if peer else NONE,
        number(row.copy_ms),
        f"{count(row.kernels)} : {count(peer.kernels)}" if peer else count(row.kernels),
    ]


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def count(value: int | None) -> str:
    return NONE if value is None else str(value)


def megabytes(value: float | None) -> str:
    return NONE if value is None else f"{value:.1f}"


def table(mode: str, rows: Sequence[Row], kernels: bool = False) -> Table:
    """The rows of one mode, for the terminal.

    To keep the table narrow, it names each loss once, shows only the library of a peer, and shows the kernels
    only if they are asked for: then in place of the time of the copy.
    """
    left_out = {COPY} if kernels else {KERNELS}
    columns = [column for column in COLUMNS if column not in left_out]
    made = Table(title=mode, title_justify="left", title_style="bold", box=None, padding=(0, 1, 0, 0))
    for column in columns:
        title, name = column.replace(" ", "\n"), column == "loss"
        side: JustifyMethod = "left" if column in TEXTS else "right"
        made.add_column(
            title, justify=side, overflow="fold", no_wrap=not name, min_width=LOSS_WIDTH if name else None
        )
    previous = None
    for row in rows:
        shown = dict(zip(COLUMNS, cells(row), strict=True))
        shown["best peer"] = shown["best peer"].partition(".")[0]
        shown["loss"] = "" if row.loss == previous else row.loss
        made.add_row(*(shown[column] for column in columns))
        previous = row.loss
    return made


def summary(rows: Sequence[Row]) -> list[str]:
    """The median ratios, the rows above NOTABLE, and the peers that were left out."""
    groups = by_mode(rows)
    medians = [(mode, median_ratio(group)) for mode, group in [*groups.items(), ("all", rows)]]
    told = [f"{mode} {median:.2f}" for mode, median in medians if median is not None]
    lines = [f"Median ratio to the best peer: {'; '.join(told) or 'no row has a peer'}."]
    slow = notable(rows)
    lines.append(f"Rows above {NOTABLE:.2f}: {len(slow)}.")
    lines += [f"- {line}" for line in slow]
    left_out = [f"- {row.place}: {reason}" for row in rows for reason in row.dropped]
    return [*lines, *(["Peers left out:", *left_out] if left_out else [])]


def circumstances(versions: Versions) -> list[str]:
    """The command, the machine, and the versions on each backend."""
    return [f"Command: `{command()}`", *where(versions)]


def where(versions: Versions) -> list[str]:
    """The machine, and the versions on each backend."""
    lines = [f"Machine: {machine()}"]
    for backend, found in versions.items():
        lines.append(f"{backend}: {', '.join(f'{name} {version}' for name, version in found.items())}")
    return lines


def markdown(rows: Sequence[Row], versions: Versions) -> str:
    """The file docs/bench.md, which the build of the docs divides into pages."""
    lines = [*bullets(circumstances(versions)), "", *spaced(summary(rows)), *mode_tables(rows)]
    return "\n".join([*lines, ""])


def mode_tables(rows: Sequence[Row], of: str = "") -> list[str]:
    """The lines of the tables, one for each mode. `of` says in the titles what all rows are."""
    lines: list[str] = []
    for mode, group in by_mode(rows).items():
        rule = ["---" if column in TEXTS else "--:" for column in COLUMNS]
        body = [COLUMNS, rule, *(cells(row) for row in group)]
        lines += [
            "",
            f"### {f'{of}, ' if of else ''}{mode}",
            "",
            *(f"| {' | '.join(line)} |" for line in body),
        ]
    return lines


def bullets(lines: Sequence[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def spaced(lines: Sequence[str]) -> list[str]:
    """The lines as paragraphs, with an empty line between them. The items of a list stay together."""
    made: list[str] = []
    for line in lines:
        follows = made and made[-1].startswith("- ") and line.startswith("- ")
        made += [line] if follows or not made else ["", line]
    return made


def machine() -> str:
    """The processor, the number of cores that this process may use, and the memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [processor(), f"{cores} cores", *memory(), platform.system()]
    return ", ".join(parts)


def processor() -> str:
    """The model name of the processor if Linux reports it, else the name that Python knows."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def memory() -> list[str]:
    names = getattr(os, "sysconf_names", {})
    if not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= names.keys():
        return []
    return [f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB"]
