"""Values and gradients against pytorch-metric-learning, where its formula is the paper's."""

import numpy as np
import pytest
import torch
from keras import ops
from peers import agree
from pytorch_metric_learning import losses as peers
from pytorch_metric_learning.reducers import DoNothingReducer

import keraslosses as kl
from keraslosses.core.numerics import unit

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

RNG = np.random.default_rng(31)
SAMPLES, DIM, CLASSES = 40, 3, 9
LABELS = RNG.integers(0, CLASSES, SAMPLES)
DIRECTIONS = RNG.normal(size=(DIM, CLASSES)).astype("float32")
# In three dimensions every angle occurs, those beyond the line of ArcFace too.
FEATURES = RNG.normal(size=(SAMPLES, DIM)).astype("float32")
UNIT_FEATURES = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)


def on_directions(loss):
    """Of features, by their cosines to the directions."""
    directions = unit(ops.convert_to_tensor(DIRECTIONS), 0)
    return lambda y_true, features: loss(y_true, ops.matmul(unit(features, -1), directions))


def by_metric_learning(peer, y_true, features, cotangent):
    """Value and gradient by features, in float64."""
    peer.W.data = torch.from_numpy(DIRECTIONS).double()
    features = torch.from_numpy(features).double().requires_grad_(True)
    values = peer(features, torch.from_numpy(y_true))["loss"]["losses"]
    total = (values * torch.as_tensor(cotangent)).sum()
    return values.detach().numpy(), torch.autograd.grad(total, features)[0].numpy()


def made(name, **options):
    return getattr(peers, name)(CLASSES, DIM, reducer=DoNothingReducer(), **options)


PAIRS = {
    "ArcFace": (
        kl.ArcFace(margin=0.5, scale=16.0, reduction="none"),
        made("ArcFaceLoss", margin=np.degrees(0.5), scale=16.0),
    ),
    "CosFace": (
        kl.CosFace(margin=0.35, scale=16.0, reduction="none"),
        made("CosFaceLoss", margin=0.35, scale=16.0),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_margins_agree(name):
    ours, peer = PAIRS[name]
    agree(on_directions(ours), peer, by_metric_learning, LABELS, FEATURES)


# The peer takes SciPy's binomials of torch's numbers, of which NumPy 2 warns.
@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning")
@pytest.mark.parametrize("margin", [2, 3, 4])
def test_sphereface_agrees_in_value_on_features_of_length_1(margin):
    """Its logits are scaled by the features' length, which ours leave to the layer: so its gradients are not ours."""
    ours = on_directions(kl.SphereFace(margin=margin, scale=16.0, reduction="none"))
    peer = made("SphereFaceLoss", margin=margin, scale=16.0)
    expected, _ = by_metric_learning(peer, LABELS, UNIT_FEATURES, np.ones(SAMPLES))
    received = ops.convert_to_numpy(ours(LABELS, ops.convert_to_tensor(UNIT_FEATURES)))
    np.testing.assert_allclose(received, expected, rtol=2e-5, atol=1e-6)


def of_views(peer, y_true, views, cotangent):
    """Value and gradient of a loss of two views, in float64."""
    views = torch.from_numpy(views).double().requires_grad_(True)
    first, second = views.unbind(1)
    parts = peer(first, ref_emb=second)
    values = sum(torch.atleast_1d(part["losses"]).mean() for part in parts.values()).expand(len(views))
    total = (values * torch.as_tensor(cotangent)).sum()
    return values.detach().numpy(), torch.autograd.grad(total, views)[0].numpy()


def test_vicreg_agrees():
    views = RNG.normal(size=(SAMPLES, 2, DIM)).astype("float32")
    options = {"invariance": 2.0, "variance": 3.0, "covariance": 0.5}
    peer = peers.VICRegLoss(2.0, 3.0, 0.5, reducer=DoNothingReducer())
    agree(kl.VICReg(reduction="none", **options), peer, of_views, LABELS, views)


def test_every_part_of_the_angle_occurs():
    cosines = np.sum(UNIT_FEATURES * (DIRECTIONS / np.linalg.norm(DIRECTIONS, axis=0)).T[LABELS], axis=1)
    parts = np.unique(np.arccos(cosines) // (np.pi / 4))
    assert parts.tolist() == [0, 1, 2, 3]
    assert np.any(cosines < -np.cos(0.5)) and np.any(cosines > 0.9)
