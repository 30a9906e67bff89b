"""float64 stays float64 in layers and terms too, whatever Keras's defaults are; autocast narrows nothing."""

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.core.backend import ops as own_ops
from keraslosses.portability.gradients import float64_allowed

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

RNG = np.random.default_rng(3)
CLASSES, DIM, BATCH = 5, 3, 4
FEATURES = RNG.normal(size=(BATCH, DIM))
LABELS = np.array([0, 4, 2, 2])
KERNEL = RNG.normal(size=(CLASSES, DIM)).astype("float32")
MARGIN = 0.2


@pytest.fixture(autouse=True)
def float64():
    with float64_allowed():
        yield


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def cross_entropy(logits):
    logits = logits - logits.max(-1, keepdims=True)
    return np.log(np.exp(logits).sum(-1)) - logits[np.arange(BATCH), LABELS]


def with_margin(scale):
    cosines = unit(FEATURES) @ unit(KERNEL.astype("float64")).T
    cosines[np.arange(BATCH), LABELS] -= MARGIN
    return cross_entropy(scale * cosines)


MARGIN_LOSS = keraslosses.CosFace(margin=MARGIN, scale=6.0)
KERNEL64 = KERNEL.astype("float64")
# A term, and its values.
TERMS = {
    "chunked": (
        lambda: keraslosses.ChunkedCrossEntropy(CLASSES, chunk_size=2),
        lambda: cross_entropy(FEATURES @ KERNEL64.T),
    ),
    "chunked, margin": (
        lambda: keraslosses.ChunkedCrossEntropy(CLASSES, chunk_size=2, margin=MARGIN_LOSS),
        lambda: with_margin(6.0),
    ),
    "sampled": (
        lambda: keraslosses.SampledMargin(CLASSES, rate=1.0, margin=MARGIN_LOSS),
        lambda: with_margin(6.0),
    ),
    "large margin": (
        lambda: keraslosses.LargeMarginHead(CLASSES, margin=1),
        lambda: cross_entropy(FEATURES @ KERNEL64.T),
    ),
    "proxies": (
        lambda: keraslosses.ProxyNCA(CLASSES),
        lambda: cross_entropy(2.0 * unit(FEATURES) @ unit(KERNEL64).T),
    ),
    "center": (
        lambda: keraslosses.CenterLoss(CLASSES),
        lambda: 0.5 * np.sum((FEATURES - KERNEL64[LABELS]) ** 2, axis=-1),
    ),
}


def made(name):
    term = TERMS[name][0]()
    term.build((None, DIM))
    weights = term.centers if name == "center" else term.kernel
    weights.assign(KERNEL if tuple(weights.shape) == KERNEL.shape else KERNEL.T)
    return term


@pytest.fixture(params=["float32", "float64", "mixed_float16", "mixed_bfloat16"])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield
    keras.config.set_dtype_policy(before)


@pytest.fixture(params=["float16", "bfloat16", "float64"])
def floatx(request):
    before = keras.config.floatx()
    keras.config.set_floatx(request.param)
    yield
    keras.config.set_floatx(before)


@pytest.mark.parametrize("name", TERMS)
def test_terms_compute_float64(name, policy):
    found = made(name).per_sample_loss(ops.convert_to_tensor(FEATURES), LABELS)
    values = found[0] if isinstance(found, tuple) else found  # Some tell which samples count, too.
    assert keras.backend.standardize_dtype(values.dtype) == "float64"
    np.testing.assert_allclose(ops.convert_to_numpy(values), TERMS[name][1](), rtol=1e-12)


def test_cosines_are_of_float64(policy):
    layer = keraslosses.CosineDense(CLASSES)
    layer.build((None, DIM))
    layer.kernel.assign(KERNEL.T)
    cosines = ops.convert_to_numpy(layer(ops.convert_to_tensor(FEATURES)))
    np.testing.assert_allclose(cosines, unit(FEATURES) @ unit(KERNEL64).T, rtol=1e-12, atol=1e-15)


ANGULAR = ["ArcFace", "CosFace", "AMSoftmax", "SphereFace", "CombinedMargin"]


@pytest.mark.parametrize("name", ANGULAR)
def test_floatx_has_no_say(name, floatx):
    cosines = np.array([[0.8, 0.3, -0.2]])
    loss = getattr(keraslosses, name)(scale=30.0, dtype="float64")
    with_reference = keraslosses.reference.REFERENCES[name].values([0], cosines, {"scale": 30.0})
    assert float(loss(np.array([0]), cosines)) == pytest.approx(with_reference.item(), rel=1e-12)


def test_arcface_of_numpys_default():
    loss = keraslosses.ArcFace(scale=30.0)
    assert float(loss(np.array([0]), np.array([[0.8, 0.3, -0.2]]))) == pytest.approx(0.0318008, rel=1e-5)


def test_boxes_keep_their_precision():
    one = np.array([[2**24 + 1, 0, 2**24 + 3, 2]])
    other = one + np.array([1, 0, 1, 0])
    for dtype in ("int64", "float64"):
        overlap = keraslosses.pairwise_iou(one.astype(dtype), other.astype(dtype))
        np.testing.assert_allclose(ops.convert_to_numpy(overlap), [[1 / 3]], rtol=1e-15)
        converted = keraslosses.convert_boxes(one.astype(dtype), "xyxy", "xywh")
        assert ops.convert_to_numpy(converted).tolist() == [[2**24 + 1, 0, 2, 2]]


def test_a_where_of_two_numbers_is_refused():
    with pytest.raises(TypeError, match="beside a number"):
        own_ops.where(ops.convert_to_tensor([True]), 1.0, 0.0)


def test_targets_of_bfloat16():
    y_true = ops.cast(ops.convert_to_tensor([[0.0, 1.0]]), "bfloat16")
    y_pred = ops.convert_to_tensor(np.array([[0.25, 0.5]], "float32"))
    assert float(keraslosses.MeanSquaredError()(y_true, y_pred)) == 0.15625
