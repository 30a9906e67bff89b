"""ClipHead and SigLipHead: their formulas, samples that take no part, chunks, and training through `attach`."""

import re

import keras
import numpy as np
import pytest
import torch
from keras import layers, ops
from torch.nn import functional

import keraslosses as kl
from keraslosses.portability.gradients import MODES, float64_allowed, value_and_gradient

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
BATCH, DIM = 7, 4
X = np.random.default_rng(7).normal(size=(BATCH, 2, DIM)).astype("float32")
Y = np.zeros(BATCH, "int32")
OPTIONS = {"ClipHead": {"initial": 3.0, "most": 5.0}, "SigLipHead": {"scale": 4.0, "bias": -1.5}}
each = pytest.mark.parametrize("name", OPTIONS)


def built(name, **options):
    term = getattr(kl, name)(**{**OPTIONS[name], **options})
    term.build((None, 2, DIM))
    return term


def values_of(term, weight=None):
    return lambda y, x: term.per_sample_loss(x, y, sample_weight=weight)[0]


def clip(x, log_scale):
    """Figure 3 of the paper."""
    first, second = functional.normalize(x, dim=-1).unbind(1)
    logits, targets = first @ second.T * log_scale.exp(), torch.arange(len(x))
    forth, back = (functional.cross_entropy(one, targets, reduction="none") for one in (logits, logits.T))
    return (forth + back) / 2


def siglip(x, log_scale, bias):
    """Algorithm 1 of the paper."""
    first, second = functional.normalize(x, dim=-1).unbind(1)
    logits, labels = first @ second.T * log_scale.exp() + bias, 2 * torch.eye(len(x)) - 1
    return -functional.logsigmoid(labels * logits).sum(axis=1)


PAPERS = {"ClipHead": clip, "SigLipHead": siglip}


@each
@pytest.mark.parametrize("chunk_size", [None, 3])
def test_values_and_gradients_are_those_of_the_paper(name, chunk_size):
    term = built(name, chunk_size=chunk_size)
    x, *weights = (torch.tensor(N(each)).double().requires_grad_() for each in (X, *term.trainable_variables))
    expected = PAPERS[name](x, *weights)
    slopes = [slope.numpy() for slope in torch.autograd.grad(expected.mean(), (x, *weights))]
    values, gradient = value_and_gradient(values_of(term), Y, X)
    np.testing.assert_allclose(values, expected.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(gradient / BATCH, slopes[0], rtol=1e-4, atol=1e-7)

    def of_weights(_, weights):
        pairs = [(weight, weights[i]) for i, weight in enumerate(term.trainable_variables)]
        with keras.StatelessScope(state_mapping=pairs):
            return ops.mean(values_of(term)(Y, ops.convert_to_tensor(X)))

    given = np.stack([N(weight) for weight in term.trainable_variables])
    np.testing.assert_allclose(value_and_gradient(of_weights, Y, given)[1], slopes[1:], rtol=1e-4)


def test_a_scale_that_is_not_learned_is_a_temperature():
    for normalize in (True, False):
        term = built("ClipHead", normalize=normalize)
        loss = kl.InfoNCE(temperature=1 / 3, normalize=normalize, reduction="none")
        np.testing.assert_allclose(N(values_of(term)(Y, X)), N(loss(Y, X)), rtol=1e-5)


@each
def test_the_layer_gives_the_logits(name):
    term = built(name)
    first, second = np.moveaxis(X / np.linalg.norm(X, axis=-1, keepdims=True), 1, 0)
    expected = 3 * first @ second.T if name == "ClipHead" else 4 * first @ second.T - 1.5
    np.testing.assert_allclose(N(term(X)), expected, rtol=1e-4, atol=1e-5)


@each
@pytest.mark.parametrize(
    "mode", [MODES[0], *(pytest.param(mode, marks=pytest.mark.deep) for mode in MODES[1:])]
)
def test_a_sample_of_weight_0_takes_no_part(name, mode):
    term, spoiled, kept = built(name, chunk_size=2), X.copy(), np.arange(BATCH) != 3
    spoiled[3] = np.nan
    weight = ops.convert_to_tensor(np.where(kept, 2.0, 0.0), "float32")
    found, gradient = value_and_gradient(values_of(term, weight), Y, spoiled, mode=mode)
    expected, slope = value_and_gradient(values_of(term), Y[kept], X[kept], mode=mode)
    np.testing.assert_allclose(found, np.insert(expected, 3, 0.0), rtol=1e-5)
    np.testing.assert_allclose(gradient, np.insert(slope, 3, 0.0, axis=0), rtol=1e-4, atol=1e-6)
    assert N(term.per_sample_loss(spoiled, Y, weight)[1]).tolist() == kept.tolist()


@each
def test_a_masked_sample_takes_no_part(name):
    inputs = keras.Input((2, DIM))
    model = kl.attach(keras.Model(inputs, layers.Masking(name="both")(inputs)), built(name), at="both")
    model.compile(loss=None)
    masked = X.copy()
    masked[3, 1] = 0.0
    others = np.delete(X, 3, axis=0)
    expected = np.mean(N(values_of(built(name))(Y[1:], others)))
    np.testing.assert_allclose(model.evaluate(masked, Y, verbose=0)[0], expected, rtol=1e-5)


@each
def test_finite_at_equal_opposite_zero_and_long_vectors(name):
    one = np.ones((1, 1, DIM))
    hard = np.concatenate([np.concatenate([one, s * one], 1) for s in (1.0, -1.0, 0.0, 1e-20, 1e20)])
    scale = {"ClipHead": "initial", "SigLipHead": "scale"}[name]
    term = getattr(kl, name)(**{scale: 100.0})
    found, gradient = value_and_gradient(values_of(term), Y[:5], hard.astype("float32"))
    assert np.isfinite(found).all() and np.isfinite(gradient).all()
    assert not np.any(gradient[2, 1])


@each
def test_one_sample_and_none(name):
    values, counted = (N(x) for x in built(name).per_sample_loss(X[:1], Y[:1]))
    alone = np.logaddexp(0, -N(built(name)(X[:1]))[0])
    np.testing.assert_allclose(values, alone if name == "SigLipHead" else [0.0], rtol=1e-5)
    assert counted.tolist() == [name == "SigLipHead"]
    assert N(built(name).per_sample_loss(X[:0], Y[:0])[0]).shape == (0,)


def two_towers(term):
    inputs = keras.Input((2, DIM))
    first, second = layers.Dense(3)(inputs[:, 0]), layers.Dense(3)(inputs[:, 1])
    both = layers.Lambda(lambda x: ops.stack(x, axis=1), output_shape=(2, 3), name="both")([first, second])
    model = kl.attach(keras.Model(inputs, both), term, at="both")
    model.compile(keras.optimizers.Adam(0.1), loss=None)
    return model


@each
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_attached_it_trains_its_weights_too(name, policy, request):
    keras.utils.set_random_seed(0)
    before = keras.config.dtype_policy()
    request.addfinalizer(lambda: keras.config.set_dtype_policy(before))
    keras.config.set_dtype_policy(policy)
    term = getattr(kl, name)(**OPTIONS[name])
    model = two_towers(term)
    start = [N(weight) for weight in term.trainable_variables]
    history = model.fit(X, Y, epochs=12, batch_size=BATCH, verbose=0).history["loss"]
    assert history[-1] < history[0]
    for weight, first in zip(term.trainable_variables, start, strict=True):
        assert keras.backend.standardize_dtype(weight.dtype) == "float32" and N(weight) != first


@each
def test_it_is_saved(name, tmp_path):
    inputs = keras.Input((2, DIM))
    model = kl.attach(keras.Model(inputs, layers.Dense(3, name="both")(inputs)), built(name), at="both")
    model.compile(keras.optimizers.SGD(0.1), loss=None)
    model.fit(X, Y, batch_size=BATCH, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.evaluate(X, Y, verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-5)


def test_the_scale_stops_at_the_most_and_can_fall_again():
    term = built("ClipHead", most=3.5)
    alike, apart = np.repeat(X[:, :1], 2, axis=1), X * [[[1.0], [-1.0]]]
    inputs = keras.Input((2, DIM))
    model = kl.attach(keras.Model(inputs, layers.Identity(name="both")(inputs)), term, at="both")
    model.compile(keras.optimizers.SGD(1.0), loss=None)
    model.fit(alike, Y, epochs=3, batch_size=BATCH, verbose=0)
    assert np.exp(N(term.log_scale)) == pytest.approx(3.5, rel=1e-6)
    model.fit(apart[:, [0, 0]] * [[[1.0], [-1.0]]], Y, batch_size=BATCH, verbose=0)
    assert np.exp(N(term.log_scale)) < 3.4


@each
def test_its_weights_are_float32_under_every_policy(name):
    weights = built(name, dtype="float16").trainable_variables
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in weights} == {"float32"}


@each
def test_it_computes_float64(name):
    with float64_allowed():
        term = built(name)
        found = values_of(term)(Y, ops.convert_to_tensor(X.astype("float64")))
        weights = (torch.tensor(N(weight)).double() for weight in term.trainable_variables)
        np.testing.assert_allclose(N(found), PAPERS[name](torch.tensor(X).double(), *weights), rtol=1e-12)


@each
def test_the_config_has_every_option(name):
    options = {**OPTIONS[name], "chunk_size": 3}
    term = getattr(kl, name)(**options, name="term")
    assert type(term).from_config(term.get_config()).get_config() == term.get_config()
    assert options.items() <= term.get_config().items()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.ClipHead(0.0), "`initial` must be a positive number"),
        (lambda: kl.ClipHead(most=2.0), "`initial` must be at most `most`, 2.0"),
        (lambda: kl.ClipHead(normalize=1), "`normalize` must be True or False"),
        (lambda: kl.SigLipHead(scale=-1.0), "`scale` must be a positive number"),
        (lambda: kl.SigLipHead(bias="none"), "`bias` must be a finite number"),
        (lambda: kl.SigLipHead(chunk_size=0), "`chunk_size` must be"),
        (lambda: built("ClipHead").build((None, 3, DIM)), "`features` must have the shape (batch, 2, dim) in ClipHead"),
        (lambda: built("ClipHead").per_sample_loss(X[:, 0], Y), "`features` must have the shape (batch, 2, dim)"),
        (lambda: built("SigLipHead").per_sample_loss(X, Y[1:]), "`labels` must have one row for each sample in SigLipHead"),
        (lambda: built("SigLipHead").per_sample_loss(X, Y, [[1.0, 2.0]]), "`sample_weight` must have the shape of the loss"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
