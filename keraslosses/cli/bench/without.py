"""The faster forms that losses declare. The benchmark can switch them off."""

from collections.abc import Iterable, Sequence

import typer

from keraslosses.cli.names import known_name
from keraslosses.core.backend.forms import Form, at_work
from keraslosses.lookup import FUNCTIONS


def known_forms() -> dict[str, Form]:
    """All forms that the losses of the package declare, by name."""
    return {form.name: form for function in FUNCTIONS.values() for form in function.contract.forms}


def chosen_forms(names: Sequence[str], backends: Sequence[str]) -> list[str]:
    """The forms that are meant.

    A name that no form has, or a form of a backend that is not measured, is a usage error.
    """
    known = known_forms()
    meant = [known_name(name, sorted(known), "a faster form", "--without") for name in names]
    for name in meant:
        if known[name].backend not in backends:
            raise typer.BadParameter(
                f"{name!r} is a form for {known[name].backend}, but this run does not measure it.",
                param_hint="--without",
            )
    return meant


def switch_off(names: Iterable[str], backend: str) -> None:
    """Switches these forms off for all losses of this process."""
    off = set(names)
    for function in FUNCTIONS.values():
        contract = function.contract
        contract.faster = at_work([form for form in contract.forms if form.name not in off], backend)
