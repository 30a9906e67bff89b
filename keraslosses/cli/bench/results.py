"""The results of the benchmark: one row per loss, size and mode, and the comparison with an earlier run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Above this ratio a row counts as slower than its peer.
NOTABLE = 1.10

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Peer:
    """The time, memory and kernels of another library. `ratio` is our time divided by its time.

    `unchecked` is our time without the check that numbers lie in their range, divided by its time. It is None
    if our loss has no such check.
    """

    name: str
    ms: float
    spread: float
    ratio: float
    memory: float | None
    kernels: int | None
    unchecked: float | None = None


@dataclass(frozen=True)
class Row:
    """Our time, memory and kernels for one loss, size and mode, with the peers and the copy of y_pred.

    Times are medians in milliseconds. Spreads are interquartile ranges in percent of the median. Ratios are
    medians of the ratios round by round. Memory is in MB.
    Memory and kernels are None if they cannot be measured. `dropped` says why a peer was left out.
    """

    loss: str
    mode: str
    size: str
    shape: list[int]
    ms: float
    spread: float
    rounds: int
    memory: float | None
    kernels: int | None
    copy_ms: float
    copy_ratio: float
    peers: list[Peer]
    dropped: list[str]

    @property
    def key(self) -> Key:
        return self.loss, self.mode, self.size

    @property
    def place(self) -> str:
        return f"{self.loss}, {self.mode}, {self.size}"

    @property
    def best(self) -> Peer | None:
        """The fastest of the peers."""
        return min(self.peers, key=lambda peer: peer.ms, default=None)


def row_from(values: dict[str, Any]) -> Row:
    """A row from its JSON."""
    return Row(**{**values, "peers": [Peer(**peer) for peer in values["peers"]]})


def as_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows of a run as data for JSON; `load` reads them."""
    return [asdict(row) for row in rows]


def load(path: Path) -> dict[Key, Row]:
    """The rows that an earlier run printed with `--json`.

    Raises:
        ValueError: If the file has other content.
    """
    try:
        rows = [row_from(values) for values in json.loads(path.read_text("utf-8"))["results"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{str(path)!r} is not what `bench --json` prints ({type(error).__name__}: {error})."
        ) from None
    return {row.key: row for row in rows}


def slower(rows: Sequence[Row], old: dict[Key, Row], tolerance: float) -> list[str]:
    """A line for each row whose ratio grew by more than `tolerance` times the old one.

    It is the ratio to the best peer. If one of the runs has no peer, it is the ratio to the copy of y_pred.
    """
    lines = []
    for row in rows:
        if before := old.get(row.key):
            what, then, now = "copy", before.copy_ratio, row.copy_ratio
            if before.best and row.best:
                what, then, now = row.best.name, before.best.ratio, row.best.ratio
            if not now <= then * (1 + tolerance):
                lines.append(f"{row.place}: {now:.2f} times {what}, before {then:.2f}")
    return lines


def median_ratio(rows: Sequence[Row]) -> float | None:
    """The median of the ratios to the best peer, or None if no row has a peer."""
    ratios = [row.best.ratio for row in rows if row.best]
    return float(np.median(ratios)) if ratios else None


def notable(rows: Sequence[Row]) -> list[str]:
    """A line for each row that takes more than NOTABLE times as long as its best peer."""
    return [
        f"{row.place}: {row.best.ratio:.2f} times {row.best.name} "
        f"({of_ranges(row.best)}{of_kernels(row, row.best)}{row.copy_ratio:.1f} copies)"
        for row in rows
        if row.best and row.best.ratio > NOTABLE
    ]


def of_ranges(peer: Peer) -> str:
    return "" if peer.unchecked is None else f"without the check of ranges {peer.unchecked:.2f}; "


def of_kernels(row: Row, peer: Peer) -> str:
    return "" if row.kernels is None else f"{row.kernels} kernels, its {peer.kernels}; "


def by_mode(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each mode, in the order in which the modes first occur."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.mode, []).append(row)
    return groups
