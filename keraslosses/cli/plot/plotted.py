"""The loss to draw: a loss of this package, or the user's own."""

from dataclasses import dataclass
from typing import Any

from keraslosses.cli.catalogue import NEEDED, options_of
from keraslosses.core.spelling import did_you_mean
from keraslosses.lookup import CLASSES
from keraslosses.portability.targets.inputs import KINDS
from keraslosses.portability.targets.target import NotChecked, loaded
from keraslosses.reference import REFERENCES, Reference
from keraslosses.reference.entry import Options
from keraslosses.reference.kinds import InputKind
from keraslosses.reference.kinds.path import CLASSES as CLASSES_DRAWN


@dataclass(frozen=True)
class Plotted:
    """A loss class, the kind of its inputs, and its required options."""

    name: str
    cls: Any
    kind: InputKind
    needed: Options
    coupled: bool

    @property
    def options(self) -> dict[str, Any]:
        """The options of the class with their defaults."""
        return options_of(self.cls)


def plotted(name: str, inputs: str | None = None) -> Plotted:
    """Finds the loss of a name.

    Args:
        name: A loss of this package, `file.py:Name` or `module:Name`.
        inputs: A kind of `check --inputs`: the inputs of a loss that has no reference.

    Raises:
        ValueError: If the name is unknown or cannot be drawn.
    """
    cls = CLASSES.get(name) or own_class(name)
    reference = REFERENCES.get(name) or getattr(cls, "reference", None)
    if isinstance(reference, Reference):
        return of_reference(cls, reference)
    if inputs is None:
        raise ValueError(
            f"{name} has no reference: give its kind of inputs with --inputs, one of {', '.join(KINDS)}."
        )
    kind, _ = KINDS[inputs]
    return Plotted(name.rpartition(":")[2], cls, kind, {}, kind.coupled)


def own_class(name: str) -> Any:
    """The user's own class."""
    if ":" not in name:
        near = did_you_mean(name, CLASSES)
        raise ValueError(
            f"{name!r} is not a loss; choose from {', '.join(sorted(CLASSES))}, or file.py:Name{near}"
        )
    try:
        cls = loaded(name)
    except (NotChecked, OSError, SyntaxError, ImportError) as error:
        raise ValueError(f"{name!r} cannot be drawn: {error}") from None
    if not hasattr(cls, "from_config"):
        raise ValueError(f"{name!r} cannot be drawn: expected a loss class.")
    return cls


def of_reference(cls: Any, reference: Reference) -> Plotted:
    """A loss with a reference. Its required options come from the first options of the reference."""
    needed = {o: reference.options[0][o] for o, default in options_of(cls).items() if default is NEEDED}
    return Plotted(
        reference.name, cls, reference.kind, reference.for_classes(needed, CLASSES_DRAWN), reference.coupled
    )
