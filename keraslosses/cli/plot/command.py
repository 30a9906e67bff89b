"""`python -m keraslosses plot`: draws a loss and its gradient, with a line for each value of its options."""

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.cli.names import known_name, loss_name
from keraslosses.cli.output_file import checked_output
from keraslosses.cli.plot.curves import as_data, shown
from keraslosses.cli.plot.figure import COLOURS, save_picture
from keraslosses.cli.plot.plotted import Plotted, plotted
from keraslosses.cli.plot.several import assigned, curves_of_all
from keraslosses.core.spelling import did_you_mean, in_any_spelling
from keraslosses.portability.targets.inputs import KINDS

SUFFIXES = (".png", ".svg")
WORDS = {"none": None, "true": True, "false": False}
# Options that say how the axes of the inputs are ordered. They do not change the curves.
LAYOUT = ("axis",)

# The options of a loss are given as options of the command, which does not declare them.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}

console = Console()


def plot(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME...",
            parser=loss_name,
            help="The loss, such as Huber, or file.py:Name for your own. Several losses share one picture if "
            "they read the same inputs.",
        ),
    ],
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPTION=A,B,C",
            help="Values of an option of the losses. Each value gets a line. --delta=0.5,1 is short for "
            "--option delta=0.5,1. --Huber.delta=0.5 is for Huber only.",
        ),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help=f"The inputs that your own loss reads, if it has no reference: {', '.join(KINDS)}.",
        ),
    ] = None,
    as_json: AsJson = False,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The .png or .svg file to write. Default: NAME.png, in this folder."
        ),
    ] = None,
) -> None:
    """Draw a loss and its gradient, with a line for each value of its options.

    The loss itself computes each line, on the backend that KERAS_BACKEND names. Values of several options
    are combined. The x axis depends on the inputs of the loss: it is the error, the probability of the true
    class, an angle, or the offset of a box, for example.
    """
    more = list(itertools.takewhile(lambda argument: not argument.startswith("--"), context.args))
    names = [name, *map(loss_name, more)]
    kind = known_name(inputs, KINDS, "a kind of inputs", "--inputs") if inputs else None
    losses, path = [loss_named(name, kind) for name in names], output or default_path(names)
    assignments = [split(text) for text in [*(option or []), *bare(context.args[len(more) :])]]
    values = [values_of(*of_loss) for of_loss in zip(losses, assigned(losses, assignments), strict=True)]
    checked_output(path, SUFFIXES)
    hints = hint(name for of_loss in values for name in of_loss)
    choices = [combined(of_loss) for of_loss in values]
    check_number(choices, hints)
    try:
        along, curves = curves_of_all(losses, choices)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=hints) from None
    heading = " and ".join(map(title, losses, values))
    save_picture(path, heading, along, curves)
    if as_json:
        say_json([as_data(curve) for curve in curves], title=heading, axis=along.axis, picture=str(path))
    else:
        console.print(f"The picture is in {path}", soft_wrap=True, highlight=False, markup=False)


def loss_named(name: str, inputs: str | None) -> Plotted:
    try:
        return plotted(name, inputs)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from None


def default_path(names: Sequence[str]) -> Path:
    return Path(f"{'-'.join(name.rpartition(':')[2] for name in names)}.png")


def bare(arguments: Sequence[str]) -> Iterator[str]:
    """`--delta=1,2` and `--delta 1,2` as `delta=1,2`."""
    waiting = iter(arguments)
    for argument in waiting:
        if not argument.startswith("--"):
            raise typer.BadParameter(
                f"expected options such as --delta=0.5,1 after the names. Received: {argument!r}"
            )
        yield argument[2:] if "=" in argument else f"{argument[2:]}={next(waiting, '')}"


def split(assignment: str) -> tuple[str, str]:
    """`from-logits=True` as the name `from_logits` and the text `True`."""
    name, _, text = assignment.partition("=")
    return name.strip().replace("-", "_"), text


def values_of(loss: Plotted, assignments: Sequence[tuple[str, str]]) -> dict[str, list[Any]]:
    """The values to draw, for each option."""
    known = [name for name in loss.options if name not in LAYOUT]
    found: dict[str, list[Any]] = {}
    for given, text in assignments:
        name = in_any_spelling(given, known)
        if name is None:
            has = f"the options to draw are {', '.join(known)}" if known else "it has no options to draw"
            raise typer.BadParameter(
                f"{loss.name} has no option {given!r}; {has}{did_you_mean(given, known)}",
                param_hint=f"--{given}",
            )
        found.setdefault(name, []).extend(parsed(text))
        if not found[name]:
            raise typer.BadParameter(
                f"expected values with commas. Received: {f'{name}={text}'!r}", param_hint=f"--{name}"
            )
    return found


def parsed(text: str) -> list[Any]:
    """The values of a text with commas. What Python cannot read as a value is text."""
    try:
        return list(ast.literal_eval(f"[{text}]"))
    except (SyntaxError, ValueError):
        return [value(part.strip()) for part in text.split(",")]


def value(text: str) -> Any:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def combined(values: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """All combinations of the values of the options."""
    return [dict(zip(values, choice, strict=True)) for choice in itertools.product(*values.values())]


def check_number(choices: Sequence[Sequence[Any]], hints: str) -> None:
    """Refuses more lines than there are colours."""
    number = sum(map(len, choices))
    if number > len(COLOURS):
        raise typer.BadParameter(
            f"a picture holds at most {len(COLOURS)} choices of options. Received: {number}",
            param_hint=hints,
        )


def hint(names: Iterable[str]) -> str:
    return ", ".join(f"--{name}" for name in dict.fromkeys(names)) or "NAME"


def title(loss: Plotted, values: dict[str, list[Any]]) -> str:
    """The name of the loss, its required options, and the options that are drawn."""
    needed = {name: [value] for name, value in loss.needed.items()}
    options = {**needed, **values}
    text = "; ".join(f"{name} = {', '.join(map(shown, options[name]))}" for name in options)
    return f"{loss.name}: {text}" if text else loss.name
