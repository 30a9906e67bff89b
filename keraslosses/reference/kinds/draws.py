"""Functions that draw inputs, for several kinds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keraslosses.reference.kinds.kind import CLASSES

Rng = np.random.Generator
Options = Mapping[str, Any]
Leading = tuple[int, ...]
Pair = tuple[np.ndarray, np.ndarray]


def width(options: Options) -> int:
    """The number of classes or features. Only draws have the option `width`, losses do not."""
    return int(options.get("width", CLASSES))


def scores(rng: Rng, options: Options, leading: Leading) -> np.ndarray:
    """Logits, or rows of probabilities."""
    if options.get("from_logits"):
        return rng.normal(0, 2, (*leading, width(options)))
    return simplex(rng, leading, width(options))


def simplex(rng: Rng, leading: Leading, count: int) -> np.ndarray:
    weights = np.exp(rng.normal(0, 1, (*leading, count)))
    return weights / weights.sum(-1, keepdims=True)


def placed(options: Options, *arrays: np.ndarray) -> Any:
    """Moves the last axis to the place of the option `axis`."""
    return tuple(np.moveaxis(array, -1, options.get("axis", -1)) for array in arrays)
