"""Several losses in one picture."""

from collections.abc import Sequence
from dataclasses import replace

from keraslosses.cli.names import known_name
from keraslosses.cli.plot.curves import Curve, curves_of
from keraslosses.cli.plot.plotted import Plotted
from keraslosses.core.spelling import in_any_spelling
from keraslosses.reference.entry import Options
from keraslosses.reference.kinds.path import Path


def curves_of_all(
    losses: Sequence[Plotted], choices: Sequence[Sequence[Options]]
) -> tuple[Path, list[Curve]]:
    """The curves of each loss under its choices of options; with several losses, each line names its loss.

    Raises:
        ValueError: for options that a loss refuses, or losses that are drawn against different numbers.
    """
    found = [curves_of(loss, of_loss) for loss, of_loss in zip(losses, choices, strict=True)]
    paths = [path for path, _ in found]
    if len(losses) == 1:
        return found[0]
    if len({(path.axis, path.span, *(case.label for case in path.cases)) for path in paths}) > 1:
        axes = "; ".join(f"{loss.name}: {path.axis}" for loss, path in zip(losses, paths, strict=True))
        raise ValueError(f"the losses of one picture must read the same inputs. Received: {axes}")
    lines = [(loss, curve) for loss, (_, curves) in zip(losses, found, strict=True) for curve in curves]
    return paths[0], [replace(curve, options=label(loss, curve)) for loss, curve in lines]


def label(loss: Plotted, curve: Curve) -> str:
    return f"{loss.name}, {curve.options}" if curve.options else loss.name


def assigned(
    losses: Sequence[Plotted], assignments: Sequence[tuple[str, str]]
) -> list[list[tuple[str, str]]]:
    """The options of each loss: an option goes to every loss that has it, or to all if none has it.

    `SmoothL1.beta` goes to `SmoothL1` only.
    """
    owners = [owners_of(name, losses) for name, _ in assignments]
    return [
        [
            (name.rpartition(".")[2], text)
            for (name, text), of in zip(assignments, owners, strict=True)
            if loss in of
        ]
        for loss in losses
    ]


def owners_of(name: str, losses: Sequence[Plotted]) -> Sequence[Plotted]:
    """The losses that an option is for."""
    of, _, option = name.rpartition(".")
    if of:
        only = known_name(of, [loss.name for loss in losses], "a loss of this picture", f"--{name}")
        return [loss for loss in losses if loss.name == only]
    return [loss for loss in losses if in_any_spelling(option, loss.options)] or losses
