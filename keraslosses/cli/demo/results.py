"""The results of the demo: one per training, their table, and the comparison of the backends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

CLASSES = 10
# The losses that the demo compares. The values are their names in the table and the picture.
LOSSES = {
    "softmax": "softmax",
    "mse": "mean squared error",
    "center": "softmax + center loss",
}

# The backends start from the same weights and get the same batches, so their first losses differ only by
# rounding. The rounding errors grow with each step. At the end of a training, only the accuracies can be
# compared. ACCURACY_TOLERANCE is for one seed; for the mean of n seeds it is divided by the root of n.
INITIAL_TOLERANCE = 1e-5
FIRST_EPOCH_TOLERANCE = 1e-3
ACCURACY_TOLERANCE = 0.05


@dataclass(frozen=True)
class Result:
    """One training of one loss on one backend."""

    backend: str
    loss: str
    seed: int
    accuracy: float
    ratio: float
    seconds: float
    initial_loss: float
    first_epoch_loss: float


@dataclass(frozen=True)
class Comparison:
    """The largest difference between the backends in one quantity, and a line for each one too large."""

    what: str
    largest: float
    disagreements: list[str]


def class_means(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of the features of each class."""
    return np.stack([features[labels == label].mean(axis=0) for label in range(CLASSES)])


def within_to_between(features: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of a sample to the mean of its class, divided by the mean distance of the class means."""
    means = class_means(features, labels)
    within = np.linalg.norm(features - means[labels], axis=1).mean()
    distances = np.linalg.norm(means[:, None] - means[None, :], axis=-1)
    return float(within / distances[np.triu_indices(CLASSES, 1)].mean())


def table(results: Sequence[Result], title: str) -> Table:
    """A row per backend and loss: mean and standard deviation over the seeds."""
    made = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    made.add_column("backend")
    made.add_column("loss")
    for name in ("test accuracy", "within/between", "seconds"):
        made.add_column(name, justify="right")
    previous = None
    for (backend, loss), group in grouped(results, lambda r: (r.backend, r.loss)).items():
        if previous not in (None, backend):
            made.add_section()
        made.add_row(
            "" if backend == previous else backend,
            LOSSES[loss],
            spread([r.accuracy for r in group]),
            spread([r.ratio for r in group]),
            f"{sum(r.seconds for r in group):.1f}",
        )
        previous = backend
    return made


def spread(values: Sequence[float]) -> str:
    """Mean ± standard deviation. A single value is shown alone."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def grouped(results: Sequence[Result], key: Callable[[Result], tuple]) -> dict[tuple, list[Result]]:
    """The results grouped by a key, in the order in which the keys first occur."""
    groups: dict[tuple, list[Result]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return groups


def compare_backends(results: Sequence[Result]) -> list[Comparison]:
    """The three comparisons between backends: the loss at the start, after one epoch, and the accuracy."""
    by_training = grouped(results, lambda r: (r.loss, r.seed))
    initial: list[tuple[str, dict[str, float], float]] = []
    first_epoch = []
    for (loss, seed), group in by_training.items():
        place = f"{LOSSES[loss]}, seed {seed}"
        initial.append((place, {r.backend: r.initial_loss for r in group}, INITIAL_TOLERANCE))
        first_epoch.append((place, {r.backend: r.first_epoch_loss for r in group}, FIRST_EPOCH_TOLERANCE))
    accuracy = []
    for (loss,), group in grouped(results, lambda r: (r.loss,)).items():
        by_backend = grouped(group, lambda r: (r.backend,))
        accuracies = {backend: [r.accuracy for r in own] for (backend,), own in by_backend.items()}
        allowed = max(
            max(ACCURACY_TOLERANCE / len(values) ** 0.5, float(np.std(values)))
            for values in accuracies.values()
        )
        means = {backend: float(np.mean(values)) for backend, values in accuracies.items()}
        accuracy.append((LOSSES[loss], means, allowed))
    return [
        comparison("initial loss", initial, relative=True),
        comparison("loss of the first epoch", first_epoch, relative=True),
        comparison("mean accuracy", accuracy, relative=False),
    ]


def comparison(
    what: str, places: Sequence[tuple[str, dict[str, float], float]], relative: bool
) -> Comparison:
    """The largest difference over all places. A place has a name, values by backend, and a tolerance."""
    largest, disagreements = 0.0, []
    for place, values, allowed in places:
        numbers = np.array(list(values.values()))
        difference = float(np.max(numbers) - np.min(numbers))
        if relative:
            difference /= float(np.abs(numbers).max())
        largest = float(np.maximum(largest, difference))  # NaN stays NaN.
        if not difference <= allowed:
            listed = ", ".join(f"{backend} {value:.8g}" for backend, value in values.items())
            disagreements.append(f"{what}, {place}: {listed}; they may differ by {allowed:.0e}")
    return Comparison(what, largest, disagreements)
