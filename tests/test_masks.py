"""What is special in the losses of masks: ties, pixels that do not count, distances, skeletons."""

import re
import sys

import monai.losses
import numpy as np
import pytest
import torch
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.core import hard_examples
from keraslosses.portability.gradients import HARD_MODES, MODES, value_and_gradient
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

N = ops.convert_to_numpy
RNG = np.random.default_rng(12)
MASK = (RNG.random((2, 3, 4)) < 0.4).astype("float32")
LOGITS = RNG.normal(0, 2, MASK.shape).astype("float32")
LABELS = RNG.integers(0, 3, (2, 3, 4)).astype("int32")
SHARES = RNG.random((2, 3, 4, 3)).astype("float32")
VOID = RNG.random(LABELS.shape) < 0.4


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def close(received, expected):
    np.testing.assert_allclose(N(received), expected, rtol=1e-5, atol=1e-6)


# Lovász losses


def test_the_shares_of_equal_errors_do_not_depend_on_their_order():
    """Not even those of many pixels, of which only few values are different."""
    labels, shares = np.tile(LABELS, (1, 4, 4)), np.round(np.tile(SHARES, (1, 4, 4, 1)), 1)
    order = RNG.permutation(labels[0].size)

    def gradient(places):
        y_true, y_pred = labels.reshape(2, -1)[:, places], shares.reshape(2, -1, 3)[:, places]
        return value_and_gradient(kl.lovasz_softmax, y_true, y_pred)[1]

    np.testing.assert_allclose(gradient(order), gradient(np.arange(order.size))[:, order], rtol=1e-5)


def test_it_is_the_jaccard_loss_if_every_pixel_is_right_or_wrong():
    found = RNG.integers(0, 2, MASK.shape)
    union, common = ((MASK + found > k).sum((1, 2)) for k in (0, 1))
    close(
        kl.lovasz_softmax(MASK.astype(int), np.eye(2)[found], per_image=True, class_weights=[0, 2]),
        1 - common / union,
    )


def test_pixels_that_do_not_count_might_as_well_be_missing():
    y_true = np.where(VOID, 255, LABELS)
    left = ~VOID.reshape(2, -1)
    y_pred = np.where(VOID[..., None], np.float32(99), SHARES)
    alone = kl.lovasz_softmax(LABELS.reshape(2, -1)[left][None], SHARES.reshape(2, -1, 3)[left][None])
    close(kl.lovasz_softmax(y_true, y_pred, ignore_class=255), N(alone).repeat(2))
    close(kl.LovaszSoftmax()(LABELS, masked(y_pred, ~VOID)), N(alone)[0])
    weights = np.where(VOID, 0.0, 1.0)
    close(kl.LovaszSoftmax()(LABELS, y_pred, weights), N(alone)[0])
    each = [kl.lovasz_hinge(MASK[i][~VOID[i]][None], LOGITS[i][~VOID[i]][None]) for i in range(2)]
    close(kl.lovasz_hinge(np.where(VOID, -1, MASK), LOGITS, ignore_class=-1), np.ravel([N(x) for x in each]))


def test_a_pixel_of_weight_2_counts_as_two_pixels():
    weights, twice = np.where(VOID, 2.0, 1.0), np.where(VOID, 2, 1)[0].ravel()
    repeated = [np.repeat(x[0].ravel(), twice)[None] for x in (MASK, LOGITS)]
    close(kl.LovaszHinge(reduction="none")(MASK, LOGITS, weights)[0], N(kl.lovasz_hinge(*repeated))[0])


def test_an_image_in_which_nothing_counts_leaves_the_mean():
    y_true = np.stack([np.full_like(LABELS[0], 255), LABELS[1]])
    (expected,) = N(kl.lovasz_softmax(LABELS[1:], SHARES[1:]))
    for per_image in (True, False):
        loss = kl.LovaszSoftmax(per_image, ignore_class=255)
        close(loss(y_true, SHARES), expected)
        close(loss(np.full_like(LABELS, 255), SHARES), 0.0)
        loss = kl.LovaszSoftmax(per_image, reduction="none")
        close(loss(LABELS, masked(SHARES, np.array([False, True]))), [0.0, expected])
    two = kl.LovaszSoftmax(True, ignore_class=0, reduction="none")
    hidden = masked(SHARES, LABELS == 0)
    close(two(LABELS, hidden), [0.0, 0.0])


def test_one_hot_rows_are_classes_along_any_axis():
    one_hot, expected = np.eye(3)[LABELS], N(kl.lovasz_softmax(LABELS, SHARES))
    close(kl.lovasz_softmax(one_hot, SHARES), expected)
    first = np.moveaxis(SHARES, -1, 1)
    close(kl.lovasz_softmax(np.moveaxis(one_hot, -1, 1), first, class_axis=1), expected)
    close(kl.lovasz_softmax(LABELS[:, None], first, class_axis=1), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.lovasz_softmax(SHARES, SHARES), "`y_true` must hold class indices or one-hot rows in lovasz_softmax"),
        (lambda: kl.lovasz_softmax(LABELS[:, 1:], SHARES), "`y_true` must hold a class index for each pixel"),
        (lambda: kl.lovasz_softmax(LABELS + 1, SHARES), "in [0, 3) in lovasz_softmax. Received: y_true=3"),
        (lambda: kl.lovasz_softmax(LABELS, SHARES, class_axis=4), "`class_axis` must lie in [-4, 4)"),
        (lambda: kl.lovasz_softmax(LABELS, SHARES, class_axis=0), "`class_axis` must not be the axis of the batch"),
        (lambda: kl.lovasz_softmax(LABELS, SHARES, class_weights=[1.0]), "`class_weights` must hold 3 numbers"),
        (lambda: kl.lovasz_softmax(LABELS, SHARES + 1), "`y_pred` must hold probabilities, in [0, 1],"),
        (lambda: kl.lovasz_softmax([0], [1.0]), "`y_true` must come with a y_pred that has a class axis"),
        (lambda: kl.lovasz_hinge(MASK * 0.5, LOGITS), "`y_true` must hold class indices in [0, 2) in lovasz_hinge"),
        (lambda: kl.LovaszHinge()(MASK, LOGITS, np.ones((2, 4, 3))), "`sample_weight` must have the shape"),
        (lambda: kl.soft_cl_dice(MASK, LOGITS), "two or three axes of an image"),
        (lambda: kl.soft_cl_dice(MASK[..., None], MASK[..., None], class_axis=0), "`class_axis` must not be the axis"),
        (lambda: kl.boundary(MASK, LOGITS, from_logits=True, class_axis=3), "`class_axis` must lie in [-3, 3)"),
        (lambda: kl.boundary(MASK, LOGITS, from_logits=True, class_axis=-3), "`class_axis` must not be the axis"),
        (lambda: kl.dice(MASK, MASK, class_axis=0), "`class_axis` must not be the axis of the batch in dice"),
        (lambda: kl.signed_distance([0, 255]), "`mask` must hold only 0 and 1"),
        (lambda: kl.signed_distance([0, 1], sampling=[1.0, 2.0]), "`sampling` must be None, a positive number, or 1"),
        (lambda: kl.signed_distance([0, 1], sampling=0.0), "`sampling` must be"),
        (lambda: kl.signed_distances(MASK, class_axis=3), "`class_axis` must lie in [-3, 3)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with raises(message):
        call()


def test_compiled_a_wrong_pixel_is_nan_and_so_is_the_batch_that_it_is_in():
    wrong, outside = LABELS.copy(), SHARES.copy()
    wrong[1, 0, 0] = 3
    outside[1, 0, 0, 0] = -3.0
    for y_true, y_pred in ((wrong, SHARES), (LABELS, outside)):
        for per_image in (True, False):
            loss = kl.LovaszSoftmax(per_image, reduction="none")
            values, gradient = value_and_gradient(
                loss, y_true, y_pred, mode=[*MODES][1 if len(MODES) > 1 else 0]
            )
            assert np.isnan(values).tolist() == [not per_image, True]
            assert np.isnan(gradient[1]).any()


# Distances


def test_signed_distances_of_an_image():
    mask = np.zeros((5, 5))
    mask[1:4, 1:4] = 1
    expected = np.full((5, 5), 1.0)
    expected[1:4, 1:4], expected[2, 2] = 0.0, -1.0
    expected[[0, 0, -1, -1], [0, -1, 0, -1]] = np.sqrt(2)
    close(kl.signed_distance(mask), expected)
    assert kl.signed_distance(mask > 0).dtype == "float32"
    assert not kl.signed_distance(np.zeros((2, 3))).any() and not kl.signed_distance(np.ones((2, 3))).any()
    close(kl.signed_distance(mask, sampling=[2, 1])[2], [1, 0, -1, 0, 1])
    close(kl.signed_distance(mask, sampling=[1, 2])[2], [2, -1, -1, -1, 2])


def test_signed_distances_of_a_batch_are_those_of_each_mask():
    masks = np.stack([MASK, 1 - MASK], axis=1)
    expected = np.array([[kl.signed_distance(one) for one in image] for image in masks])
    close(kl.signed_distances(masks, class_axis=1), expected)
    close(kl.signed_distances(np.moveaxis(masks, 1, -1)), np.moveaxis(expected, 1, -1))
    close(kl.signed_distances(MASK, class_axis=None), expected[:, 0])
    assert kl.signed_distances(masks[:0], class_axis=1).shape == (0, *masks.shape[1:])


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.ndimage", None)
    with pytest.raises(ImportError, match=re.escape("pip install 'keraslosses[distances]'")):
        kl.signed_distance([0, 1])


# clDice


@pytest.mark.parametrize("shape", [(2, 9, 8), (1, 6, 5, 7)])
def test_it_is_monais_for_one_class(shape):
    """MONAI adds 1e-4 more to a divisor; here it adds as good as nothing."""
    y_true, y_pred = (
        (RNG.random((*shape, 1)) < 0.6).astype("float32"),
        RNG.random((*shape, 1)).astype("float32"),
    )
    theirs = monai.losses.SoftclDiceLoss(iter_=2, smooth=1e-12, reduction="none")
    expected = theirs(*(torch.from_numpy(np.moveaxis(x, -1, 1).copy()) for x in (y_pred, y_true)))
    close(kl.soft_cl_dice(y_true, y_pred, iterations=2)[:, 0], expected)


def test_a_masked_pixel_is_empty_in_both_images():
    y_true, logits = np.stack([MASK, 1 - MASK], axis=-1), np.stack([LOGITS, -LOGITS], axis=-1)
    seen = ~VOID[..., None]
    shares = 1 / (1 + np.exp(-2 * logits))
    expected = REFERENCES["SoftClDice"].values(y_true * seen, shares * seen, {})
    loss = kl.SoftClDice(from_logits=True, reduction="none")
    close(loss(y_true, masked(logits, ~VOID)), expected)


# Classes that do not count


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize("name", ["SoftClDice", "Boundary", "Dice"])
def test_a_class_of_weight_0_stays_in_the_softmax_of_the_others(name, mode):
    """Also where it holds NaN in y_true, which must not reach the gradient of the other classes."""
    options = {"axis": (2, 3)} if name == "Dice" else {}
    loss = getattr(kl, name)(from_logits=True, class_axis=1, reduction="none", **options)
    logits = np.moveaxis(4 * SHARES, -1, 1)
    masks = np.moveaxis(np.eye(3, dtype="float32")[LABELS], -1, 1)
    counts = np.broadcast_to(np.arange(3)[:, None, None] > 0, masks.shape)
    weights = ops.convert_to_tensor((counts if name == "Boundary" else counts[..., 0])[..., 0] * 1.0)
    poisoned = np.where(counts, masks, np.nan)
    expected = N(loss(masks, logits)) * N(weights)

    def weighted(y_true, y_pred):
        return loss(y_true, y_pred, weights)

    value, gradient = value_and_gradient(weighted, poisoned, logits, mode=mode)
    close(value, expected)
    close(gradient, value_and_gradient(weighted, masks, logits)[1])


@pytest.mark.parametrize("name", ["SoftClDice", "Boundary"])
def test_a_masked_class_leaves_the_softmax_of_the_others(name):
    loss = getattr(kl, name)(from_logits=True, class_axis=1, reduction="none")
    logits = np.moveaxis(4 * SHARES, -1, 1)
    masks = np.moveaxis(np.eye(3, dtype="float32")[LABELS], -1, 1)
    seen = np.broadcast_to(np.arange(3)[:, None, None] > 0, logits.shape)
    close(loss(masks, masked(logits, seen))[:, 1:], loss(masks[:, 1:], logits[:, 1:]))


# Hard examples

VALUES = np.array([[4.0, 1.0, 3.0], [2.0, 6.0, 5.0]], "float32")


def hard(values=VALUES, weight=None, inner=kl.MeanAbsoluteError, **options):
    """Of values that are errors themselves."""
    y_pred = values[..., None] if isinstance(values, np.ndarray) else values
    return N(kl.HardExamples(inner(), **options)(np.zeros((*VALUES.shape, 1), "float32"), y_pred, weight))


def test_the_mean_is_over_the_largest_values():
    assert hard(fraction=0.5) == 5.0 and hard(fraction=0.51) == 4.5 and hard(fraction=1.0) == 3.5
    assert hard(fraction=0.01) == 6.0 and hard(fraction=0.01, at_least=2) == 5.5 and hard(at_least=99) == 3.5
    assert hard(fraction=0.5, per="sample") == (4 + 3 + 6 + 5) / 4
    assert hard(fraction=0.01, per="sample", reduction="sum") == 10.0
    assert hard(fraction=0.5, reduction="none").tolist() == [[4, 0, 0], [0, 6, 5]]


def test_the_share_is_counted_in_whole_numbers():
    """0.07 · 100 is above 7 in floating point."""
    loss = kl.HardExamples(kl.Huber(), fraction=0.07)
    counts = [int(N(loss.count(ops.convert_to_tensor(n, dtype="int32")))) for n in (100, 101, 10**7, 0)]
    assert counts == [7, 8, 700_000, 1]


@pytest.mark.parametrize(
    ("fraction", "n", "kept"),
    [
        (1e-5, 200_000, 2),
        (1e-5, 200_001, 3),
        (1e-9, 2**31 - 1, 3),
        (0.99999, 200_000, 199_998),
        (0.99999, 200_001, 199_999),
        (0.1235, 2**31 - 1, 265_214_231),
        (0.4999, 2**31 - 1, 1_073_527_076),
        (1.0, 2**31 - 1, 2**31 - 1),
    ],
)
def test_small_and_large_shares_of_many_values(fraction, n, kept):
    count = kl.HardExamples(kl.Huber(), fraction=fraction).count
    assert int(N(count(ops.convert_to_tensor(n, dtype="int32")))) == kept


def test_ranks_make_no_infinity():
    """Tools that look for faults, such as `jax_debug_infs`, would report it."""
    made, where = [], ops.where
    values = masked(VALUES[..., None], VALUES != 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hard_examples.ops, "where", lambda *given: made.append(where(*given)) or made[-1])
        assert hard(values, fraction=0.5) == 5.0
    assert made and all(np.isfinite(N(one)).all() for one in made)


def test_what_does_not_count_is_not_hard():
    seen = np.array([[True, True, True], [True, False, False]])
    assert hard(masked(VALUES[..., None], seen), fraction=0.5) == 3.5
    assert hard(masked(VALUES[..., None], ~seen & seen), fraction=0.5) == 0.0
    assert hard(weight=np.where(seen, 1.0, 0.1), fraction=0.5) == 3.0
    assert (
        hard(weight=np.where(seen, 1.0, 0.5), fraction=0.5, reduction="mean_with_sample_weight") == 10 / 2.5
    )


def test_equal_values_and_nan():
    equal = hard(np.ones_like(VALUES), fraction=0.5, reduction="none")
    assert equal.tolist() == [[1, 1, 1], [0, 0, 0]]
    assert np.isnan(hard(np.where(VALUES == 1, np.nan, VALUES)))
    assert hard(np.where(VALUES == 1, np.inf, VALUES)) == np.inf


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_is_that_of_what_is_kept(mode):
    loss = kl.HardExamples(kl.BinaryCrossentropy(from_logits=True), fraction=0.5)
    y_true, y_pred = np.ones((5, 1), "float32"), np.array([[3], [-1], [2], [-2], [0.5]], "float32")
    value, gradient = value_and_gradient(loss, y_true, y_pred, mode=mode)
    np.testing.assert_allclose(value, np.log1p(np.exp([1.0, 2.0, -0.5])).mean(), rtol=1e-6)
    kept = np.array([0, 1, 0, 1, 1])[:, None]
    np.testing.assert_allclose(gradient, -kept / (1 + np.exp(y_pred)) / 3, rtol=1e-5)


def test_it_is_saved_added_and_contains_any_loss():
    inner = kl.SparseCategoricalCrossentropy(ignore_class=255, from_logits=True)
    loss = kl.HardExamples(inner, 0.3, 2, "sample", reduction="sum", name="mine", dtype="float16")
    again = kl.deserialize(kl.serialize(loss))
    assert again.get_config() == loss.get_config() and again.loss.get_config() == inner.get_config()
    both = kl.get(
        kl.serialize(kl.HardExamples(kl.Huber()) + kl.HardExamples(kl.HardExamples(kl.Dice(axis=-1))))
    )
    y_true, y_pred = MASK[0], SHARES[0, ..., 0]
    close(both(y_true, y_pred), N(kl.huber(y_true, y_pred)).max() + N(kl.dice(y_true, y_pred, axis=-1)).max())
    empty = np.zeros((0, 2), "float32")
    assert (
        N(kl.HardExamples(kl.Huber())(empty, empty))
        == N(kl.HardExamples(kl.Huber(), per="sample")(empty, empty))
        == 0
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": kl.Huber() + kl.LogCosh()}, "`loss` must be a loss of keraslosses"),
        ({"loss": "huber"}, "`loss` must be a loss of keraslosses"),
        ({"fraction": 0.0}, "`fraction` must be above 0"),
        ({"at_least": 0}, "`at_least` must be a positive integer"),
        ({"per": "image"}, "`per` must be one of"),
        ({"reduction": "auto"}, "`reduction` must be"),
    ],
)
def test_options_of_hard_examples_are_checked(options, message):
    with raises(message):
        kl.HardExamples(**{"loss": kl.Huber(), **options})
