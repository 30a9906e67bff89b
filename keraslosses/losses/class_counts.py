"""How often each class occurs in the training data, and the weights that follow from it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.kinds.labels import reject_out_of_range
from keraslosses.core.readable import check_readable

SCHEMES: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "balanced": lambda counts, beta: 1.0 / counts,
    "effective_number": lambda counts, beta: -1.0 / np.expm1(counts * np.log(beta)),
    "inverse_sqrt": lambda counts, beta: 1.0 / np.sqrt(counts),
}


def class_counts(labels: Any, num_classes: int, *, ignore_class: int | None = None) -> np.ndarray:
    """Counts how often each class occurs in labels or in a dataset.

    The counts are an option of `LogitAdjusted` and `LDAM`. `weights_from_counts` and `positive_weights` make
    weights of them.

    Args:
        labels: Labels as an array, a tensor or a list. Or a dataset that gives them in batches: a
            `tf.data.Dataset`, a torch `DataLoader`, a `keras.utils.PyDataset`, or anything else with a loop
            over batches. Each batch is `(x, y)`, `(x, y, sample_weight)`, or the labels alone.
        num_classes: Number of classes C.
        ignore_class: None (default), or a label that is not counted, such as 255 or -1.

    Returns:
        A NumPy array of C integers.

    Shapes: labels whose last axis has size C, behind at least one other axis, are rows of 0 and 1: one-hot,
    or multi-hot with any number of ones. Labels of all other shapes are class indices, such as `(batch,)`,
    `(batch, 1)` or `(batch, height, width)`. Flatten class indices if their last axis happens to have size C.

    Raises:
        ValueError: for a label out of range, rows with other numbers than 0 and 1, a batch without labels, or
            a dataset without an end or without batches.

    Example:

    >>> print(keraslosses.class_counts([0, 0, 2, 0], num_classes=3))
    [3 0 1]
    >>> print(keraslosses.class_counts([[1, 0, 1], [1, -1, 0]], num_classes=3, ignore_class=-1))
    [2 0 1]
    """
    checks.positive_integer("num_classes", num_classes)
    checks.optional_integer("ignore_class", ignore_class)
    counts = np.zeros(num_classes, "int64")
    for batch in batches_of(labels):
        counts += counts_of(batch, num_classes, ignore_class)
    return counts


def weights_from_counts(
    counts: Sequence[float], scheme: str = "balanced", beta: float = 0.9999, *, absent: float | None = None
) -> np.ndarray:
    """Class weights that make up for unequal counts: for the option `class_weights` of a loss.

    With n the count of a class, its weight is, up to a common factor:

    ```
    balanced: 1 / n
    effective_number: (1 - beta) / (1 - beta^n)
    inverse_sqrt: 1 / sqrt(n)
    ```

    The factor makes the mean of the weights 1, over the classes that occur.

    Args:
        counts: How often each class occurs, from `class_counts`.
        scheme: `"balanced"` (default), `"effective_number"` or `"inverse_sqrt"`. The last two weigh rare
            classes less.
        beta: For `"effective_number"`, strictly between 0 and 1. Default: 0.9999. Near 1 the weights are
            those of `"balanced"`, near 0 they are equal.
        absent: Weight of a class with count 0, at least 0. Default: None, such a class raises an error.

    Returns:
        A NumPy array with one weight for each class.

    Raises:
        ValueError: for an unknown scheme, an option out of range, counts that are negative or all 0, or a
            class with count 0 if there is no `absent`.

    Source: Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019, equation 3, for
    `"effective_number"`. `"balanced"` gives the weights of scikit-learn, up to the factor.

    Example:

    >>> weights = keraslosses.weights_from_counts([900, 90, 10])
    >>> print([round(float(weight), 3) for weight in weights])
    [0.03, 0.297, 2.673]
    """
    checks.one_of(*SCHEMES)("scheme", scheme)
    checks.between_zero_and_one("beta", beta)

    def weights(counts: np.ndarray) -> np.ndarray:
        found = SCHEMES[scheme](counts, beta)
        return found / found.mean()

    return of_present(weights, counts, absent)


def positive_weights(counts: Sequence[float], total: Any, *, absent: float | None = None) -> np.ndarray:
    """The number of negatives for each positive: for the option `pos_weight` of a binary loss.

    Args:
        counts: Number of positives of each output, from `class_counts` over rows of 0 and 1.
        total: Number of samples. If labels are missing, one number for each output: that of its labels.
        absent: Weight of an output without a positive, at least 0. Default: None, such an output raises an
            error.

    Returns:
        A NumPy array with `(total - count) / count` for each output.

    Raises:
        ValueError: for counts that are negative or all 0, a `total` below a count, or an output without a
            positive if there is no `absent`.

    Example:

    >>> print(keraslosses.positive_weights([10, 40], total=100))
    [9.  1.5]
    """
    checks.counts("counts", counts)
    found = np.asarray(counts, "float64")
    every = np.asarray(total, "float64")
    if every.shape not in ((), found.shape) or not np.all(every >= found):
        raise checks.invalid("total", "be the number of samples, at least as large as each count", total)
    negatives = np.broadcast_to(every, found.shape)[found > 0]
    return of_present(lambda positives: (negatives - positives) / positives, counts, absent)


def of_present(
    weights: Callable[[np.ndarray], np.ndarray], counts: Sequence[float], absent: float | None
) -> np.ndarray:
    """The weights of the classes that occur, and `absent` for the others."""
    checks.counts("counts", counts)
    found = np.asarray(counts, "float64")
    present = found > 0
    if absent is None and not present.all():
        raise ValueError(
            f"`counts` must be above 0 for every class, or `absent` must give a weight. Received: class "
            f"{int(np.argmin(present))} with count 0, absent=None"
        )
    if absent is not None:
        checks.non_negative("absent", absent)
    made = np.full(found.shape, 0.0 if absent is None else absent)
    made[present] = weights(found[present])
    return made


# Reading the labels


def batches_of(labels: Any) -> Iterator[np.ndarray]:
    """The labels batch by batch. An array is one batch."""
    if hasattr(labels, "shape") or isinstance(labels, list | tuple):
        yield as_array(labels)
        return
    for batch in loop_over(labels):
        yield as_array(labels_in(batch))


def loop_over(dataset: Any) -> Iterator[Any]:
    if isinstance(dataset, keras.utils.PyDataset):
        if dataset.num_batches is None:
            raise without_end("a PyDataset without a length")
        return (dataset[i] for i in range(dataset.num_batches))
    # A tf.data.Dataset that repeats says so.
    if hasattr(dataset, "cardinality") and int(dataset.cardinality()) == -1:
        raise without_end("a dataset that repeats without an end")
    if isinstance(dataset, str | bytes | Mapping) or not hasattr(dataset, "__iter__"):
        raise checks.invalid("labels", "be labels, or a dataset that gives them in batches", dataset)
    return iter(dataset)


def without_end(received: str) -> ValueError:
    return ValueError(f"`labels` must have an end, so that all labels can be counted. Received: {received}")


def labels_in(batch: Any) -> Any:
    """The labels of a batch: y of (x, y) or (x, y, sample_weight), or the batch itself."""
    if not isinstance(batch, list | tuple | Mapping):
        return batch
    if isinstance(batch, Mapping) or len(batch) not in (2, 3) or not hasattr(batch[1], "shape"):
        raise ValueError(
            "`labels` must give batches (x, y) or (x, y, sample_weight) with one array y, or labels alone. "
            f"Received: a batch of type {type(batch).__name__} with {len(batch)} parts. Map the dataset to "
            "its labels first."
        )
    features, labels = keras.tree.flatten(batch[0])[0], batch[1]
    if len(labels.shape) and labels.shape[0] != np.shape(features)[0]:
        raise ValueError(
            "`labels` must give batches, with as many labels as samples. Received: x of shape "
            f"{tuple(np.shape(features))}, y of shape {tuple(labels.shape)}. Make batches of the dataset "
            "first."
        )
    return labels


def as_array(labels: Any) -> np.ndarray:
    check_readable("class_counts", labels=labels)
    return np.asarray(ops.convert_to_numpy(labels))


def counts_of(labels: np.ndarray, num_classes: int, ignore_class: int | None) -> np.ndarray:
    """The counts of one batch, of rows of 0 and 1 or of class indices."""
    if labels.ndim > 1 and labels.shape[-1] == num_classes:
        known = np.ones(labels.shape, bool) if ignore_class is None else labels != ignore_class
        wrong = known & (labels != 0) & (labels != 1)
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(
                f"`labels` must hold 0 and 1 if the last axis has size num_classes={num_classes}, in "
                f"class_counts. Received: labels={labels[place]} at {place}. (Flatten class indices.)"
            )
        return np.sum(known & (labels == 1), axis=tuple(range(labels.ndim - 1)))
    reject_out_of_range("class_counts", "labels", labels, num_classes, ignore_class)
    known = labels.ravel() if ignore_class is None else labels[labels != ignore_class]
    return np.bincount(known.astype("int64"), minlength=num_classes)
