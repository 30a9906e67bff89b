"""The faster forms that losses declare, and how the benchmark measures without them."""

from collections.abc import Iterable, Sequence

import typer

from keraslosses.core.backend.forms import Form, at_work
from keraslosses.lookup import FUNCTIONS


def known_forms() -> dict[str, Form]:
    """Every form that a loss of the package declares, by name."""
    return {form.name: form for function in FUNCTIONS.values() for form in function.contract.forms}


def check_forms(names: Sequence[str], backends: Sequence[str]) -> None:
    """Raises for a name that no form has, and for a form of a backend that is not measured."""
    known = known_forms()
    for name in names:
        if name not in known:
            message = f"{name!r} is no faster form; choose from {', '.join(sorted(known))}."
        elif known[name].backend not in backends:
            message = f"{name!r} is a form for {known[name].backend}, which is not measured."
        else:
            continue
        raise typer.BadParameter(message, param_hint="--without")


def switch_off(names: Iterable[str], backend: str) -> None:
    """From here on, the losses of this process do without the forms of these names."""
    off = set(names)
    for function in FUNCTIONS.values():
        contract = function.contract
        contract.faster = at_work([form for form in contract.forms if form.name not in off], backend)
