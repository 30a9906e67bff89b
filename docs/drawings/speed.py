"""Time and memory of the losses next to the best peer: a mark for each row of `bench.md`."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREY, ORANGE, TEXT, Drawing

BENCH = Path(__file__).parent.parent / "bench.md"  # What `bench --output` wrote.
MODES = {
    "tensorflow": "TensorFlow",
    "tensorflow, XLA": "TensorFlow, XLA",
    "jax": "JAX",
    "torch": "PyTorch",
}
LEAST, MOST = 0.25, 4.0
# Less memory than this is not measured well.
ENOUGH_MB = 1.0
HEAD = "ChunkedCrossEntropy"
COLUMNS = 80


def draw(figure: Figure) -> None:
    rows = {mode: list(rows_of(mode)) for mode in MODES}
    times, memory = figure.subplots(1, 2, sharey=True)
    compare(times, "time: ours / best peer's", {mode: [*map(ratio, rows[mode])] for mode in MODES})
    measured = {mode: [row for row in rows[mode] if has_memory(row)] for mode in MODES}
    compare(memory, "memory: ours / best peer's", {mode: [*map(share, measured[mode])] for mode in MODES})


def rows_of(mode: str) -> Iterator[dict[str, str]]:
    """The rows of a mode that have a peer, by the heads of the columns."""
    part = BENCH.read_text("utf-8").split(f"\n### {mode}\n")[1].split("\n### ")[0]
    lines = [line for line in part.split("\n") if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    named = (dict(zip(head, cells, strict=True)) for cells in rows)
    return (row for row in named if row["ratio"] != "–")


def ratio(row: dict[str, str]) -> tuple[float, bool]:
    return float(row["ratio"]), row["loss"].startswith(HEAD)


def has_memory(row: dict[str, str]) -> bool:
    sizes = row["ours MB"], row["its MB"]
    return "–" not in sizes and min(map(float, sizes)) >= ENOUGH_MB


def share(row: dict[str, str]) -> tuple[float, bool]:
    return float(row["ours MB"]) / float(row["its MB"]), row["loss"].startswith(HEAD)


def compare(axes: Axes, title: str, marks: dict[str, list[tuple[float, bool]]]) -> None:
    """A line of marks for each mode, the first mode on top."""
    axes.axvspan(LEAST, 1.0, color=BLUE, alpha=0.07, linewidth=0)
    axes.axvline(1.0, color=GREY, linewidth=1)
    for place, found in enumerate(marks.values()):
        spread(axes, -place, found)
        middle = median(number for number, _ in found)
        axes.plot([middle] * 2, [-place - 0.1, -place + 0.6], color=GREY, linewidth=2.2)
        axes.text(MOST * 0.95, -place + 0.4, f"median {middle:.2f}", ha="right", fontsize=TEXT - 1)
    ticks = [0.25, 0.5, 1.0, 2.0, 4.0]
    axes.set(title=title, xscale="log", xlim=(LEAST, MOST), ylim=(-len(marks) + 0.8, 0.7))
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks([-place for place in range(len(marks))], [MODES[mode] for mode in marks])
    axes.tick_params(axis="y", length=0, labelsize=TEXT)
    axes.tick_params(axis="x", labelsize=TEXT)
    axes.spines[["top", "right", "left"]].set_visible(False)


def spread(axes: Axes, place: float, marks: list[tuple[float, bool]]) -> None:
    """Marks that would cover each other stand above each other."""
    marks = sorted((min(max(number, LEAST), MOST), of_head) for number, of_head in marks)
    columns = [round(COLUMNS * math.log(number / LEAST) / math.log(MOST / LEAST)) for number, _ in marks]
    step = min(0.07, 0.8 / max(Counter(columns).values()))
    for n, (number, of_head) in enumerate(marks):
        height = place + step * columns[:n].count(columns[n])
        look = {"marker": "D", "color": ORANGE} if of_head else {"marker": "o", "color": BLUE}
        axes.plot(number, height, markersize=4.5, alpha=0.8, clip_on=False, **look)


SPEED = Drawing(
    draw,
    "A dot is one loss at one size, an orange diamond a head for many classes. In the blue half, ours is "
    "faster or smaller. A mark at the edge lies there or beyond.",
    5.2,
)
