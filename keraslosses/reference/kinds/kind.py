"""What is known of a kind of inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keraslosses.reference.kinds.changes import Change, Outside, WrongPair, logits_for_probabilities
from keraslosses.reference.kinds.path import Path
from keraslosses.reference.kinds.sizes import Sizes

Options = Mapping[str, Any]
Pair = tuple[np.ndarray, np.ndarray]
# (random generator, options, leading shape) -> y_true, y_pred.
Draw = Callable[[np.random.Generator, Options, tuple[int, ...]], Pair]
# A class of keras.layers, and its arguments.
Layer = tuple[str, Mapping[str, Any]]

# How many classes or features a draw has where nothing else is said.
CLASSES = 7


def activation(name: str) -> Layer:
    return "Activation", {"activation": name}


@dataclass(frozen=True)
class Named:
    """A name of `check --inputs` for a kind, with what the draw is told, and the hard inputs.

    `hard` makes inputs, from a drawn pair, at which an implementation easily goes wrong: for what has no
    reference. Values and gradients must be finite there.
    """

    name: str
    hard: Mapping[str, Change]
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class InputKind:
    """A kind of inputs, with everything that is known of it.

    What it is:

    - `y_true` and `y_pred` say in words what they are.
    - `draw(rng, options, leading)` draws a pair. It knows the options of the loss and `width`, which says how
      many classes or features there are.
    - `smallest` is the smallest pair that is legal under the first options of an entry.
    - `wrong_targets` make a pair whose first y_true lies outside what such a loss reads.
    - `named`: the names by which a user asks for such inputs. Some kinds have none.
    - `shape`: the shape of y_pred for those names. `width` is the size of its last axis where that is fixed.

    How it is used:

    - `layer` makes such predictions from any numbers.
    - `path(options)` moves predictions by one number: what a loss is drawn against.
    - `sizes`: the inputs of the benchmark.

    What it is like:

    - `labels`: y_true is a class index for each row of y_pred.
    - `elementwise`: each element of y_true belongs to one of y_pred.
    - `signs`: y_true is -1 or 1.
    - `any_numbers`: both may be any real numbers.
    - `probabilities`: y_pred holds probabilities, or logits under the option `from_logits`, whose default is
      here too.
    - `scores`, `cosines`: y_pred holds these under all options.
    - `coupled`: a value depends on the whole batch.
    """

    name: str
    y_true: str
    y_pred: str
    draw: Draw
    smallest: tuple[Any, Any]
    layer: Layer
    path: Callable[[Options], Path]
    sizes: Sizes
    wrong_targets: tuple[WrongPair, ...] = ()
    named: tuple[Named, ...] = ()
    shape: tuple[int, ...] = (5, CLASSES)
    width: int | None = None
    labels: bool = False
    elementwise: bool = False
    signs: bool = False
    any_numbers: bool = False
    probabilities: bool = False
    from_logits: bool = False
    scores: bool = False
    cosines: bool = False
    coupled: bool = False

    @property
    def text(self) -> str:
        """What y_true is, "against" what y_pred is; one of them where they are the same."""
        return self.y_true if self.y_true == self.y_pred else f"{self.y_true}, against {self.y_pred}"

    def holds_probabilities(self, options: Options) -> bool:
        """Whether y_pred holds probabilities under these options."""
        return self.probabilities and not options.get("from_logits", self.from_logits)

    def certain(self, options: Options) -> float:
        """What y_pred holds for a class that is certain; the others are 0."""
        return 1.0 if self.cosines or self.holds_probabilities(options) else 20.0

    def outside(self, options: Options, y_true: np.ndarray, y_pred: np.ndarray) -> list[Outside]:
        """Pairs whose first sample lies outside what such a loss reads, made of a drawn pair."""
        changes = self.wrong_targets
        if self.holds_probabilities(options):
            changes = (logits_for_probabilities, *changes)
        return [change(y_true, y_pred) for change in changes]
