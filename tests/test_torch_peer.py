"""Values and gradients against torch.nn.functional."""

import pytest
import torch
import torch.nn.functional as F
from peers import (
    BATCH,
    CLASSES_OF_ALL,
    CLASSES_SECOND,
    LABEL_LISTS,
    LABELS,
    LOG_PROBABILITIES_SECOND,
    ONE_HOT,
    PER_CLASS,
    POSITIVE,
    PROBABILITIES,
    REAL,
    SIGNS,
    SIMPLEX,
    SOFT_CLASSES_SECOND,
    SOME_IGNORED,
    STEPS,
    YES_NO,
    agree,
    by_torch,
)

import keraslosses as kl

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

# torch.nn.functional: the elementwise ones, averaged over the last axis


def averaged(function, **options):
    return lambda p, y: function(p, y, reduction="none", **options).mean(-1)


def torch_kl_divergence(p, y):
    return F.kl_div(p.log(), y, reduction="none").sum(-1)


WEIGHT = torch.tensor(PER_CLASS, dtype=torch.float64)


def torch_hinge(p, y):
    """Ranking of a score against 0, by a margin of 1."""
    return F.margin_ranking_loss(p, torch.zeros_like(p), y, margin=1.0, reduction="none")


def torch_binary_focal(p, y, alpha=None, gamma=2.0):
    """As the paper has it: -alpha_t (1 - p_t)^gamma log p_t, with p_t by cases."""
    p_t = torch.where(y == 1, p, 1 - p)
    alpha_t = 1.0 if alpha is None else torch.where(y == 1, alpha, 1 - alpha)
    return (-alpha_t * (1 - p_t) ** gamma * p_t.log()).mean(-1)


def torch_binary_focal_of_logits(p, y, **options):
    return torch_binary_focal(p.sigmoid(), y, **options)


def of_label(p, y):
    return p.gather(-1, y[..., None])[..., 0]


def torch_focal_of_logits(p, y, alpha=0.25, gamma=2.0):
    p = of_label(p.softmax(-1), y)
    return -alpha * (1 - p) ** gamma * p.log()


def torch_generalized(p, y, q):
    return (1 - of_label(p, y) ** q) / q


def torch_soft_margin_softmax(p, y, margin):
    """torch's own cross-entropy, of logits less the margin at the label."""
    return F.cross_entropy((p - margin * F.one_hot(y, CLASSES_OF_ALL)).movedim(-1, 1), y, reduction="none")


def torch_categorical_hinge(p, y):
    wrong = torch.where(y == 1, torch.zeros_like(p), p).amax(-1)
    return F.relu(1 + wrong - (y * p).sum(-1))


def torch_barlow_twins(x, _, lambda_=0.1):
    """As the code of the authors, without the 1e-5 that it adds to each variance."""
    first, second = (F.batch_norm(view, None, None, training=True, eps=1e-12) for view in x.unbind(1))
    c = first.T @ second / len(first)
    on_diagonal = torch.diagonal(c).add(-1).square().sum()
    off_diagonal = c.square().sum() - torch.diagonal(c).square().sum()
    return (on_diagonal + lambda_ * off_diagonal).expand(len(x))


def in_rows_of_torch(function, **options):
    """A loss of torch that takes rows only."""

    def flattened(p, y):
        values = function(
            p.reshape(-1, CLASSES_OF_ALL),
            y.reshape(BATCH * STEPS, -1).squeeze(-1),
            reduction="none",
            **options,
        )
        return values.reshape(BATCH, STEPS)

    return flattened


TORCH = [
    (kl.MeanSquaredError, {}, averaged(F.mse_loss), REAL),
    (kl.MeanAbsoluteError, {}, averaged(F.l1_loss), REAL),
    *((kl.Huber, {"delta": d}, averaged(F.huber_loss, delta=d), REAL) for d in (0.3, 1.0, 2.5)),
    *((kl.SmoothL1, {"beta": b}, averaged(F.smooth_l1_loss, beta=b), REAL) for b in (0.0, 0.3, 1.0, 2.5)),
    (kl.BinaryCrossentropy, {}, averaged(F.binary_cross_entropy), (YES_NO, PROBABILITIES)),
    (kl.BinaryCrossentropy, {}, averaged(F.binary_cross_entropy), (SIMPLEX[0], PROBABILITIES)),
    (
        kl.BinaryCrossentropy,
        {"class_weights": PER_CLASS},
        averaged(F.binary_cross_entropy, weight=WEIGHT),
        (YES_NO, PROBABILITIES),
    ),
    (
        kl.BinaryCrossentropy,
        {"from_logits": True},
        averaged(F.binary_cross_entropy_with_logits),
        (YES_NO, REAL[1]),
    ),
    (
        kl.BinaryCrossentropy,
        {"from_logits": True, "pos_weight": 3.0},
        averaged(F.binary_cross_entropy_with_logits, pos_weight=torch.tensor(3.0)),
        (YES_NO, REAL[1]),
    ),
    (
        kl.BinaryCrossentropy,
        {"from_logits": True, "class_weights": PER_CLASS, "pos_weight": PER_CLASS[::-1]},
        averaged(F.binary_cross_entropy_with_logits, weight=WEIGHT, pos_weight=WEIGHT.flip(0)),
        (SIMPLEX[0], REAL[1]),
    ),
    (kl.KLDivergence, {}, torch_kl_divergence, SIMPLEX),
    (kl.Poisson, {}, averaged(F.poisson_nll_loss, log_input=False, eps=1e-7), POSITIVE),
    *(
        (
            kl.Poisson,
            {"log_input": log_input, "full": full},
            averaged(F.poisson_nll_loss, log_input=log_input, full=full, eps=1e-7),
            POSITIVE,
        )
        for log_input, full in [(True, False), (True, True), (False, True)]
    ),
    (kl.SoftMargin, {}, averaged(F.soft_margin_loss), (SIGNS, REAL[1])),
    (
        kl.MultiLabelSoftMargin,
        {"class_weights": PER_CLASS},
        lambda p, y: F.multilabel_soft_margin_loss(
            p.reshape(-1, CLASSES_OF_ALL), y.reshape(-1, CLASSES_OF_ALL), weight=WEIGHT, reduction="none"
        ).reshape(p.shape[:-1]),
        (YES_NO, REAL[1]),
    ),
    *(
        (kl.HingeEmbedding, {"margin": m}, averaged(F.hinge_embedding_loss, margin=m), (SIGNS, REAL[1]))
        for m in (1.0, 0.3)
    ),
    *(
        (kl.CosineSimilarity, {"axis": axis}, lambda p, y, axis=axis: -F.cosine_similarity(p, y, axis), REAL)
        for axis in (-1, 1)
    ),
    *(
        (
            kl.TripletMargin,
            options,
            lambda x, _, options=options: F.triplet_margin_loss(*x.unbind(1), reduction="none", **options),
            (LABELS[:, 0], REAL[1][:, :3]),
        )
        for options in (
            {},
            {"p": 1, "margin": 2.0},
            {"p": 3.5, "eps": 0.1},
            {"p": float("inf")},
            {"swap": True, "margin": 5.0},
        )
    ),
    *(
        (
            kl.CosineEmbedding,
            {"margin": margin},
            lambda x, y, margin=margin: F.cosine_embedding_loss(*x.unbind(1), y, margin, reduction="none"),
            (SIGNS[:, 0, 0], REAL[1][:, :2]),
        )
        for margin in (0.0, 0.3, -0.5)
    ),
    (
        kl.MarginRanking,
        {"margin": 0.5},
        lambda x, y: F.margin_ranking_loss(*x.unbind(1), y, 0.5, reduction="none"),
        (SIGNS[:, 0, 0], REAL[1][:, 0, :2]),
    ),
    (kl.BarlowTwins, {"lambda_": 0.1}, torch_barlow_twins, (LABELS[:, 0], REAL[1][:, :2])),
    (kl.Hinge, {}, lambda p, y: torch_hinge(p, y).mean(-1), (SIGNS, REAL[1])),
    (kl.SquaredHinge, {}, lambda p, y: (torch_hinge(p, y) ** 2).mean(-1), (SIGNS, REAL[1])),
    (
        kl.Hinge,
        {"class_weights": PER_CLASS},
        lambda p, y: (WEIGHT * torch_hinge(p, y)).mean(-1),
        (SIGNS, REAL[1]),
    ),
    (kl.CategoricalHinge, {}, torch_categorical_hinge, (ONE_HOT, REAL[1])),
    *(
        (
            kl.MultiMargin,
            {"p": p, "margin": margin},
            in_rows_of_torch(F.multi_margin_loss, p=p, margin=margin),
            (LABELS, REAL[1]),
        )
        for p in (1, 2)
        for margin in (0.5, 1.0)
    ),
    *(
        (
            kl.MultiMargin,
            {"p": p, "class_weights": PER_CLASS},
            in_rows_of_torch(F.multi_margin_loss, p=p, weight=WEIGHT),
            (LABELS, REAL[1]),
        )
        for p in (1, 2)
    ),
    (kl.MultiLabelMargin, {}, in_rows_of_torch(F.multilabel_margin_loss), (LABEL_LISTS, REAL[1])),
    (kl.BinaryFocalCrossentropy, {}, torch_binary_focal, (YES_NO, PROBABILITIES)),
    *(
        (
            kl.BinaryFocalCrossentropy,
            {"from_logits": True, "apply_class_balancing": True, "alpha": alpha, "gamma": gamma},
            lambda p, y, alpha=alpha, gamma=gamma: torch_binary_focal_of_logits(
                p, y, alpha=alpha, gamma=gamma
            ),
            (YES_NO, REAL[1]),
        )
        for alpha, gamma in [(0.25, 2.0), (0.9, 0.0), (0.5, 3.5)]
    ),
    (kl.SparseCategoricalFocalCrossentropy, {"from_logits": True}, torch_focal_of_logits, (LABELS, REAL[1])),
    (
        kl.CategoricalFocalCrossentropy,
        {"from_logits": True, "alpha": 0.7, "gamma": 0.5},
        lambda p, y: torch_focal_of_logits(p, y.argmax(-1), alpha=0.7, gamma=0.5),
        (ONE_HOT, REAL[1]),
    ),
    *(
        (
            kl.CategoricalGeneralizedCrossEntropy,
            {"q": q},
            lambda p, y, q=q: torch_generalized(p, y, q),
            (LABELS, SIMPLEX[1]),
        )
        for q in (0.1, 0.7)
    ),
    *(
        (
            kl.SoftMarginSoftmax,
            {"margin": margin},
            lambda p, y, margin=margin: torch_soft_margin_softmax(p, y, margin),
            (LABELS, REAL[1]),
        )
        for margin in (0.35, 2.0)
    ),
]


@pytest.mark.parametrize(
    ("ours", "options", "peer", "inputs"), TORCH, ids=[f"{case[0].__name__} {case[1]}" for case in TORCH]
)
def test_torch(ours, options, peer, inputs):
    agree(ours(reduction="none", **options), peer, by_torch, *inputs)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("ours", "peer"),
    [
        (kl.MeanSquaredError, F.mse_loss),
        (kl.MeanAbsoluteError, F.l1_loss),
        (kl.Huber, F.huber_loss),
        (kl.SmoothL1, F.smooth_l1_loss),
    ],
)
def test_torch_reduced(ours, peer, reduction):
    # The mean of means is the mean; our sum is over samples whose last axis was averaged.
    factor = CLASSES_OF_ALL if reduction == "sum" else 1
    agree(ours(reduction=reduction), lambda p, y: peer(p, y, reduction=reduction) / factor, by_torch, *REAL)


# torch.nn.functional.cross_entropy, whose weighted mean is our "mean_with_sample_weight"

WEIGHTED_REDUCTIONS = [("mean_with_sample_weight", "mean"), ("sum", "sum"), ("none", "none")]


@pytest.mark.parametrize(("ours", "torchs"), WEIGHTED_REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, PER_CLASS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("labels", [LABELS, SOME_IGNORED], ids=["all", "some ignored"])
def test_torch_cross_entropy(labels, weights, smoothing, ours, torchs):
    loss = kl.SparseCategoricalCrossentropy(
        from_logits=True,
        ignore_class=-100,
        axis=1,
        label_smoothing=smoothing,
        class_weights=weights,
        reduction=ours,
    )

    def peer(p, y):
        weight = None if weights is None else WEIGHT
        return F.cross_entropy(p, y, weight, ignore_index=-100, reduction=torchs, label_smoothing=smoothing)

    agree(loss, peer, by_torch, labels, CLASSES_SECOND)


@pytest.mark.parametrize(("ours", "torchs"), WEIGHTED_REDUCTIONS)
@pytest.mark.parametrize("weights", [None, PER_CLASS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("labels", [LABELS, SOME_IGNORED], ids=["all", "some ignored"])
def test_torch_nll(labels, weights, ours, torchs):
    loss = kl.NegativeLogLikelihood(axis=1, ignore_class=-100, class_weights=weights, reduction=ours)

    def peer(p, y):
        weight = None if weights is None else WEIGHT
        return F.nll_loss(p, y, weight, ignore_index=-100, reduction=torchs)

    agree(loss, peer, by_torch, labels, LOG_PROBABILITIES_SECOND)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weights", [None, PER_CLASS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("p", [1, 2])
def test_torch_multi_margin_reduced(p, weights, reduction):
    """torch's mean divides by the number of samples, also with weights: our plain mean."""
    loss = kl.MultiMargin(p=p, class_weights=weights, reduction=reduction)

    def peer(scores, y):
        weight = None if weights is None else WEIGHT
        return F.multi_margin_loss(scores, y, p=p, weight=weight, reduction=reduction)

    agree(loss, peer, by_torch, LABELS[:, 0], REAL[1][:, 0])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_torch_multi_label_margin_reduced(reduction):
    def peer(scores, y):
        return F.multilabel_margin_loss(scores, y, reduction=reduction)

    agree(kl.MultiLabelMargin(reduction=reduction), peer, by_torch, LABEL_LISTS[:, 0], REAL[1][:, 0])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, PER_CLASS], ids=["unweighted", "weighted"])
def test_torch_cross_entropy_of_soft_targets(weights, smoothing, reduction):
    """Here torch's mean divides by the number of entries, also with weights: our plain mean."""
    loss = kl.CategoricalCrossentropy(
        from_logits=True, axis=1, label_smoothing=smoothing, class_weights=weights, reduction=reduction
    )

    def peer(p, y):
        weight = None if weights is None else WEIGHT
        return F.cross_entropy(p, y, weight, reduction=reduction, label_smoothing=smoothing)

    agree(loss, peer, by_torch, SOFT_CLASSES_SECOND, CLASSES_SECOND)
