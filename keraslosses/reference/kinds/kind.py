"""The description of a kind of inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keraslosses.reference.kinds.changes import Change, Outside, WrongPair, logits_for_probabilities
from keraslosses.reference.kinds.example import Example
from keraslosses.reference.kinds.path import Path
from keraslosses.reference.kinds.sizes import Sizes

Options = Mapping[str, Any]
Pair = tuple[np.ndarray, np.ndarray]
# (random generator, options, leading shape) -> y_true, y_pred.
Draw = Callable[[np.random.Generator, Options, tuple[int, ...]], Pair]
# A class of keras.layers, and its arguments.
Layer = tuple[str, Mapping[str, Any]]

# The default number of classes or features of a draw.
CLASSES = 7


def activation(name: str) -> Layer:
    return "Activation", {"activation": name}


@dataclass(frozen=True)
class Named:
    """A name of `check --inputs` for a kind, with options of the draw and hard inputs.

    `hard` makes hard inputs from a drawn pair, for objects without a reference. Values and gradients must be
    finite at these inputs.
    """

    name: str
    hard: Mapping[str, Change]
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class InputKind:
    """A kind of inputs: what y_true and y_pred are, and how to make them.

    The inputs:

    - `y_true` and `y_pred` describe the two inputs in words.
    - `draw(rng, options, leading)` draws a pair. It reads the options of the loss and the option `width`, the
      number of classes or features.
    - `smallest` is the smallest pair that is legal with the first options of an entry.
    - `wrong_targets` make pairs whose first y_true is outside the domain of such a loss.
    - `named` holds the names of the kind for `check --inputs`. Some kinds have none.
    - `shape` is the shape of y_pred for those names. `width` is the size of the last axis, if it is fixed.

    Their use:

    - `layer` makes such predictions from any numbers.
    - `path(options)` changes predictions by one number, the x axis of a plot.
    - `sizes` are the inputs of the benchmark.
    - `example` is the middle of a program that trains with such a loss, for its page.

    The traits:

    - `labels`: y_true is a class index for each row of y_pred.
    - `elementwise`: each element of y_true belongs to one element of y_pred.
    - `signs`: y_true is -1 or 1.
    - `any_numbers`: y_true and y_pred may be any real numbers.
    - `probabilities`: y_pred holds probabilities, or logits with the option `from_logits`. `from_logits` is
      the default of that option.
    - `scores`, `cosines`: y_pred holds scores or cosines with all options.
    - `coupled`: a value depends on the whole batch.
    - `weights_inside`: the sample weights change the value of each sample, and they multiply it too. The
      formula takes them as `weight`.
    """

    name: str
    y_true: str
    y_pred: str
    draw: Draw
    smallest: tuple[Any, Any]
    layer: Layer
    path: Callable[[Options], Path]
    sizes: Sizes
    example: Example
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
    weights_inside: bool = False

    @property
    def text(self) -> str:
        """The inputs in words: y_true, "against" y_pred. If both are the same, only one is named."""
        return self.y_true if self.y_true == self.y_pred else f"{self.y_true}, against {self.y_pred}"

    def holds_probabilities(self, options: Options) -> bool:
        """Whether y_pred holds probabilities with these options."""
        return self.probabilities and not options.get("from_logits", self.from_logits)

    def certain(self, options: Options) -> float:
        """The number in y_pred for a class that is certain. The other classes have 0."""
        return 1.0 if self.cosines or self.holds_probabilities(options) else 20.0

    def outside(self, options: Options, y_true: np.ndarray, y_pred: np.ndarray) -> list[Outside]:
        """Pairs whose first sample is outside the domain of such a loss, made from a drawn pair."""
        changes = self.wrong_targets
        if self.holds_probabilities(options):
            changes = (logits_for_probabilities, *changes)
        return [change(y_true, y_pred) for change in changes]
