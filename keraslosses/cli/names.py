"""Names on the command line: in any case, and with or without separators."""

from keraslosses.cli.catalogue import catalogue
from keraslosses.core.spelling import in_any_spelling
from keraslosses.lookup import CLASSES


def loss_name(text: str) -> str:
    """The loss that is meant, as it is written in Python; a text that names no loss stays as it is."""
    return in_any_spelling(text, CLASSES) or text


def entry_name(text: str) -> str:
    """The same for losses, layers and metrics."""
    return in_any_spelling(text, [entry.name for entry in catalogue()]) or text
