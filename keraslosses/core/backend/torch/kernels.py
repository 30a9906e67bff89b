"""Mean losses for which torch has a kernel: where its inputs allow it, the whole loss is one call.

A kernel for a loss takes what the loss was called with, its options and its reduction. It gives None where
torch reads the inputs another way, or would not say what is wrong with them: then the formula decides.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from keraslosses.core.backend import portable
from keraslosses.core.backend.torch import peek
from keraslosses.core.backend.torch.internals import transforming
from keraslosses.core.backend.torch.margins import ByKernel
from keraslosses.core.types import Options, Tensor

Kernel = Callable[..., Any]
# What torch ignores where nothing shall be ignored: no class has this index.
NO_LABEL = -100
# A label's score up to which the difference from the margin keeps its digits.
SMALL_SCORE = 16.0


def of_elements(kernel: Kernel) -> Kernel:
    """The mean over the elements of two tensors of one shape."""

    def mean(y_true: Tensor, y_pred: Tensor, **options: Any) -> Any:
        if not y_pred.numel() or torch.compiler.is_compiling() or transforming():
            return None
        return kernel(y_pred, y_true, **options)

    return mean


mean_squared_error = of_elements(F.mse_loss)
huber = of_elements(F.huber_loss)
smooth_l1 = of_elements(F.smooth_l1_loss)


def of_seen(kernel: Kernel) -> Kernel:
    """Only on the CPU, where the labels can be looked at, and only what comes out finite."""

    @functools.wraps(kernel)
    def guarded(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
        if transforming() or getattr(y_pred, "dtype", None) not in (torch.float32, torch.float64):
            return None
        if peek(y_true) is None or peek(y_pred) is None or y_pred.ndim < 2 or not y_pred.numel():
            return None
        found = kernel(y_true, y_pred, options, reduction)
        return found if found is not None and math.isfinite(found.detach()) else None

    return guarded


@of_seen
def sparse_categorical_crossentropy(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    if not options["from_logits"]:
        return None
    return at_labels(
        F.cross_entropy, y_true, y_pred, options, reduction, label_smoothing=options["label_smoothing"]
    )


@of_seen
def negative_log_likelihood(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    return at_labels(F.nll_loss, y_true, y_pred, options, reduction)


def at_labels(
    kernel: Callable[..., Any], y_true: Tensor, y_pred: Tensor, options: Options, reduction: str, **more: Any
) -> Any:
    ignored, weights = options["ignore_class"], options["class_weights"]
    labels = labels_of(y_true, y_pred, ignored)
    if labels is None or not last(options["axis"], y_pred) or not one_each(weights, y_pred):
        return None
    # To compare them with None takes as long as the kernel.
    counted = np.ones(labels.shape, "bool") if ignored is None else labels != ignored
    every = ignored is None or bool(np.all(counted))
    if not every and not finite_rows(y_pred, ~counted):
        return None
    # The kernel adds up weighted and ignored entries one after the other, and loses the digits of many.
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


@of_seen
def multi_margin(y_true: Tensor, y_pred: Tensor, options: Options, reduction: str) -> Any:
    """The kernel takes the label's score from the margin first, and finds no margin violated by NaN."""
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
    """One class index for each row, none out of range; not for one class alone, of which the loss warns."""
    labels = y_true if isinstance(y_true, np.ndarray) else y_true.numpy()
    rows = tuple(y_pred.shape[:-1])
    if y_pred.shape[-1] == 1 or labels.dtype.kind != "i" or labels.shape not in (rows, (*rows, 1)):
        return None
    return labels if in_range(labels, y_pred.shape[-1], ignored) else None


def finite_rows(y_pred: Tensor, chosen: np.ndarray) -> bool:
    """Whether the chosen rows hold finite numbers: through a softmax others have a gradient of NaN, though
    nothing flows back to them.
    """
    rows = rows_of(y_pred).detach().numpy()[chosen.reshape(-1)]
    with np.errstate(all="ignore"):
        return bool(np.isfinite(rows.sum()))


def indices(y_true: Tensor) -> Any:
    """torch takes no array that is reversed, and warns of one that is read-only: those are copied."""
    labels = torch.tensor(y_true.copy()) if isinstance(y_true, np.ndarray) else y_true
    return labels.reshape(-1).long()


def one_each(weights: Any, y_pred: Tensor) -> bool:
    return weights is None or len(weights) == y_pred.shape[-1]


def in_range(labels: np.ndarray, classes: int, ignored: int | None) -> bool:
    if labels.min() >= 0 and labels.max() < classes:
        return True
    return ignored is not None and bool(np.all((labels >= 0) & (labels < classes) | (labels == ignored)))


@of_seen
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
