"""Losses over all pairs of a batch against pytorch-metric-learning and torch: the mean and its gradient."""

import numpy as np
import pytest
import torch
from peers import agree
from pytorch_metric_learning import distances, losses, miners, reducers

import keraslosses as kl

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

RNG = np.random.default_rng(41)
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 3, 0])
VECTORS = RNG.normal(size=(10, 4)).astype("float32")
NEVER_EMPTY = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])


def plain_distance(power=1):
    return distances.LpDistance(normalize_embeddings=False, power=power)


def mined(loss, miner=None):
    """The peer as a function of embeddings and labels."""
    return lambda x, y: loss(x, y, miner(x, y)) if miner else loss(x, y)


def by_metric_learning(peer, y_true, y_pred, cotangent):
    x = torch.from_numpy(y_pred).double().requires_grad_(True)
    value = peer(x, torch.from_numpy(y_true))
    return value.detach().numpy(), (torch.autograd.grad(value, x)[0] * float(cotangent)).numpy()


def plain_products():
    return distances.DotProductSimilarity(normalize_embeddings=False)


PAIRS = {
    "SupervisedContrastive": (
        kl.SupervisedContrastive(temperature=0.3),
        losses.SupConLoss(temperature=0.3),
        LABELS,
    ),
    "SupervisedContrastive, products": (
        kl.SupervisedContrastive(temperature=2.0, normalize=False),
        losses.SupConLoss(temperature=2.0, distance=plain_products()),
        LABELS,
    ),
    "NTXent": (kl.NTXent(temperature=0.3), losses.NTXentLoss(temperature=0.3), LABELS),
    "NTXent, products": (
        kl.NTXent(temperature=2.0, normalize=False),
        losses.NTXentLoss(temperature=2.0, distance=plain_products()),
        LABELS,
    ),
    "MultiSimilarity": (
        kl.MultiSimilarity(alpha=1.5, beta=4.0, base=0.5),
        mined(
            losses.MultiSimilarityLoss(alpha=1.5, beta=4.0, base=0.5, distance=plain_products()),
            miners.MultiSimilarityMiner(distance=plain_products()),
        ),
        NEVER_EMPTY,
    ),
    "MultiSimilarity, all pairs": (
        kl.MultiSimilarity(alpha=1.5, beta=4.0, base=0.5, epsilon=None),
        losses.MultiSimilarityLoss(alpha=1.5, beta=4.0, base=0.5, distance=plain_products()),
        NEVER_EMPTY,
    ),
    "Triplet, all": (
        kl.Triplet(margin=0.7, mining="all"),
        mined(losses.TripletMarginLoss(margin=0.7, distance=plain_distance())),
        LABELS,
    ),
    "Triplet, all, soft": (
        kl.Triplet(mining="all", soft=True, distance="squared_euclidean"),
        mined(losses.TripletMarginLoss(margin=0.0, smooth_loss=True, distance=plain_distance(2))),
        LABELS,
    ),
    "Triplet, hard": (
        kl.Triplet(margin=0.5, mining="hard"),
        mined(
            losses.TripletMarginLoss(margin=0.5, distance=plain_distance(), reducer=reducers.MeanReducer()),
            miners.BatchHardMiner(distance=plain_distance()),
        ),
        NEVER_EMPTY,
    ),
}


PAIRS |= {
    "PairContrastive": (
        kl.PairContrastive(positive_margin=0.5, negative_margin=3.0),
        losses.ContrastiveLoss(pos_margin=0.5, neg_margin=3.0, distance=plain_distance()),
        LABELS,
    ),
    "LiftedStructure": (
        kl.LiftedStructure(margin=0.8),
        losses.LiftedStructureLoss(neg_margin=0.8, distance=plain_distance()),
        LABELS,
    ),
}

TWO = RNG.normal(size=(6, 2, 4)).astype("float32")
SOME_ALIKE = np.array([0, 1, 0, 2, 1, 3])


def clip(temperature, weight):
    """CLIP's loss with torch's cross-entropy; `weight` is that of the direction from the second vectors."""

    def loss(x, y):
        first, second = torch.nn.functional.normalize(x, dim=2).unbind(1)
        scores, own = first @ second.T / temperature, torch.arange(len(x))
        forth, back = (torch.nn.functional.cross_entropy(s, own) for s in (scores, scores.T))
        return (1 - weight) * forth + weight * back

    return loss


def npairs_of_addons(x, y):
    """TensorFlow Addons' formula: cross-entropy against the equality of labels, divided by its sums."""
    alike = (y[:, None] == y[None]).double()
    targets = alike / alike.sum(1, keepdim=True)
    return torch.nn.functional.cross_entropy(x[:, 0] @ x[:, 1].T, targets)


# Where there are as many classes as samples of each, theirs is the formula of the paper.
THREE_OF_EACH = np.repeat(np.arange(3), 3)
PAIRS |= {
    "FastAP": (kl.FastAP(bins=6), losses.FastAPLoss(num_bins=6), NEVER_EMPTY),
    "SmoothAP": (kl.SmoothAP(temperature=0.2), losses.SmoothAPLoss(temperature=0.2), THREE_OF_EACH),
    "InfoNCE": (kl.InfoNCE(temperature=0.3), clip(0.3, 0.5), SOME_ALIKE),
    "InfoNCE, one way": (kl.InfoNCE(temperature=0.3, symmetric=False), clip(0.3, 0.0), SOME_ALIKE),
    "NPairs": (kl.NPairs(), npairs_of_addons, SOME_ALIKE),
}


@pytest.mark.parametrize("name", PAIRS)
def test_mean_agrees(name):
    ours, peer, labels = PAIRS[name]
    inputs = TWO if labels is SOME_ALIKE else VECTORS[: len(labels)]
    agree(ours, peer, by_metric_learning, labels, inputs)
