"""How much it costs to take one ordered class for another, as Cohen's kappa weighs it."""

import numpy as np

# The exponent of the distance between two classes.
POWERS = {"linear": 1, "quadratic": 2}


def disagreement(num_classes: int, weighting: str | None) -> np.ndarray:
    """The weight of each pair of classes, from 0 to 1; without a `weighting`, 1 for each two that differ."""
    classes = np.arange(num_classes)
    distance = np.abs(classes[:, None] - classes) / max(num_classes - 1, 1)
    return np.sign(distance) if weighting is None else distance ** POWERS[weighting]
