"""Names that a user may have spelled in another way."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import Any

# The shortest given name that is looked for inside other names.
FEWEST_LETTERS = 3


def plainly(name: str) -> str:
    """A name without case and separators: `SmoothL1`, `smooth_l1` and `Smooth-L1` become the same."""
    return "".join(letter for letter in name.lower() if letter not in "_- ")


def in_any_spelling(given: str, known: Iterable[str]) -> str | None:
    """The known name that is `given` in another case or with other separators; None if there is none."""
    return next((name for name in known if plainly(name) == plainly(given)), None)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The end of a sentence, with a question for the known name that is close to the given one."""
    return suggestion(given, known) or "."


def suggestion(given: Any, known: Iterable[Any]) -> str:
    """A question for the known name that is close to the given one, or nothing."""
    names = [name for name in known if isinstance(name, str)]
    near = nearest(given, names) if isinstance(given, str) else None
    return f". Did you mean {near!r}?" if near else ""


def nearest(given: str, known: list[str]) -> str | None:
    """The known name that is most likely meant, or None.

    First comes the same name in another spelling, then a name that begins with the given one, then a name
    that is close to it, then a name that has the given one inside.
    """
    plain = plainly(given)
    if not plain:
        return None
    same = [name for name in known if plainly(name) == plain]
    longer = [name for name in known if plainly(name).startswith(plain)]
    close = get_close_matches(plain, map(plainly, known), 1)
    alike = [name for name in known if plainly(name) in close]
    around = [name for name in known if len(plain) >= FEWEST_LETTERS and plain in plainly(name)]
    return max(same or longer[:1] or alike or around, key=lambda name: likeness(given, name), default=None)


def likeness(given: str, name: str) -> float:
    return SequenceMatcher(None, given, name).ratio()
