"""ProxyNCA, ProxyAnchor and SoftTriple: their formulas, samples that take no part, and training through `attach`."""

import re

import keras
import numpy as np
import pytest
import torch
from keras import layers, ops
from pytorch_metric_learning import losses as peers
from pytorch_metric_learning.reducers import DoNothingReducer

import keraslosses as kl
from keraslosses.portability.gradients import MODES, value_and_gradient

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
RNG = np.random.default_rng(7)
BATCH, CLASSES, DIM, CENTERS = 9, 5, 4, 3
X = RNG.normal(size=(BATCH, DIM)).astype("float32")
Y = np.array([0, 1, 2, 0, 1, 3, 3, 3, 0])
PROXIES = RNG.normal(size=(CLASSES, DIM)).astype("float32")
CENTERS_OF_ALL = RNG.normal(size=(CLASSES, CENTERS, DIM)).astype("float32")
OPTIONS = {
    "ProxyNCA": {},
    "ProxyAnchor": {"margin": 0.2, "alpha": 3.0},
    "SoftTriple": {"centers": CENTERS, "la": 5.0, "gamma": 0.3, "margin": 0.1, "tau": 0.0},
}
each = pytest.mark.parametrize("name", OPTIONS)


def built(name, **options):
    term = getattr(kl, name)(CLASSES, **{**OPTIONS[name], **options})
    term.build((None, DIM))
    term.kernel.assign(CENTERS_OF_ALL if name == "SoftTriple" else PROXIES)
    return term


def peer_of(name):
    """pytorch-metric-learning's, as a function of features, and its weights."""
    kept = {"reducer": DoNothingReducer()}
    if name == "ProxyNCA":
        peer = peers.ProxyNCALoss(CLASSES, DIM, **kept)
    elif name == "ProxyAnchor":
        peer = peers.ProxyAnchorLoss(CLASSES, DIM, margin=0.2, alpha=3.0)
    else:
        peer = peers.SoftTripleLoss(CLASSES, DIM, CENTERS, la=5.0, gamma=0.3, margin=0.1, **kept)
        peer.fc.data = torch.from_numpy(CENTERS_OF_ALL.reshape(-1, DIM).T).double()
        return peer, peer.fc
    peer.proxies.data = torch.from_numpy(PROXIES).double()
    return peer, peer.proxies


@each
def test_values_and_gradients_agree_with_metric_learning(name):
    peer, weights = peer_of(name)
    x = torch.from_numpy(X).double().requires_grad_(True)
    found = peer(x, torch.from_numpy(Y))
    expected = found if name == "ProxyAnchor" else found["loss"]["losses"].mean()
    by_x, by_weights = (gradient.numpy() for gradient in torch.autograd.grad(expected, (x, weights)))
    term = built(name)
    value, gradient = value_and_gradient(lambda y, x: ops.mean(term.per_sample_loss(x, y)[0]), Y, X)
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(gradient, by_x, rtol=1e-4, atol=1e-6)

    def of_kernel(_, kernel):
        with keras.StatelessScope(state_mapping=[(term.kernel, kernel)]):
            return ops.mean(term.per_sample_loss(ops.convert_to_tensor(X), Y)[0])

    value, gradient = value_and_gradient(of_kernel, Y, N(term.kernel))
    by_weights = by_weights.T.reshape(gradient.shape) if name == "SoftTriple" else by_weights
    np.testing.assert_allclose(gradient, by_weights, rtol=1e-4, atol=1e-6)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_the_proxy_nca_of_the_paper_leaves_the_own_proxy_out():
    squares = np.sum((unit(X)[:, None] - unit(PROXIES)[None]) ** 2, axis=-1)
    expected = [squares[i, y] + np.log(np.sum(np.exp(-np.delete(squares[i], y)))) for i, y in enumerate(Y)]
    found = built("ProxyNCA", all_proxies=False).per_sample_loss(X, Y)[0]
    np.testing.assert_allclose(N(found), expected, rtol=1e-5)


def test_soft_triple_adds_the_distances_of_the_centers():
    centers, total = unit(CENTERS_OF_ALL), 0.0
    for of_class in centers:
        for t in range(CENTERS):
            for s in range(t + 1, CENTERS):
                total += np.linalg.norm(of_class[t] - of_class[s])
    expected = 0.7 * total / (CLASSES * CENTERS * (CENTERS - 1))
    more = N(built("SoftTriple", tau=0.7).per_sample_loss(X, Y)[0]) - N(
        built("SoftTriple").per_sample_loss(X, Y)[0]
    )
    np.testing.assert_allclose(more, expected, rtol=1e-4)


def test_one_center_is_a_cosine_softmax():
    term = kl.SoftTriple(CLASSES, centers=1, la=5.0, margin=0.0)
    term.build((None, DIM))
    term.kernel.assign(PROXIES[:, None])
    loss = kl.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    expected = loss(Y, 5.0 * unit(X) @ unit(PROXIES).T)
    np.testing.assert_allclose(N(term.per_sample_loss(X, Y)[0]), N(expected), rtol=1e-4)


def test_equal_centers_have_no_gradient():
    term = built("SoftTriple", tau=0.7)
    term.kernel.assign(np.ones_like(CENTERS_OF_ALL))
    value, gradient = value_and_gradient(lambda y, x: term.per_sample_loss(x, y)[0], Y, X)
    assert np.isfinite(value).all() and np.isfinite(gradient).all()


@each
def test_the_layer_gives_similarities(name):
    found = N(built(name)(X))
    assert found.shape == (BATCH, CLASSES) and np.abs(found).max() <= 1 + 1e-6
    if name != "SoftTriple":
        np.testing.assert_allclose(found, unit(X) @ unit(PROXIES).T, rtol=1e-4, atol=1e-6)


@each
@pytest.mark.parametrize("mode", MODES[:1])
def test_a_sample_of_weight_0_takes_no_part(name, mode):
    term, spoiled = built(name), X.copy()
    spoiled[3] = np.nan
    weight, kept = np.where(np.arange(BATCH) == 3, 0.0, 1.0).astype("float32"), np.arange(BATCH) != 3
    values, gradient = value_and_gradient(
        lambda y, x: term.per_sample_loss(x, y, sample_weight=weight)[0], Y, spoiled, mode=mode
    )
    expected, slope = value_and_gradient(
        lambda y, x: term.per_sample_loss(x, y)[0], Y[kept], X[kept], mode=mode
    )
    np.testing.assert_allclose(values, np.insert(expected, 3, 0.0), rtol=1e-5)
    np.testing.assert_allclose(gradient[kept], slope, rtol=1e-4, atol=1e-6)
    assert not gradient[3].any()


@each
def test_a_sample_with_the_label_minus_1_is_left_out(name):
    term, spoiled, labels = built(name), X.copy(), np.where(np.arange(BATCH) == 3, -1, Y)
    spoiled[3] = np.nan
    inputs = keras.Input((DIM,))
    model = kl.attach(keras.Model(inputs, layers.Identity(name="embedding")(inputs)), term, at="embedding")
    model.compile(loss=None)
    expected = np.mean(N(term.per_sample_loss(np.delete(X, 3, axis=0), np.delete(Y, 3))[0]))
    np.testing.assert_allclose(model.evaluate(spoiled, labels, verbose=0)[0], expected, rtol=1e-5)


@pytest.mark.deep
@each
def test_compiled_a_label_out_of_range_is_nan(name):
    """Its sample; all samples where they share a value."""
    labels, term = np.where(np.arange(BATCH) == 3, CLASSES, Y), built(name)
    values, _ = value_and_gradient(lambda y, x: term.per_sample_loss(x, y)[0], labels, X, mode=MODES[-1])
    assert np.isnan(values).tolist() == [name == "ProxyAnchor" or i == 3 for i in range(BATCH)]


@each
def test_finite_gradients_at_proxies_zeros_and_far_away(name):
    kernel = CENTERS_OF_ALL[:, 0] if name == "SoftTriple" else PROXIES
    hard = np.concatenate(
        [kernel[:2], -kernel[:2], np.zeros((1, DIM)), 1e20 * kernel[:1], 1e-20 * kernel[:1]]
    )
    term = built(name)
    values, gradient = value_and_gradient(
        lambda y, x: term.per_sample_loss(x, y)[0], Y[:7], hard.astype("float32")
    )
    assert np.isfinite(values).all() and np.isfinite(gradient).all()


@each
def test_attached_it_trains_and_is_saved(name, tmp_path):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((DIM,))
    model = keras.Model(inputs, layers.Dense(6, name="embedding")(inputs))
    model = kl.attach(model, getattr(kl, name)(CLASSES, **OPTIONS[name]), at="embedding")
    model.compile(keras.optimizers.Adam(0.05), loss=None)
    history = model.fit(X, Y, epochs=12, batch_size=BATCH, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-5)


@each
def test_the_config_has_every_option(name):
    term = getattr(kl, name)(CLASSES, **OPTIONS[name], kernel_regularizer="l2", name="term")
    assert type(term).from_config(term.get_config()).get_config() == term.get_config()
    assert OPTIONS[name].items() <= term.get_config().items()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.ProxyNCA(0), "`num_classes` must be a positive integer"),
        (lambda: kl.ProxyNCA(1, all_proxies=False), "`num_classes` must be above 1 without `all_proxies`."),
        (lambda: kl.ProxyNCA(3, all_proxies=1), "`all_proxies` must be True or False"),
        (lambda: kl.ProxyAnchor(3, alpha=0.0), "`alpha` must be a positive number"),
        (lambda: kl.ProxyAnchor(3, margin="wide"), "`margin` must be a finite number"),
        (lambda: kl.SoftTriple(3, centers=0), "`centers` must be a positive integer"),
        (lambda: kl.SoftTriple(3, tau=-1.0), "`tau` must be a number of at least 0"),
        (lambda: built("SoftTriple").per_sample_loss(X, Y + 2), "`labels` must hold class indices in [0, 5), or -1, in SoftTriple."),
        (lambda: built("ProxyNCA").per_sample_loss(X[0], Y), "`features` must have shape (batch, dim) in ProxyNCA."),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
