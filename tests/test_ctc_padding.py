"""CTC: what stands behind the lengths, how long the padding is, and which class is the blank, change nothing."""

import keras
import numpy as np
import pytest
from compiled import FORMS, outcome
from keras import ops
from masks import masked

import keraslosses
from keraslosses.core import keras_internals
from keraslosses.portability.gradients import HARD_MODES, USUAL, value_and_gradient
from keraslosses.reference import sequence

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

BACKEND = keras.backend.backend()
RNG = np.random.default_rng


def of_each(y_true, y_pred, lengths=None, mode=USUAL, dtype="float32", **options):
    lengths = None if lengths is None else ops.convert_to_tensor(lengths)

    def values(y_true, y_pred):
        return keraslosses.ctc(y_true, y_pred, logit_length=lengths, **options)

    return value_and_gradient(values, np.asarray(y_true, "int32"), y_pred.astype(dtype), mode=mode)


def same(received, expected, atol=1e-6):
    for got, wanted in zip(received, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=atol)


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("from_logits", [True, False])
def test_frames_behind_the_length_are_not_read(from_logits, mode):
    """Whatever they hold, in value and gradient; also where the sample beside is longer."""
    y_true, frames = [[1, 2], [3, 3], [-1, -1], [4, 1]], 6
    y_pred = RNG(0).normal(0, 3, (4, 9, 5))
    y_pred = y_pred if from_logits else np.exp(y_pred)
    values, gradient = of_each(y_true, y_pred[:, :frames], mode=mode, from_logits=from_logits)
    bad = np.array([np.nan, np.inf, -np.inf])[:, None, None]
    y_pred[:3, frames:] = bad
    lengths = np.array([frames, frames, frames, 9], "int32")
    padded, slope = of_each(y_true, y_pred, lengths, mode, from_logits=from_logits)
    same((padded[:3], slope[:3, :frames]), (values[:3], gradient[:3]))
    assert not slope[:3, frames:].any()
    assert np.isfinite(slope[3]).all() and slope[3, frames:].any()


@pytest.fixture(scope="module")
def one():
    """A sample of frames in which two classes are likely that it does not have, its value and its gradient."""
    y_true, y_pred = (
        RNG(1).permuted(np.tile([1, 2, 3, 4, 6, 7, 8, 9, 10], 2))[None],
        RNG(2).normal(0, 1, (1, 120, 12)),
    )
    y_pred[:, :, [5, 11]] += 6.0
    return y_true, y_pred, of_each(y_true, y_pred)


@pytest.mark.parametrize("blank", [0, 5, -1])
def test_a_long_padding_changes_nothing_whichever_class_is_the_blank(one, blank):
    """The blank trades places with another class, under which the padding was of a likely one.

    In float32 torch's kernel has fewer digits than are asked for here.
    """
    y_true, y_pred, expected = one
    dtype = "float64" if BACKEND == "torch" else "float32"
    expected = of_each(y_true, y_pred, dtype=dtype) if BACKEND == "torch" else expected
    order = np.arange(12)
    order[[0, blank]] = order[[blank, 0]]
    padded = np.concatenate([y_true, np.full((1, 150), -1)], axis=1)
    moved = np.where(padded < 0, -1, order[padded])
    values, gradient = of_each(moved, y_pred[:, :, order], dtype=dtype, blank_index=blank)
    same((values, gradient[:, :, order]), expected, atol=5e-6)


def certain(from_logits):
    """Frames of which all paths that are not impossible make the label 1: as logits, or with another sum."""
    share = RNG(3).uniform(0.02, 0.98, (200, 8, 1))
    y_pred = np.concatenate([share, 1.0 - share, np.zeros_like(share)], axis=-1)
    y_pred[:, 0, :2], y_pred[:, 2:, :2] = [0, 1], [1, 0]
    y_pred = np.log(np.maximum(y_pred, 1e-18)) if from_logits else 3.0 * y_pred
    y_pred = y_pred + (RNG(4).normal(0, 1, (200, 8, 1)) if from_logits else 0.0)
    return y_pred


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("from_logits", [True, False])
def test_a_certain_text_costs_no_less_than_nothing(from_logits, mode):
    """Rounding makes a probability above 1 of many paths; what flows back is not cut."""
    y_pred = certain(from_logits)
    y_true = np.ones((200, 1), "int32")
    values, gradient = of_each(y_true, y_pred, mode=mode, from_logits=from_logits)
    assert values.min() >= 0.0 and values.max() < 2e-6
    expected = sequence.ctc_gradient(y_true, y_pred, from_logits=from_logits)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)
    assert from_logits or np.abs(gradient[values == 0]).max() > 0.1


def test_no_labels_are_more_than_certain():
    labels, chance = map(keras.ops.convert_to_numpy, keraslosses.ctc_decode(certain(True).astype("float32")))
    assert (labels[:, :2] == [1, -1]).all()
    assert chance.max() <= 0.0


# Masks

LENGTHS = np.array([3, 5])
HOLES = np.array([[True, False, True, True, False], [True] * 5])


def with_mask(function):
    def called(y_true, y_pred, mask):
        y_pred = y_pred * 1.0
        keras_internals.set_attribute(y_pred, "_keras_mask", mask)
        return function(y_true, y_pred)

    return called


@pytest.mark.parametrize("form", FORMS)
def test_a_mask_is_read_in_compiled_code(form):
    """And one with a hole makes the sample NaN, in the loss and in decoding."""
    y_true, y_pred = np.array([[1, 2], [3, -1]], "int32"), RNG(6).normal(0, 2, (2, 5, 4)).astype("float32")

    def both(y_true, y_pred):
        loss = keraslosses.CTC(reduction="none")(y_true, y_pred)
        return loss, *keraslosses.ctc_decode(y_pred)

    values, _, chance = outcome(with_mask(both), y_true, y_pred, np.arange(5) < LENGTHS[:, None], form=form)
    np.testing.assert_allclose(values, sequence.ctc(y_true, y_pred, logit_length=LENGTHS), rtol=1e-5)
    assert np.isfinite(chance).all()
    values, _, chance = outcome(with_mask(both), y_true, y_pred, HOLES, form=form)
    assert np.isnan(values).tolist() == np.isnan(chance).tolist() == [True, False]


@pytest.mark.on_cpu
def test_a_mask_with_a_hole_is_refused_where_it_can_be_seen():
    y_true, y_pred = np.array([[1, 2], [3, -1]]), np.zeros((2, 5, 4), "float32")
    for call in (
        lambda x: keraslosses.CTC()(y_true, x),
        keraslosses.ctc_decode,
        lambda x: keraslosses.EditDistance().update_state(y_true, x),
    ):
        with pytest.raises(ValueError, match="must keep the first frames of each sample"):
            call(masked(y_pred, HOLES))


# Products


@pytest.mark.skipif(BACKEND != "jax", reason="a jaxpr is what JAX traces; 2026-11-27")
def test_sums_by_products_keep_their_digits():
    """On an accelerator a product has ten bits unless it asks for all."""
    import jax

    def loss(y_pred):
        return ops.sum(keraslosses.ctc(np.array([[1, 2]], "int32"), y_pred))

    text = str(jax.make_jaxpr(jax.grad(loss))(np.zeros((1, 5, 4), "float32")))
    products = text.count("dot_general[")
    assert products and text.count("precision=(Precision.HIGHEST, Precision.HIGHEST)") == products
