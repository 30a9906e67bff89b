"""Mean losses for which torch has a kernel: if the inputs allow it, the whole loss is one call, or a few.

A function here takes the inputs of the loss, its options and its reduction. It returns None if torch reads
the inputs in a different way, or does not report their errors. Then the formula is used.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from keraslosses.core.backend import portable
from keraslosses.core.backend.torch import internals, written_at_labels, written_out
from keraslosses.core.backend.torch.at_labels import NO_LABEL, mean_at_labels
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.look import finite, peek
from keraslosses.core.backend.torch.margins import ByKernel
from keraslosses.core.types import Options, Tensor

Kernel = Callable[..., Any]
# Up to this score of a label, the difference between margin and score keeps its digits.
SMALL_SCORE = 16.0


def of_elements(kernel: Kernel) -> Kernel:
    """The mean over the elements of two tensors of the same shape."""

    def mean(y_true: Tensor, y_pred: Tensor, **options: Any) -> Any:
        if not y_pred.numel() or torch.compiler.is_compiling() or transforming():
            return None
        return kernel(y_pred, y_true, **options)

    return mean


mean_squared_error = of_elements(internals.mean_squared_error)
huber = of_elements(internals.huber)
smooth_l1 = of_elements(internals.smooth_l1)


def of_seen(unseen: Kernel | None = None) -> Callable[[Kernel], Kernel]:
    """The kernel, used only if values can be read, and only if its result is finite; else `unseen`."""

    def decorate(kernel: Kernel) -> Kernel:
        @functools.wraps(kernel)
        def guarded(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
            if transforming() or getattr(y_pred, "dtype", None) not in (torch.float32, torch.float64):
                return None
            if y_pred.ndim < 2 or not y_pred.numel():
                return None
            if peek(y_true) is None or peek(y_pred) is None:
                return unseen and unseen(y_true, y_pred, options, reduction)
            found = kernel(y_true, y_pred, options, reduction)
            return found if found is not None and math.isfinite(found.detach()) else None

        return guarded

    return decorate


def cross_entropy_on_a_device(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    if options["from_logits"]:
        return mean_at_labels(y_true, y_pred, options, reduction, True)
    return written_at_labels.share_of_label(y_true, y_pred, options, reduction)


@of_seen(cross_entropy_on_a_device)
def sparse_categorical_crossentropy(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    if not options["from_logits"]:
        return None
    return at_labels(
        F.cross_entropy, y_true, y_pred, options, reduction, label_smoothing=options["label_smoothing"]
    )


@of_seen(functools.partial(mean_at_labels, softmax=False))
def negative_log_likelihood(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    return at_labels(F.nll_loss, y_true, y_pred, options, reduction)


def at_labels(
    kernel: Callable[..., Any], y_true: Tensor, y_pred: Tensor, options: Options, reduction: str, **more: Any
) -> Any:
    ignored, weights = options["ignore_class"], options["class_weights"]
    labels = labels_of(y_true, y_pred, ignored)
    if labels is None or not last(options["axis"], y_pred) or not one_each(weights, y_pred):
        return None
    # Without this case, the comparison of labels with None would take as long as the kernel.
    counted = np.ones(labels.shape, "bool") if ignored is None else labels != ignored
    every = ignored is None or bool(np.all(counted))
    if not every and not finite_rows(y_pred, ~counted):
        return None
    # With weights or ignored entries, the kernel adds one entry after the other. Many entries lose digits.
    plain = weights is None and every
    values = kernel(
        rows_of(y_pred),
        indices(y_true),
        None if weights is None else torch.as_tensor(weights, dtype=y_pred.dtype),
        ignore_index=NO_LABEL if ignored is None else ignored,
        reduction="mean" if plain else "none",
        **more,
    )
    if plain:
        return values
    if weights is None or reduction != "mean_with_sample_weight":
        return values.sum() / np.count_nonzero(counted)
    return values.sum() / np.sum(np.asarray(weights, "float64")[labels[counted]])


@of_seen()
def poly_crossentropy(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    """Of labels, whose cost is a function of the cross-entropy."""
    if not options["from_logits"] or options["class_weights"] is not None:
        return None

    def kernel(rows: Tensor, labels: Tensor, *weights: Any, reduction: str, **more: Any) -> Any:
        values = F.cross_entropy(rows, labels, reduction="none", **more)
        values = torch.sub(values, torch.expm1(-values), alpha=options["epsilon"])
        return values.mean() if reduction == "mean" else values

    return at_labels(kernel, y_true, y_pred, {**options, "axis": -1}, reduction)


@of_seen()
def multi_margin(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    """Used for small finite scores only.

    The kernel subtracts the score of the label from the margin first. For NaN, it finds no violated margin.
    """
    weights = options["class_weights"]
    if options["ignore_class"] is not None or not one_each(weights, y_pred):
        return None
    labels = labels_of(y_true, y_pred, None)
    if labels is None or (weights is not None and reduction == "mean_with_sample_weight"):
        return None
    rows = rows_of(y_pred)
    scores = rows.detach().numpy()
    with np.errstate(all="ignore"):
        small = np.abs(scores[np.arange(len(scores)), labels.reshape(-1)]).max() <= SMALL_SCORE
        if not (small and np.isfinite(scores.sum())):
            return None
    weight = None if weights is None else torch.as_tensor(weights, dtype=y_pred.dtype)
    targets, p, margin = indices(y_true), options["p"], options["margin"]

    def formula(rows: Tensor) -> Any:
        values = portable.multi_margin(targets, rows, p, margin)
        return (values if weight is None else values * weight[targets]).mean()

    return ByKernel.apply(
        lambda rows: F.multi_margin_loss(rows, targets, p=p, margin=margin, weight=weight), formula, rows
    )


def labels_of(y_true: Tensor, y_pred: Tensor, ignored: int | None) -> np.ndarray | None:
    """One class index for each row, all in range; else None. For a single class, None: the loss must warn."""
    labels = y_true if isinstance(y_true, np.ndarray) else y_true.numpy()
    rows = tuple(y_pred.shape[:-1])
    if y_pred.shape[-1] == 1 or labels.dtype.kind != "i" or labels.shape not in (rows, (*rows, 1)):
        return None
    return labels if in_range(labels, y_pred.shape[-1], ignored) else None


def finite_rows(y_pred: Tensor, chosen: np.ndarray) -> bool:
    """Whether the chosen rows hold finite numbers only.

    The gradient of a softmax is NaN in other rows, even if their upstream gradient is 0.
    """
    return finite(rows_of(y_pred).detach().numpy()[chosen.reshape(-1)])


def indices(y_true: Tensor) -> Any:
    """The labels as a tensor. Arrays are copied: torch refuses reversed and warns of read-only arrays."""
    labels = torch.tensor(y_true.copy()) if isinstance(y_true, np.ndarray) else y_true
    return labels.reshape(-1).long()


def one_each(weights: Any, y_pred: Tensor) -> bool:
    return weights is None or len(weights) == y_pred.shape[-1]


def in_range(labels: np.ndarray, classes: int, ignored: int | None) -> bool:
    if labels.min() >= 0 and labels.max() < classes:
        return True
    return ignored is not None and bool(np.all((labels >= 0) & (labels < classes) | (labels == ignored)))


@of_seen(written_out.categorical_crossentropy)
def categorical_crossentropy(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    classes, weights = y_pred.shape[-1], options["class_weights"]
    if not options["from_logits"] or weights is not None or classes == 1 or not last(options["axis"], y_pred):
        return None
    if type(y_true) is not torch.Tensor or y_true.shape != y_pred.shape or y_true.dtype != y_pred.dtype:
        return None
    if y_true.amin() < 0:
        return None
    return F.cross_entropy(rows_of(y_pred), rows_of(y_true), label_smoothing=options["label_smoothing"])


def rows_of(tensor: Any) -> Any:
    return tensor if tensor.ndim == 2 else tensor.reshape(-1, tensor.shape[-1])


def last(axis: int, y_pred: Tensor) -> bool:
    return axis in (-1, y_pred.ndim - 1)
