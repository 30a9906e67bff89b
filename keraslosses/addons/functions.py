"""The functions of TensorFlow Addons: each gives a value for each sample, or one for the batch."""

from collections.abc import Sequence
from typing import Any

from keraslosses.addons.addon import function_of_addons
from keraslosses.addons.batches import NpairsLoss, NpairsMultilabelLoss
from keraslosses.addons.samples import (
    ContrastiveLoss,
    GIoULoss,
    PinballLoss,
    SigmoidFocalCrossEntropy,
    SparsemaxLoss,
)
from keraslosses.addons.triplets import LiftedStructLoss, Metric, TripletHardLoss, TripletSemiHardLoss
from keraslosses.core.types import Tensor


@function_of_addons
def contrastive_loss(y_true: Tensor, y_pred: Tensor, margin: float = 1.0) -> Any:
    """The values of `ContrastiveLoss`, one for each pair."""
    return ContrastiveLoss(margin).call(y_true, y_pred)


@function_of_addons
def sigmoid_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: float | None = 0.25,
    gamma: float | None = 2.0,
    from_logits: bool = False,
) -> Any:
    """The values of `SigmoidFocalCrossEntropy`, summed over the last axis."""
    return SigmoidFocalCrossEntropy(from_logits, alpha, gamma).call(y_true, y_pred)


@function_of_addons
def giou_loss(y_true: Tensor, y_pred: Tensor, mode: str = "giou") -> Any:
    """The values of `GIoULoss`, one for each box. (In TensorFlow Addons, a scalar for a single box.)"""
    return GIoULoss(mode).call(y_true, y_pred)


@function_of_addons
def pinball_loss(y_true: Tensor, y_pred: Tensor, tau: float | Sequence[float] = 0.5) -> Any:
    """The values of `PinballLoss`, the mean over the last axis."""
    return PinballLoss(tau).call(y_true, y_pred)


@function_of_addons
def sparsemax_loss(logits: Tensor, sparsemax: Tensor, labels: Tensor, name: str | None = None) -> Any:
    """The values of `SparsemaxLoss`, one for each row of logits.

    `sparsemax` is not read: the loss computes it from the logits. `name` has no effect.
    """
    return SparsemaxLoss().call(labels, logits)


@function_of_addons
def npairs_loss(y_true: Tensor, y_pred: Tensor) -> Any:
    """The value of `NpairsLoss`, a scalar."""
    return NpairsLoss().value(y_true, y_pred)


@function_of_addons
def npairs_multilabel_loss(y_true: Tensor, y_pred: Tensor) -> Any:
    """The value of `NpairsMultilabelLoss`, a scalar."""
    return NpairsMultilabelLoss().value(y_true, y_pred)


@function_of_addons
def triplet_semihard_loss(
    y_true: Tensor, y_pred: Tensor, margin: float = 1.0, distance_metric: Metric = "L2"
) -> Any:
    """The value of `TripletSemiHardLoss`, a scalar."""
    return TripletSemiHardLoss(margin, distance_metric).value(y_true, y_pred)


@function_of_addons
def triplet_hard_loss(
    y_true: Tensor, y_pred: Tensor, margin: float = 1.0, soft: bool = False, distance_metric: Metric = "L2"
) -> Any:
    """The value of `TripletHardLoss`, a scalar."""
    return TripletHardLoss(margin, soft, distance_metric).value(y_true, y_pred)


@function_of_addons
def lifted_struct_loss(labels: Tensor, embeddings: Tensor, margin: float = 1.0) -> Any:
    """The value of `LiftedStructLoss`, a scalar."""
    return LiftedStructLoss(margin).value(labels, embeddings)
