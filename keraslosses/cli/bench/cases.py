"""The cases of the benchmark: each loss with its options, its inputs and their sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keraslosses.core.types import Options
from keraslosses.reference import REFERENCES
from keraslosses.reference.kinds.sizes import Pair, Shape, Sizes, normal

SIZES = ("small", "middle", "large")
# A size of the heads only, for a GPU. It is measured if it is asked for.
HUGE = "huge"
# The ways in which users of a backend run a loss.
MODES = {"tensorflow": ("tensorflow", "tensorflow, XLA"), "jax": ("jax",), "torch": ("torch",)}
# Measured with `--torch-compile` only, because it compiles for seconds before each row.
TORCH_COMPILE = "torch, compiled"


@dataclass(frozen=True)
class Case:
    """A class of keraslosses with its options and inputs; one row of the benchmark in each size and mode.

    `variant` distinguishes the cases of one loss. With `weighted`, the option `class_weights` is set to
    `class_weights(classes)`. A head (`sizes` is HEADS) gets the option `num_classes`. `dtype` is that of the
    inputs, and of the policy of a head.
    """

    loss: str
    sizes: Sizes
    variant: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    weighted: bool = False
    dtype: str = "float32"

    @property
    def title(self) -> str:
        return f"{self.loss}, {self.variant}" if self.variant else self.loss

    @property
    def shapes(self) -> Mapping[str, Shape]:
        return self.sizes.shapes

    def options_for(self, shape: Shape) -> dict[str, Any]:
        weights = {"class_weights": class_weights(shape[-1]).tolist()} if self.weighted else {}
        head = {"num_classes": shape[-1], "dtype": self.dtype} if self.sizes is HEADS else {}
        reference = REFERENCES.get(self.loss)
        options = reference.for_classes(self.options, shape[-1]) if reference else self.options
        return {**options, **weights, **head}

    def inputs(self, size: str) -> Pair:
        """y_true and y_pred, the same in every run."""
        rng = np.random.default_rng([0, *self.title.encode()])
        return self.sizes.draw(rng, self.shapes[size], self.options)


def class_weights(classes: int) -> np.ndarray:
    return np.linspace(0.5, 2.0, classes, dtype="float32")


def labels_and_features(rng: np.random.Generator, shape: Shape, options: Options) -> Pair:
    """Class indices, against features and the kernel of a head. The kernel has one row for each class."""
    batch, dim, classes = shape
    features, kernel = normal(rng, (batch, dim)), normal(rng, (classes, dim))
    return rng.integers(0, classes, batch), (features, kernel / np.float32(np.sqrt(dim)))


HALF = "bfloat16"
# The shapes are (batch, features, classes).
HEADS = Sizes(
    labels_and_features,
    {
        "small": (256, 64, 1000),
        "middle": (512, 128, 20_000),
        "large": (1024, 256, 100_000),
        HUGE: (8192, 2048, 131_072),
    },
)
# The losses come from the reference. The heads have no reference.
CASES = (
    *(
        Case(name, reference.kind.sizes, measured.variant, measured.options, measured.weighted)
        for name, reference in REFERENCES.items()
        for measured in reference.measured
    ),
    Case("ChunkedCrossEntropy", HEADS),
    Case("ChunkedCrossEntropy", HEADS, HALF, dtype=HALF),
    Case("SampledMargin", HEADS, options={"seed": 0}),
)


def modes_of(backend: str, torch_compile: bool) -> tuple[str, ...]:
    """The modes to measure on a backend."""
    return (*MODES[backend], TORCH_COMPILE) if torch_compile and backend == "torch" else MODES[backend]


def plan_of(
    losses: Sequence[str],
    sizes: Sequence[str],
    seconds: float,
    without: Sequence[str] = (),
    as_accelerator: bool = False,
    torch_compile: bool = False,
) -> dict[str, Any]:
    """What a process is to measure, as data for it."""
    return {
        "losses": [*losses],
        "sizes": [*sizes],
        "seconds": seconds,
        "without": [*without],
        "as_accelerator": as_accelerator,
        "torch_compile": torch_compile,
    }


def planned(losses: Sequence[str], sizes: Sequence[str]) -> list[tuple[Case, str]]:
    """The pairs (case, size) to measure. The sizes of a case go from small to large."""
    wanted = [size for size in (*SIZES, HUGE) if size in sizes]
    return [(case, size) for case in CASES if case.loss in losses for size in wanted if size in case.shapes]
