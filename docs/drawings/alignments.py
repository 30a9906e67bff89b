"""The alignments of labels with frames that CTC adds up."""

from matplotlib.figure import Figure

from drawings.drawing import BLUE, GREY, ORANGE, TEXT, Drawing
from keraslosses.reference.sequence import may_skip, with_blanks

WORD, FRAMES = "cat", 6
STATES = with_blanks([1, 2, 3], blank=0)
# One path: the state at each frame. It reads "c c - a t t".
PATH = (1, 1, 2, 3, 5, 5)


def steps(state: int) -> list[int]:
    """The states that a path may be in at the next frame."""
    near = [after for after in (state, state + 1) if after < len(STATES)]
    skipped = state + 2
    return [*near, skipped] if skipped < len(STATES) and may_skip(STATES, skipped, 0) else near


def edges() -> list[tuple[int, int, int]]:
    """Each step (frame, state, next state) of a path from the start to the end."""
    ends = [set[int]() for _ in range(FRAMES)]
    ends[-1] = {len(STATES) - 2, len(STATES) - 1}
    for frame in range(FRAMES - 2, -1, -1):
        ends[frame] = {s for s in range(len(STATES)) if set(steps(s)) & ends[frame + 1]}
    found, here = [], {0, 1} & ends[0]
    for frame in range(FRAMES - 1):
        moves = [(frame, s, after) for s in sorted(here) for after in steps(s) if after in ends[frame + 1]]
        found += moves
        here = {after for _, _, after in moves}
    return found


def draw(figure: Figure) -> None:
    axes = figure.subplots()
    for frame, start, end in edges():
        axes.plot([frame, frame + 1], [start, end], color=GREY, linewidth=1, alpha=0.7, zorder=1)
    axes.plot(range(FRAMES), PATH, color=ORANGE, linewidth=3.5, zorder=2)
    places = {(f, s) for f, s, _ in edges()} | {(f + 1, s) for f, _, s in edges()}
    for frame, state in places:
        colour = ORANGE if PATH[frame] == state else BLUE if STATES[state] else "#bbbbbb"
        axes.plot([frame], [state], "o", color=colour, markersize=13, zorder=3)
    names = [WORD[label - 1] if label else "blank" for label in STATES]
    axes.set_yticks(range(len(STATES)), names, fontsize=TEXT)
    axes.set_xticks(range(FRAMES), [f"frame {frame + 1}" for frame in range(FRAMES)], fontsize=TEXT)
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f'the orange path reads "{reading()}" and makes "{WORD}"', fontsize=12.5)
    axes.set_ylim(len(STATES) - 0.5, -0.5)


def reading() -> str:
    return " ".join(WORD[STATES[state] - 1] if STATES[state] else "–" for state in PATH)


DRAWINGS = {
    "CTC": Drawing(
        draw,
        f'Each way from left to right is a path that makes "{WORD}". The loss adds up their probabilities.',
        4.4,
    )
}
