"""The inputs of the benchmark: their shapes, and functions that draw a pair of a shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Rng = np.random.Generator
Options = Mapping[str, Any]
Shape = tuple[int, ...]
Pair = tuple[np.ndarray, Any]

# The shapes of y_pred.
OUTPUTS = {"small": (256, 100), "middle": (1024, 1000), "large": (4096, 4000)}
CLASSES = {"small": (256, 100), "middle": (1024, 1000), "large": (512, 20_000)}


@dataclass(frozen=True)
class Sizes:
    """`draw(rng, shape, options)` gives y_true and y_pred. `shapes` has the shape of y_pred for each size."""

    draw: Callable[[Rng, Shape, Options], Pair]
    shapes: Mapping[str, Shape]


def normal(rng: Rng, shape: Shape) -> np.ndarray:
    return rng.standard_normal(shape, dtype="float32")


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x)
    return weights / weights.sum(-1, keepdims=True)
