"""An entry of the reference: the formula, inputs, options, hard inputs and laws of a loss."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keraslosses.reference.kinds import InputKind
from keraslosses.reference.uses import Use

Array = np.ndarray
Options = Mapping[str, Any]


@dataclass(frozen=True)
class Hard:
    """Inputs at which many implementations fail.

    `gradient` is the expected gradient of the summed values. None means that central differences of the
    formula give it. (At a kink, they give the mean of both sides.)
    """

    what: str
    y_true: Any
    y_pred: Any
    options: Options = field(default_factory=dict)
    gradient: Any = None


@dataclass(frozen=True)
class Measured:
    """Options under which the benchmark measures a loss.

    `variant` distinguishes the rows of one loss. With `weighted`, the option `class_weights` is also set: it
    has a weight for each class.
    """

    variant: str = ""
    options: Options = field(default_factory=dict)
    weighted: bool = False


@dataclass(frozen=True)
class Reference:
    """The description of one loss, independent of its code.

    Args:
        name: The name of the class.
        function: The name of the function.
        family: The group of losses that it belongs to.
        kind: The kind of its inputs.
        formula: `formula(y_true, y_pred, **options)` gives the values of the entries in NumPy float64.
        source: Where the formula comes from, such as the paper and the equation.
        options: The sets of options to check. The first set is the usual one.
        bad_options: Sets of one option each, which the loss must refuse.
        hard: Inputs at which many implementations fail.
        laws: Names of laws that the loss obeys. The tests of the package check them.
        frozen: Only for a loss that holds a part constant in the gradient.
            `frozen(y_true, y_pred, **options)` gives that part, and the formula takes it as `frozen`.
        counting: `counting(y_true, y_pred, **options)` gives which entries the mean counts, and the weight of
            the class of each (None: 1). None for a loss that has one label for each entry, or counts all.
        per_class: The options that the loss needs, with one number for each class.
        zeros_count: Whether an entry of value 0 counts in the mean.
        masks_are_lengths: Whether a Keras mask ends the second axis of y_pred, like the option
            `logit_length` of the formula, instead of hiding entries.
        measured: The rows of the benchmark.
        uses: The tasks and symptoms of the page "Which loss?" that lead to this loss.
        task: The task under which `keraslosses list` shows it: the first of its `uses`, if it has one.
        purpose: What it is for, in a few words: its line in `keraslosses list`.
        tex: The formula in LaTeX, for its page.
        symbols: What the symbols of `tex` mean, in one line of Markdown. It names the options.
        paper: The address of the paper that `source` names, if there is one.
    """

    name: str
    function: str
    family: str
    kind: InputKind
    formula: Callable[..., Array]
    source: str
    options: tuple[Options, ...] = ({},)
    bad_options: tuple[Options, ...] = ()
    hard: tuple[Hard, ...] = ()
    laws: frozenset[str] = frozenset()
    frozen: Callable[..., Any] | None = None
    counting: Callable[..., tuple[Array, Any]] | None = None
    per_class: tuple[str, ...] = ()
    zeros_count: bool = True
    masks_are_lengths: bool = False
    measured: tuple[Measured, ...] = (Measured(),)
    uses: tuple[Use, ...] = ()
    task: str = ""
    purpose: str = ""
    tex: str = ""
    symbols: str = ""
    paper: str = ""

    @property
    def coupled(self) -> bool:
        """Whether a value depends on the whole batch."""
        return self.kind.coupled

    @property
    def draw_options(self) -> Options:
        """Options of the draw, in addition to the options of the loss."""
        return {}

    def for_classes(self, options: Options, classes: int) -> dict[str, Any]:
        """The options, with as many numbers in those of `per_class` as there are classes."""
        return {
            name: np.resize(value, classes).tolist() if name in self.per_class else value
            for name, value in options.items()
        }

    def inputs(
        self, options: Options, leading: tuple[int, ...] = (3, 5), seed: int = 0
    ) -> tuple[Array, Array]:
        """Seeded inputs. Floats are rounded to float32, so that formula and loss get the same numbers."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        y_true, y_pred = self.kind.draw(rng, options, leading)
        return rounded(y_true), rounded(y_pred)

    def values(self, y_true: Any, y_pred: Any, options: Options) -> Array:
        """The values of the entries in float64. A y_pred of rank 1 is a batch of single numbers."""
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, dtype="float64")
        with np.errstate(all="ignore"):
            return np.asarray(self.formula(wide(y_true), y_pred, **options))

    def gradient(
        self, y_true: Any, y_pred: Any, options: Options, cotangent: Array, step: float | None = None
    ) -> Array:
        """Central differences of Σ cotangent · values by each element of y_pred, in float64.

        `step` is half the width of a difference. Set it if a kink is too near for the usual width.
        """
        y_true, y_pred = wide(np.asarray(y_true)), np.asarray(y_pred, dtype="float64")
        fixed = {} if self.frozen is None else {"frozen": self.frozen(y_true, y_pred, **options)}
        gradient = np.zeros_like(y_pred)
        with np.errstate(all="ignore"):
            for place in np.ndindex(*y_pred.shape):
                width = step or 1e-6 * max(abs(y_pred[place]), 1e-3)
                moved = []
                for sign in (1, -1):
                    shifted = y_pred.copy()
                    shifted[place] += sign * width
                    moved.append(np.sum(cotangent * self.formula(y_true, shifted, **options, **fixed)))
                gradient[place] = (moved[0] - moved[1]) / (2 * width)
        return gradient


def wide(x: Array) -> Array:
    return x.astype("float64") if x.dtype.kind == "f" else x


def rounded(x: Array) -> Array:
    return x.astype("float32") if x.dtype.kind == "f" else x
