"""The peers of the benchmark on torch: its own losses, and those of the libraries that are installed."""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import torch
import torch.nn.functional as F

from keraslosses.cli.bench.cases import class_weights
from keraslosses.reference.crossentropy import IGNORED

Peer = Callable[..., Any]


@lru_cache(maxsize=1)
def weights_of(classes: int, device: Any) -> Any:
    return torch.tensor(class_weights(classes), device=device)


def weighted_cross_entropy(y: Any, p: Any) -> Any:
    return F.cross_entropy(p, y, weights_of(p.shape[-1], p.device), ignore_index=IGNORED)


def ctc(y: Any, p: Any) -> Any:
    frames = torch.full((len(p),), p.shape[1], device=p.device)
    log_p = p.log_softmax(-1).transpose(0, 1)
    return F.ctc_loss(log_p, y, frames, (y != 0).sum(1), reduction="none").mean()


def poly(y: Any, p: Any) -> Any:
    costs = F.cross_entropy(p, y, reduction="none")
    return (costs + 1.0 - torch.exp(-costs)).mean()


def triplet_margin(y: Any, p: Any) -> Any:
    return F.triplet_margin_loss(*p.unbind(1))


def cosine_embedding(y: Any, p: Any) -> Any:
    first, second = p.unbind(1)
    return F.cosine_embedding_loss(first, second, y)


def margin_ranking(y: Any, p: Any) -> Any:
    first, second = p.unbind(1)
    return F.margin_ranking_loss(first, second, y)


def negative_cosine(y: Any, p: Any) -> Any:
    first, second = p.unbind(1)
    return -F.cosine_similarity(first, second.detach()).mean()


def info_nce(y: Any, p: Any) -> Any:
    """As CLIP computes it, where each sample is its own class."""
    first, second = F.normalize(p, dim=2).unbind(1)
    scores, own = first @ second.T / 0.07, torch.arange(len(p), device=p.device)
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def npairs(y: Any, p: Any) -> Any:
    alike = (y[:, None] == y[None]).to(p.dtype)
    return F.cross_entropy(p[:, 0] @ p[:, 1].T, alike / alike.sum(1, keepdim=True))


TORCH: dict[str, dict[str, Peer]] = {
    "MeanSquaredError": {"F.mse_loss": lambda y, p: F.mse_loss(p, y)},
    "MeanAbsoluteError": {"F.l1_loss": lambda y, p: F.l1_loss(p, y)},
    "Huber": {"F.huber_loss": lambda y, p: F.huber_loss(p, y)},
    "SmoothL1": {"F.smooth_l1_loss": lambda y, p: F.smooth_l1_loss(p, y)},
    "CosineSimilarity": {"F.cosine_similarity": lambda y, p: -F.cosine_similarity(p, y).mean()},
    "Poisson": {
        "F.poisson_nll_loss": lambda y, p: F.poisson_nll_loss(p, y, log_input=False, eps=1e-7),
    },
    "KLDivergence": {"F.kl_div": lambda y, p: F.kl_div(p.log(), y, reduction="batchmean")},
    "BinaryCrossentropy, probabilities": {
        "F.binary_cross_entropy": lambda y, p: F.binary_cross_entropy(p, y)
    },
    "BinaryCrossentropy, logits": {
        "F.binary_cross_entropy_with_logits": lambda y, p: F.binary_cross_entropy_with_logits(p, y)
    },
    "CategoricalCrossentropy, logits": {"F.cross_entropy": lambda y, p: F.cross_entropy(p, y)},
    "SparseCategoricalCrossentropy, logits": {"F.cross_entropy": lambda y, p: F.cross_entropy(p, y)},
    "SparseCategoricalCrossentropy, ignored and weighted": {"F.cross_entropy": weighted_cross_entropy},
    "NegativeLogLikelihood": {"F.nll_loss": lambda y, p: F.nll_loss(p, y)},
    "MultiMargin": {"F.multi_margin_loss": lambda y, p: F.multi_margin_loss(p, y)},
    "CTC": {"F.ctc_loss": ctc},
    "MultiLabelMargin": {"F.multilabel_margin_loss": lambda y, p: F.multilabel_margin_loss(p, y)},
    "PolyCrossentropy, logits": {"F.cross_entropy": poly},
    "SoftMargin": {"F.soft_margin_loss": lambda y, p: F.soft_margin_loss(p, y)},
    "MultiLabelSoftMargin": {
        "F.multilabel_soft_margin_loss": lambda y, p: F.multilabel_soft_margin_loss(p, y)
    },
    "HingeEmbedding": {"F.hinge_embedding_loss": lambda y, p: F.hinge_embedding_loss(p, y)},
    "TripletMargin": {"F.triplet_margin_loss": triplet_margin},
    "CosineEmbedding": {"F.cosine_embedding_loss": cosine_embedding},
    "MarginRanking": {"F.margin_ranking_loss": margin_ranking},
    "NegativeCosine": {"F.cosine_similarity": negative_cosine},
    "InfoNCE": {"F.cross_entropy": info_nce},
    "NPairs": {"F.cross_entropy": npairs},
}

if find_spec("torchvision"):
    from torchvision import ops as vision

    def of_boxes(loss: Peer) -> Peer:
        return lambda y, p: loss(p, y, reduction="mean")

    TORCH["BinaryFocalCrossentropy, logits"] = {
        "torchvision.ops.sigmoid_focal_loss": lambda y, p: vision.sigmoid_focal_loss(p, y, -1, 2.0, "mean")
    }
    TORCH["GIoU"] = {"torchvision.ops.generalized_box_iou_loss": of_boxes(vision.generalized_box_iou_loss)}
    TORCH["DIoU"] = {"torchvision.ops.distance_box_iou_loss": of_boxes(vision.distance_box_iou_loss)}
    TORCH["CIoU"] = {"torchvision.ops.complete_box_iou_loss": of_boxes(vision.complete_box_iou_loss)}

if find_spec("segmentation_models_pytorch"):
    from segmentation_models_pytorch import losses as masks

    def of_masks(loss: type, **options: Any) -> Peer:
        made = loss("binary", from_logits=False, **options)
        return lambda y, p: made(p[:, None], y[:, None])

    TORCH["Dice"] = {"segmentation_models_pytorch.losses.DiceLoss": of_masks(masks.DiceLoss)}
    TORCH["Jaccard"] = {"segmentation_models_pytorch.losses.JaccardLoss": of_masks(masks.JaccardLoss)}
    TORCH["Tversky"] = {"segmentation_models_pytorch.losses.TverskyLoss": of_masks(masks.TverskyLoss)}
    TORCH["FocalTversky"] = {
        "segmentation_models_pytorch.losses.TverskyLoss": of_masks(
            masks.TverskyLoss, alpha=0.3, beta=0.7, gamma=0.75
        )
    }

if find_spec("pytorch_metric_learning"):
    from pytorch_metric_learning import losses as metric
    from pytorch_metric_learning.distances import DotProductSimilarity, LpDistance
    from pytorch_metric_learning.miners import MultiSimilarityMiner

    def of_embeddings(loss: Peer, miner: Any = None) -> Peer:
        return lambda y, p: loss(p, y, miner(p, y)) if miner else loss(p, y)

    def vicreg(y: Any, p: Any) -> Any:
        first, second = p.unbind(1)
        return metric.VICRegLoss()(first, ref_emb=second)

    euclidean = LpDistance(normalize_embeddings=False)
    products = DotProductSimilarity(normalize_embeddings=False)
    multi_similarity = metric.MultiSimilarityLoss(2.0, 50.0, 1.0, distance=products)
    TORCH |= {
        "SupervisedContrastive": {
            "pytorch_metric_learning.losses.SupConLoss": of_embeddings(metric.SupConLoss(0.1))
        },
        "NTXent": {"pytorch_metric_learning.losses.NTXentLoss": of_embeddings(metric.NTXentLoss(0.5))},
        "MultiSimilarity": {
            "pytorch_metric_learning.losses.MultiSimilarityLoss": of_embeddings(
                multi_similarity, MultiSimilarityMiner(distance=products)
            )
        },
        "LiftedStructure": {
            "pytorch_metric_learning.losses.LiftedStructureLoss": of_embeddings(
                metric.LiftedStructureLoss(distance=euclidean)
            )
        },
        "PairContrastive": {
            "pytorch_metric_learning.losses.ContrastiveLoss": of_embeddings(
                metric.ContrastiveLoss(distance=euclidean)
            )
        },
        "FastAP": {"pytorch_metric_learning.losses.FastAPLoss": of_embeddings(metric.FastAPLoss(10))},
        "VICReg": {"pytorch_metric_learning.losses.VICRegLoss": vicreg},
    }
