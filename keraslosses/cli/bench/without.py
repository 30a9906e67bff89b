"""The faster forms that losses declare. The benchmark can switch them off."""

from collections.abc import Iterable, Sequence

import typer

from keraslosses.core.backend.forms import Form, at_work
from keraslosses.lookup import FUNCTIONS


def known_forms() -> dict[str, Form]:
    """All forms that the losses of the package declare, by name."""
    return {form.name: form for function in FUNCTIONS.values() for form in function.contract.forms}


def check_forms(names: Sequence[str], backends: Sequence[str]) -> None:
    """Raises a usage error if no form has the name, or if the backend of the form is not measured."""
    known = known_forms()
    for name in names:
        if name not in known:
            message = f"{name!r} is not a faster form; choose from {', '.join(sorted(known))}."
        elif known[name].backend not in backends:
            message = f"{name!r} is a form for {known[name].backend}, but this run does not measure it."
        else:
            continue
        raise typer.BadParameter(message, param_hint="--without")


def switch_off(names: Iterable[str], backend: str) -> None:
    """Switches these forms off for all losses of this process."""
    off = set(names)
    for function in FUNCTIONS.values():
        contract = function.contract
        contract.faster = at_work([form for form in contract.forms if form.name not in off], backend)
