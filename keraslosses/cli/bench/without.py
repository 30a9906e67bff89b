"""The faster forms that losses declare. The benchmark can switch them off."""

from collections.abc import Iterable

from keraslosses.core.backend.forms import Form, at_work
from keraslosses.lookup import FUNCTIONS


def known_forms() -> dict[str, Form]:
    """All forms that the losses of the package declare, by name."""
    return {form.name: form for function in FUNCTIONS.values() for form in function.contract.forms}


def switch_off(names: Iterable[str], backend: str) -> None:
    """Switches these forms off for all losses of this process."""
    off = set(names)
    for function in FUNCTIONS.values():
        contract = function.contract
        contract.faster = at_work([form for form in contract.forms if form.name not in off], backend)
