"""CrossBatchMemory: what a batch is compared with, what is stored, and training that is stopped and goes on."""

import re

import keras
import numpy as np
import pytest
import torch
from keras import layers, ops
from pytorch_metric_learning import distances
from pytorch_metric_learning import losses as peers

import keraslosses as kl
from keraslosses.portability.gradients import BACKEND, MODES, value_and_gradient

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
RNG = np.random.default_rng(5)
BATCH, DIM, SIZE = 6, 3, 8
Y = np.concatenate([RNG.permutation([0, 0, 1, 1, 2, 2]) for _ in range(5)])
X = (RNG.normal(size=(3, DIM))[Y] + RNG.normal(0, 0.5, (5 * BATCH, DIM))).astype("float32")
STEPS = [np.s_[start : start + BATCH] for start in range(0, len(X), BATCH)]


def built(loss=None, size=SIZE, **options):
    term = kl.CrossBatchMemory(loss or kl.NTXent(), size, **options)
    term.build((None, DIM))
    return term


def stored(term):
    """The samples in memory, the oldest first: their labels and embeddings."""
    order = (np.arange(term.size) + int(N(term.place))) % term.size
    labels, rows = N(term.memory_labels)[order], N(term.memory)[order]
    return labels[labels != -1].tolist(), rows[labels != -1]


def plain(kind):
    return kind(normalize_embeddings=False)


PEERS = {
    "NTXent": (kl.NTXent(temperature=0.3), peers.NTXentLoss(temperature=0.3)),
    "SupervisedContrastive": (
        kl.SupervisedContrastive(temperature=0.3, chunk_size=4),
        peers.SupConLoss(temperature=0.3),
    ),
    "MultiSimilarity": (
        kl.MultiSimilarity(beta=4.0, base=0.5, epsilon=None),
        peers.MultiSimilarityLoss(
            alpha=2, beta=4.0, base=0.5, distance=plain(distances.DotProductSimilarity)
        ),
    ),
    "Triplet": (
        kl.Triplet(margin=0.7, mining="all"),
        peers.TripletMarginLoss(margin=0.7, distance=plain(distances.LpDistance)),
    ),
    "PairContrastive": (
        kl.PairContrastive(positive_margin=0.5, negative_margin=3.0),
        peers.ContrastiveLoss(pos_margin=0.5, neg_margin=3.0, distance=plain(distances.LpDistance)),
    ),
}


@pytest.mark.parametrize("name", PEERS)
def test_each_step_agrees_with_metric_learning(name):
    """The second batch goes beyond the end of the memory."""
    ours, theirs = PEERS[name]
    term, peer = built(ours), peers.CrossBatchMemory(theirs, DIM, memory_size=SIZE)
    for step in STEPS[:3]:

        def mean(labels, features):
            values, counted = term.per_sample_loss(features, labels)
            return ops.sum(values) / ops.sum(ops.cast(counted, values.dtype))

        x = torch.from_numpy(X[step]).double().requires_grad_(True)
        expected = peer(x, torch.from_numpy(Y[step]))
        (slope,) = torch.autograd.grad(expected, x)
        value, gradient = value_and_gradient(mean, Y[step], X[step])
        np.testing.assert_allclose(value, expected.detach().numpy(), rtol=2e-5)
        np.testing.assert_allclose(gradient, slope.numpy(), rtol=2e-4, atol=1e-6)
        term.per_sample_loss(X[step], Y[step], training=True)


def test_the_last_samples_are_stored():
    term = built()
    for i, step in enumerate(STEPS):
        term.per_sample_loss(X[step], Y[step], training=True)
        labels, rows = stored(term)
        last = np.s_[max((i + 1) * BATCH - SIZE, 0) : (i + 1) * BATCH]
        assert labels == Y[last].tolist()
        np.testing.assert_array_equal(rows, X[last])


def test_samples_that_take_no_part_are_not_stored():
    term, spoiled, labels = built(), X[:BATCH].copy(), Y[:BATCH].copy()
    spoiled[[1, 2]], labels[4] = np.nan, -1
    weight = np.array([1, 0, 1, 1, 1, 0.5], "float32")
    values, counted = term.per_sample_loss(spoiled, labels, weight, training=True)
    np.testing.assert_array_equal(stored(term)[1], X[[0, 3, 5]])
    assert not N(counted)[4] and N(values)[1] == N(values)[4] == 0 and np.isnan(N(values)[2])


def test_a_batch_larger_than_the_memory_is_compared_with_itself_alone():
    term = built(size=4)
    for step in (np.s_[:10], np.s_[10:20]):
        values, _ = term.per_sample_loss(X[step], Y[step], training=True)
        np.testing.assert_allclose(N(values), N(kl.NTXent(reduction="none")(Y[step], X[step])), rtol=1e-5)
        np.testing.assert_array_equal(stored(term)[1], X[step][-4:])


def test_without_training_nothing_is_stored():
    term = built()
    term.per_sample_loss(X[:BATCH], Y[:BATCH])
    term.per_sample_loss(X[:BATCH], Y[:BATCH], training=False)
    term.trainable = False
    term.per_sample_loss(X[:BATCH], Y[:BATCH], training=True)
    assert stored(term)[0] == []


@pytest.mark.filterwarnings("error:.*labels of this batch all differ")
def test_the_labels_of_a_batch_may_all_differ():
    term = built()
    values, counted = term.per_sample_loss(X[:2], [3, 4], training=True)
    assert not N(counted).any() and not N(values).any()
    assert N(term.per_sample_loss(X[2:4], [4, 3])[1]).all()


def attached(size=SIZE, **options):
    inputs = keras.Input((DIM,))
    model = keras.Model(inputs, layers.Dense(DIM, kernel_initializer="identity", name="embedding")(inputs))
    model = kl.attach(model, kl.CrossBatchMemory(kl.NTXent(), size), at="embedding")
    model.compile(keras.optimizers.Adam(0.03), loss=None, **options)
    return model


def fitted(model, epochs=1):
    """The last batch of an epoch is smaller."""
    model.fit(X[:20], Y[:20], epochs=epochs, batch_size=BATCH, shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_attached_it_trains_and_stores(policy, request):
    before = keras.config.dtype_policy()
    request.addfinalizer(lambda: keras.config.set_dtype_policy(before))
    keras.config.set_dtype_policy(policy)
    model = attached(jit_compile=BACKEND == "tensorflow" or "auto")
    history = fitted(model, epochs=6).history.history["loss"]
    assert history[-1] < history[1]  # In the first epoch, the memory is not full.
    (term,) = model.terms
    assert stored(term)[0] == Y[:20][-SIZE:].tolist() and np.isfinite(N(term.memory)).all()
    assert keras.backend.standardize_dtype(term.memory.dtype) == "float32"


def test_saved_training_goes_on_as_if_it_had_not_stopped(tmp_path):
    model = fitted(attached())
    model.save(tmp_path / "model.keras")
    again = fitted(keras.saving.load_model(tmp_path / "model.keras"))
    expected = fitted(attached(), epochs=2)
    for one, other in zip(again.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_config_has_every_option():
    term = built(kl.Triplet(margin=0.2), name="term")
    again = type(term).from_config(term.get_config())
    assert again.get_config() == term.get_config() and again.loss.margin == 0.2


def test_large_labels_are_stored_whole_or_refused():
    large = np.array([2**40, 2**40 + 2**32])
    term = built()
    if BACKEND == "jax":
        message = "`labels` must fit into int32 in CrossBatchMemory on this backend. Received: labels="
        for labels in (large, np.array([3, -(2**40)])):
            with pytest.raises(ValueError, match=re.escape(f"{message}{labels[labels != 3][0]}")):
                term.per_sample_loss(X[:2], labels, training=True)
        return
    term.per_sample_loss(X[:2], large, training=True)
    assert N(term.per_sample_loss(X[2:4], large)[1]).all() and stored(term)[0] == large.tolist()


@pytest.mark.deep
def test_compiled_a_label_that_is_not_whole_is_nan():
    labels, term = np.float32([0, 0, 1, 1.5]), built()
    values, _ = value_and_gradient(lambda y, x: term.per_sample_loss(x, y)[0], labels, X[:4], mode=MODES[-1])
    assert np.isnan(values).tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: built(kl.Circle()), "`loss` must be a loss over the pairs of a batch that can compare with another"),
        (lambda: built(kl.NTXent(reference=True)), "`loss` must be a loss over the pairs of a batch that can compare"),
        (lambda: built(size=0), "`size` must be a positive integer"),
        (lambda: built().build((None, 2, DIM)), "`features` must have shape (batch, dim) with a known dim in CrossB"),
        (lambda: built().per_sample_loss(X[0], Y), "`features` must have shape (batch, dim) with a known dim in Cros"),
        (lambda: built().per_sample_loss(X[:, :2], Y), "`features` must have shape (batch, 3), as in the memory, in Cro"),
        (lambda: built().per_sample_loss(X, Y[1:]), "`labels` must have shape (batch,) or (batch, 1) in CrossBatchMem"),
        (lambda: built().per_sample_loss(X, np.eye(30)), "Received: labels.shape=(30, 30), features.shape=(30, 3)"),
        (lambda: built().per_sample_loss(X, Y + 0.5), "`labels` must hold whole numbers in CrossBatchMemory"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
