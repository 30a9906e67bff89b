"""What the reference knows of a loss: its formula, its inputs, its options, its hard places, its laws."""

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
    """Inputs at which an implementation easily goes wrong.

    `gradient` is what the gradient of the summed values must be: an array, or None where central differences
    of the formula give it (at a kink they give the mean of both sides).
    """

    what: str
    y_true: Any
    y_pred: Any
    options: Options = field(default_factory=dict)
    gradient: Any = None


@dataclass(frozen=True)
class Measured:
    """Options under which the benchmark measures a loss.

    `variant` tells the rows of one loss apart. With `weighted`, the option `class_weights` is set too, to a
    weight for each class.
    """

    variant: str = ""
    options: Options = field(default_factory=dict)
    weighted: bool = False


@dataclass(frozen=True)
class Reference:
    """One loss, described apart from its code.

    `kind` says what its inputs are. `formula(y_true, y_pred, **options)` gives the values of the entries in
    float64. Where a loss holds a part of itself constant in the gradient, `frozen(y_true, y_pred, **options)`
    gives that part and the formula takes it as `frozen`. `zeros_count` says whether an entry of value 0
    counts in the mean; `masks_are_lengths` that a Keras mask ends the second axis of y_pred, as the formula's
    `logit_length` does, and hides no entry. `measured` are the rows of the benchmark. `uses` says
    which tasks and symptoms of the page "Which loss?" lead to this loss.
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
    zeros_count: bool = True
    masks_are_lengths: bool = False
    measured: tuple[Measured, ...] = (Measured(),)
    uses: tuple[Use, ...] = ()

    @property
    def coupled(self) -> bool:
        """Whether a value depends on the whole batch."""
        return self.kind.coupled

    @property
    def draw_options(self) -> Options:
        """What the draw is told beside the options of the loss."""
        return {}

    def inputs(
        self, options: Options, leading: tuple[int, ...] = (3, 5), seed: int = 0
    ) -> tuple[Array, Array]:
        """Seeded inputs, the floating ones rounded to float32, so that every party sees the same numbers."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        y_true, y_pred = self.kind.draw(rng, options, leading)
        return rounded(y_true), rounded(y_pred)

    def values(self, y_true: Any, y_pred: Any, options: Options) -> Array:
        """The values of the entries, in float64; rank-1 y_pred counts as a batch of single numbers."""
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, dtype="float64")
        with np.errstate(all="ignore"):
            return np.asarray(self.formula(wide(y_true), y_pred, **options))

    def gradient(
        self, y_true: Any, y_pred: Any, options: Options, cotangent: Array, step: float | None = None
    ) -> Array:
        """Central differences of Σ cotangent · values by each element of y_pred, in float64.

        `step` is half their width, where a kink is too near for the usual one.
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
