"""The inputs of an object without a reference: drawn by kind, or the user's own arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keraslosses.reference import Hard, kinds
from keraslosses.reference.entry import rounded
from keraslosses.reference.kinds import InputKind, Named

# The kinds, by the names of `check --inputs`.
KINDS: dict[str, tuple[InputKind, Named]] = {
    named.name: (kind, named) for kind in kinds.KINDS for named in kind.named
}


@dataclass(frozen=True)
class Drawn:
    """The inputs of an object without a reference. The checks use it like a `Reference` with one option set.

    `named` is a name of `check --inputs`. `shape` is the shape of y_pred. `arrays` are the user's own y_true
    and y_pred. A batch takes its samples from them, and starts again at the first sample after the last.
    """

    name: str = "inputs"
    named: str = "real"
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    arrays: tuple[np.ndarray, np.ndarray] | None = None
    coupled: bool = False
    options: tuple[Mapping[str, Any], ...] = ({},)
    # As in `Reference`: an entry of value 0 counts.
    zeros_count = True

    @property
    def kind(self) -> InputKind:
        return KINDS[self.named][0]

    @property
    def draw_options(self) -> Mapping[str, Any]:
        """Options of the draw, in addition to the options of the loss."""
        return KINDS[self.named][1].options

    @property
    def batch(self) -> int:
        return len(self.arrays[1]) if self.arrays else (self.shape or self.kind.shape)[0]

    def inputs(
        self, options: Any = None, leading: tuple[int, ...] | None = None, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """A batch of `leading[0]` samples. Without `leading`, `shape` gives the number of samples."""
        count = leading[0] if leading else self.batch
        if self.arrays:
            y_true, y_pred = (np.resize(array, (count, *array.shape[1:])) for array in self.arrays)
        else:
            y_true, y_pred = self.drawn(count, seed)
        return rounded(y_true), rounded(y_pred).astype(
            self.dtype if y_pred.dtype.kind == "f" else y_pred.dtype
        )

    def drawn(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        shape = self.shape or self.kind.shape
        rng = np.random.default_rng([seed, *self.name.encode()])
        return self.kind.draw(rng, {**self.draw_options, "width": shape[-1]}, (count, *shape[1:-1]))

    @property
    def without(self) -> dict[str, str]:
        """The checks that are not possible with the user's own arrays, and why."""
        if self.arrays is None:
            return {}
        own = {"hard inputs": "there are no hard inputs for the user's own arrays"}
        if self.arrays[1].dtype.kind != "f":
            unsaid = ("gradient", "compiled", "precision", "float64", "fit")
            own |= dict.fromkeys(unsaid, "y_pred holds integers, so there is no gradient")
        return own

    @property
    def hard(self) -> tuple[Hard, ...]:
        """Inputs at which many implementations fail. For the user's own arrays there are none."""
        if self.arrays:
            return ()
        y_true, y_pred = self.inputs()
        changes = KINDS[self.named][1].hard
        return tuple(Hard(what, *change(y_true, y_pred)) for what, change in changes.items())


def own_arrays(path: str) -> tuple[np.ndarray, np.ndarray]:
    """The arrays y_true and y_pred from an .npz file.

    Raises:
        ValueError: If the file cannot be read, if an array is missing, or if their batch sizes differ.
    """
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, AttributeError, EOFError) as error:
        raise ValueError(f"{path!r} cannot be read as an .npz file: {error}") from None
    missing = [name for name in ("y_true", "y_pred") if name not in arrays]
    if missing:
        raise ValueError(
            f"{path!r} must have the arrays y_true and y_pred. It has: {', '.join(arrays) or 'none'}."
        )
    y_true, y_pred = arrays["y_true"], arrays["y_pred"]
    if y_true.ndim == 0 or y_pred.ndim == 0 or len(y_true) != len(y_pred) or not len(y_pred):
        raise ValueError(
            f"y_true and y_pred of {path!r} must have the same number of samples, at least one. "
            f"Received: y_true of shape {y_true.shape}, y_pred of shape {y_pred.shape}."
        )
    return y_true, y_pred
