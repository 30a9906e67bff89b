"""Names on the command line: in any case, and with or without separators."""

from collections.abc import Collection, Sequence

import typer

from keraslosses.cli.catalogue import catalogue
from keraslosses.core.spelling import did_you_mean, in_any_spelling
from keraslosses.lookup import CLASSES


def loss_name(text: str) -> str:
    """The loss that is meant, as it is written in Python; a text that names no loss stays as it is."""
    return in_any_spelling(text, CLASSES) or text


def entry_name(text: str) -> str:
    """The same for losses, layers and metrics."""
    return in_any_spelling(text, [entry.name for entry in catalogue()]) or text


def known_name(text: str, known: Collection[str], what: str, option: str) -> str:
    """The known name that is meant. If there is none, raises a usage error with a suggestion."""
    found = in_any_spelling(text, known)
    if found is None:
        raise typer.BadParameter(
            f"{text!r} is not {what}; choose from {', '.join(known)}{did_you_mean(text, known)}",
            param_hint=option,
        )
    return found


def parts_of(texts: Sequence[str] | None) -> list[str]:
    """The names of an option that is repeated, or that holds several names with commas."""
    return [part.strip() for text in texts or [] for part in text.split(",")]
