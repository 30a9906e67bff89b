"""`keraslosses choose`: the losses for a task or a symptom, as on the page "Which loss?"."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keraslosses.cli.as_json import AsJson, say_json
from keraslosses.core.spelling import did_you_mean
from keraslosses.reference import REFERENCES, Use
from keraslosses.reference.uses import SYMPTOMS, TASKS, USES_OF_OTHERS

PLACES = {"Tasks": TASKS, "Symptoms": SYMPTOMS}

console = Console()


def choose(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD", help="Words of a task or a symptom. Default: list them all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose a loss by the task or by what goes wrong: two or three losses, each with when to use it.

    Without words, the command lists the tasks and symptoms.
    """
    found = places_with(words or [])
    if as_json:
        say_json([plain(name, use) for place in found for name, use in answers(place)])
    elif words:
        console.print(*(block for place in found for block in blocks(place)), sep="\n")
    else:
        console.print(*listing(), sep="\n")


def places_with(words: Sequence[str]) -> list[str]:
    """The tasks and symptoms with all these words; all of them if there are no words."""
    every = [*TASKS, *SYMPTOMS]
    found = [place for place in every if all(word.lower() in place.lower() for word in words)]
    if not found:
        known = sorted({word.strip(",:.").lower() for place in every for word in place.split()})
        raise typer.BadParameter(
            f"no task and no symptom has {' and '.join(map(repr, words))}; `keraslosses choose` lists them"
            f"{did_you_mean(words[0], known)}",
            param_hint="WORD",
        )
    return found


def answers(place: str) -> Iterator[tuple[str, Use]]:
    """The losses for a task or a symptom."""
    of_all = {name: entry.uses for name, entry in REFERENCES.items()} | USES_OF_OTHERS
    return ((name, use) for name, uses in of_all.items() for use in uses if use.place == place)


def call(name: str, use: Use) -> str:
    """The loss with the options to start with, as Python."""
    return f"{name}({', '.join(f'{option}={value!r}' for option, value in use.start.items())})"


def plain(name: str, use: Use) -> dict[str, Any]:
    """An answer as data for JSON."""
    return {
        "place": use.place,
        "name": name,
        "options": dict(use.start),
        "when": use.when,
        "not": use.when_not,
    }


def blocks(place: str) -> Iterator[Text | Table]:
    """The answers to one task or symptom."""
    yield Text(place, "bold underline")
    for name, use in answers(place):
        yield Text(f"  {call(name, use)}", "bold cyan")
        lines = Table.grid(padding=(0, 2))
        lines.add_column(min_width=10, no_wrap=True, style="dim")
        lines.add_column()
        lines.add_row("    when", Text(use.when))
        lines.add_row("    not", Text(use.when_not))
        yield lines
    yield Text()


def listing() -> Iterator[Text]:
    """The tasks and symptoms."""
    for title, places in PLACES.items():
        yield Text(title, "bold underline")
        yield from (Text(f"  {place}") for place in places)
        yield Text()
    yield Text("keraslosses choose WORD names the losses for those with this word.", "dim")
