"""How the time of a loss grows with the size of its inputs: the sizes, and the fitted exponent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from keraslosses.cli.bench.cases import CASES, Case
from keraslosses.cli.bench.results import Row
from keraslosses.reference.kinds.sizes import Shape, Sizes

OURS = "ours"
POINTS = 4
# Only the largest inputs count for the exponent: at small ones, the framework takes most of the time.
FITTED = 3


@dataclass(frozen=True)
class Growth:
    """A case of the benchmark. One axis of y_pred grows by `factor`.

    `first` is its smallest length for each size.
    """

    name: str
    title: str
    shape: Shape
    axis: int
    first: dict[str, int]
    factor: int = 4

    def lengths(self, size: str) -> list[int]:
        return [self.first[size] * self.factor**point for point in range(POINTS)]

    def case(self, size: str) -> Case:
        """The case with a shape for each length. The length is its name."""
        (case,) = (case for case in CASES if case.title == self.title)
        before, after = self.shape[: self.axis], self.shape[self.axis + 1 :]
        shapes = {str(length): (*before, length, *after) for length in self.lengths(size)}
        return replace(case, sizes=Sizes(case.sizes.draw, shapes))


SPARSE = "SparseCategoricalCrossentropy, logits"
GROWTHS = {
    growth.name: growth
    for growth in (
        Growth("batch", SPARSE, (0, 1000), 0, {"small": 4, "middle": 64, "large": 512}),
        Growth("classes", SPARSE, (256, 0), 1, {"small": 10, "middle": 250, "large": 2000}),
        Growth("frames", "CTC", (16, 0, 50), 1, {"small": 10, "middle": 25, "large": 50}, factor=2),
        Growth("boxes", "CIoU", (0, 4), 0, {"small": 16, "middle": 4096, "large": 65_536}),
    )
}


@dataclass(frozen=True)
class Line:
    """Times by length. `name` is OURS, or the name of the fastest peer at the largest length."""

    what: str
    mode: str
    name: str
    lengths: list[int]
    ms: list[float]

    @property
    def exponent(self) -> float:
        return exponent(self.lengths, self.ms)


def exponent(lengths: Sequence[float], times: Sequence[float]) -> float:
    """The b of the power law a·n^b that fits the times of the largest lengths best."""
    slope, _ = np.polyfit(np.log(lengths[-FITTED:]), np.log(times[-FITTED:]), 1)
    return float(slope)


def lines(what: str, rows: Sequence[Row]) -> list[Line]:
    """Our times and those of the best peer. The rows are of one growth and mode, from short to long."""
    if len(rows) < FITTED:  # Rows have failed.
        return []
    lengths, mode, best = [int(row.size) for row in rows], rows[-1].mode, rows[-1].best
    made = [Line(what, mode, OURS, lengths, [row.ms for row in rows])]
    peers = [(int(row.size), peer) for row in rows for peer in row.peers]
    of_peer = [(length, peer.ms) for length, peer in peers if best and peer.name == best.name]
    if best and len(of_peer) >= FITTED:  # At some lengths the peer may have been left out.
        made.append(Line(what, mode, best.name, *map(list, zip(*of_peer, strict=True))))
    return made
