"""What is drawn: a loss of this package, or one of the user's own."""

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


@dataclass(frozen=True)
class Plotted:
    """A class of losses, the kind of its inputs, and the options that it needs in any case."""

    name: str
    cls: Any
    kind: InputKind
    needed: Options
    coupled: bool

    @property
    def options(self) -> dict[str, Any]:
        """Its options with their defaults."""
        return options_of(self.cls)


def plotted(name: str, inputs: str | None = None) -> Plotted:
    """What a name stands for: a loss of this package, or `file.py:Name` and `module:Name`.

    Args:
        name: The name.
        inputs: A name of `check --inputs`: what a loss reads that has no reference.

    Raises:
        ValueError: for a name of nothing that can be drawn.
    """
    cls = CLASSES.get(name) or own_class(name)
    reference = REFERENCES.get(name) or getattr(cls, "reference", None)
    if isinstance(reference, Reference):
        return of_reference(cls, reference)
    if inputs is None:
        raise ValueError(
            f"{name} has no reference: say with --inputs what it reads, one of {', '.join(KINDS)}."
        )
    if inputs not in KINDS:
        raise ValueError(f"{inputs!r} is no kind of inputs; choose from {', '.join(KINDS)}.")
    kind, _ = KINDS[inputs]
    return Plotted(name.rpartition(":")[2], cls, kind, {}, kind.coupled)


def own_class(name: str) -> Any:
    """A class of the user's own."""
    if ":" not in name:
        near = did_you_mean(name, CLASSES)
        raise ValueError(
            f"{name!r} is no loss; choose from {', '.join(sorted(CLASSES))}, or file.py:Name{near}"
        )
    try:
        cls = loaded(name)
    except (NotChecked, OSError) as error:
        raise ValueError(f"{name!r} cannot be drawn: {error}") from None
    if not hasattr(cls, "from_config"):
        raise ValueError(f"{name!r} cannot be drawn: expected a class of losses.")
    return cls


def of_reference(cls: Any, reference: Reference) -> Plotted:
    """The needed options are those of the reference's first set."""
    needed = {o: reference.options[0][o] for o, default in options_of(cls).items() if default is NEEDED}
    return Plotted(reference.name, cls, reference.kind, needed, reference.coupled)
