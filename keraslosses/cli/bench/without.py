"""What the benchmark can switch off: the faster forms that losses declare, and the check of ranges."""

from collections.abc import Callable, Iterable
from typing import Any

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


def unchecked(loss: Any) -> Callable[..., Any] | None:
    """The loss without the check that numbers lie in their range; None if it has no such check."""
    contract = getattr(getattr(loss, "function", None), "contract", None)
    if contract is None or not contract.kind.ranges(loss.options):
        return None

    def trusting(*inputs: Any) -> Any:
        contract.within = lambda y_true, y_pred, pair, keep, options: pair
        try:
            return loss(*inputs)
        finally:
            del contract.within

    return trusting
