"""Names that a user may have misspelled."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The end of a sentence: a full stop, and a question if a known name is similar to the given one."""
    names = list(known)
    begin_so = [name for name in names if given and name.lower().startswith(given.lower())]
    near = begin_so or get_close_matches(given, names, 1)
    return f". Did you mean {near[0]!r}?" if near else "."
