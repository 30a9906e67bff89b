"""`BalancedBatches`: batches with several samples of each of their classes."""

from typing import Any

import keras
import numpy as np

from keraslosses.core import checks


class BalancedBatches(keras.utils.PyDataset):
    """Batches of P classes with K samples each, for losses that compare the samples of a batch.

    In a batch of random samples from many classes, few or no samples have the same class, and a loss over
    pairs or triplets learns nothing from it. These batches always have samples of the same class.

    Args:
        x: The samples: an array, or a tuple, list or dict of arrays with the same first axis.
        labels: The integer label of each sample.
        classes: P, the number of classes in a batch, at least 2.
        samples: K, the number of samples of each class, at least 2. Default: 4.
        y: What the model gets as targets, in the form of `x`. Default: the labels.
        steps: The number of batches in an epoch. Default: the number of samples divided by P K, rounded up.
        seed: An integer of at least 0. The same seed gives the same batches. Default: None, a random one.
        **kwargs: `workers`, `use_multiprocessing` and `max_queue_size` of `keras.utils.PyDataset`.

    Shapes: labels `(N,)` or `(N, 1)`. A batch is a pair (x, y) of P K samples, those of one class together.

    Each batch draws P of the classes that have at least 2 samples, all equally often, and K samples of each.
    A class with fewer than K samples gives some of them more than once. Samples with the label -1 are not
    drawn. An epoch need not hold each sample.

    Raises:
        ValueError: If an argument is out of range, if lengths differ, or if fewer than P classes have at
            least 2 samples.

    Example:

    >>> import numpy as np
    >>> x, labels = np.arange(12.0)[:, None], np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    >>> batches = keraslosses.BalancedBatches(x, labels, classes=2, samples=3, seed=0)
    >>> print(len(batches), batches[0][0].shape, len(set(batches[0][1].tolist())))
    2 (6, 1) 2
    """

    def __init__(
        self,
        x: Any,
        labels: Any,
        classes: int,
        samples: int = 4,
        y: Any = None,
        steps: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for name, value in (("classes", classes), ("samples", samples)):
            if not (checks.is_integer(value) and value >= 2):
                raise checks.invalid(name, "be an integer of at least 2", value)
        self.labels = labels_of(labels)
        self.data = x, self.labels if y is None else y
        self.check_lengths(x, y)
        self.places = places_of(self.labels)
        if len(self.places) < classes:
            expected = (
                f"hold at least {classes} classes with 2 samples or more, because `classes` is {classes}"
            )
            raise checks.invalid("labels", expected, f"{len(self.places)} such classes")
        for name, number, least in (("steps", steps, 1), ("seed", seed, 0)):
            if number is not None and not (checks.is_integer(number) and number >= least):
                raise checks.invalid(name, f"be None or an integer of at least {least}", number)
        self.classes, self.samples = int(classes), int(samples)
        self.steps = int(steps) if steps else -(-len(self.labels) // (self.classes * self.samples))
        self.seed = int(np.random.default_rng().integers(2**32)) if seed is None else seed
        self.epoch = 0

    def check_lengths(self, x: Any, y: Any) -> None:
        for name, data in (("x", x), ("y", y)):
            shapes = [np.shape(part) for part in keras.tree.flatten(data)] if data is not None else []
            if any(shape[:1] != (len(self.labels),) for shape in shapes):
                expected = f"hold {len(self.labels)} samples in each array, one for each label"
                raise checks.invalid(name, expected, f"arrays with the shapes {shapes}")

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rng = np.random.default_rng([self.seed, self.epoch, index])
        chosen = rng.choice(len(self.places), self.classes, replace=False)
        rows = np.concatenate([self.drawn(rng, self.places[one]) for one in chosen])
        return keras.tree.map_structure(lambda array: np.asarray(array)[rows], self.data)

    def drawn(self, rng: np.random.Generator, places: Any) -> Any:
        """K samples of a class; each of them once before any comes again."""
        rounds = -(-self.samples // len(places))
        return np.concatenate([rng.permutation(places) for _ in range(rounds)])[: self.samples]

    def on_epoch_end(self) -> None:
        self.epoch += 1


def labels_of(labels: Any) -> Any:
    found = np.asarray(labels)
    found = found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found
    if found.ndim != 1 or found.dtype.kind not in "iu":
        expected = "hold one integer for each sample"
        raise checks.invalid("labels", expected, f"{found.dtype} of shape {found.shape}")
    return found


def places_of(labels: Any) -> list[Any]:
    """For each class with at least 2 samples, where these are."""
    order = np.argsort(labels, kind="stable")
    found = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [places for places in found if len(places) > 1 and labels[places[0]] != -1]
