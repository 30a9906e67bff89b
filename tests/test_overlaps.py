"""What is special in the overlaps of regions: class indices, pixels that do not count, weights of pixels and classes."""

import re

import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.core import backend
from keraslosses.portability.gradients import HARD_MODES, MODES, USUAL, value_and_gradient
from keraslosses.reference import REFERENCES, kinds

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

N = ops.convert_to_numpy
RNG = np.random.default_rng(11)
BY_CLASS = [name for name, entry in REFERENCES.items() if entry.kind is kinds.REGIONS]
OVERLAPS = [*BY_CLASS, *(name for name, entry in REFERENCES.items() if entry.kind is kinds.CLASS_MASKS)]
LABELS = RNG.integers(0, 3, (2, 4, 5)).astype("int32")
LABELS[0, 0, :3] = 0, 1, 2
LOGITS = RNG.normal(0, 2, (2, 4, 5, 3)).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
PIXELS = RNG.uniform(0.5, 2, LABELS.shape).astype("float32")
# The code that looks at no value.
UNSEEN = "xla" if "xla" in MODES else USUAL


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def close(received, expected, rtol=1e-5):
    np.testing.assert_allclose(N(received), expected, rtol=rtol, atol=1e-6)


def per_image(name, **options):
    """The options with a value for each image, or for each image and class."""
    return {"from_logits": True, **({"axis": (1, 2)} if name in BY_CLASS else {}), **options}


def values(name, y_true, y_pred, weight=None, **options):
    return N(getattr(kl, name)(reduction="none", **options)(y_true, y_pred, weight))


@pytest.mark.parametrize("name", OVERLAPS)
def test_class_indices_are_read_as_masks(name):
    expected = values(name, ONE_HOT, LOGITS, **per_image(name))
    close(values(name, LABELS, LOGITS, **per_image(name)), expected)
    close(values(name, LABELS[..., None].astype("uint8"), LOGITS, **per_image(name)), expected)
    first = {**per_image(name), "class_axis": 1, **({"axis": (2, 3)} if name in BY_CLASS else {})}
    close(values(name, LABELS, np.moveaxis(LOGITS, -1, 1), **first), expected)


@pytest.mark.parametrize("name", OVERLAPS)
def test_pixels_that_do_not_count_change_nothing(name):
    """Those of `ignore_class`, of a mask, and of weight 0, whatever they hold; and the order does not matter."""
    options = per_image(name)
    expected = values(name, LABELS[:, :3], LOGITS[:, :3], **options)
    labels, logits = LABELS.copy(), LOGITS.copy()
    labels[:, 3], logits[:, 3] = 255, np.inf
    close(values(name, labels, logits, **options, ignore_class=255), expected)
    seen = np.broadcast_to(np.arange(4)[:, None] < 3, LABELS.shape)
    close(values(name, LABELS, masked(logits, seen), **options), expected)
    close(values(name, ONE_HOT, logits, seen.astype("float32"), **options), expected)
    close(values(name, LABELS[:, 2::-1], LOGITS[:, 2::-1], **options), expected)
    volume = {**options, "axis": (1, 2, 3)} if name in BY_CLASS else options
    close(values(name, LABELS[:, :3, None], LOGITS[:, :3, None], **volume), expected)


@pytest.mark.parametrize("name", OVERLAPS)
def test_an_image_that_is_wholly_ignored_leaves_the_mean(name):
    labels = LABELS.copy()
    labels[1] = 255
    loss = getattr(kl, name)(**per_image(name), ignore_class=255)
    value, gradient = value_and_gradient(loss, labels, LOGITS)
    close(value, values(name, LABELS[:1], LOGITS[:1], **per_image(name)).mean())
    assert gradient[0].any() and not gradient[1].any()


@pytest.mark.parametrize("name", OVERLAPS)
def test_weights_of_pixels_are_inside_the_sums(name):
    options = per_image(name)
    expected = REFERENCES[name].values(LABELS, LOGITS, {**options, "pixel_weight": PIXELS})
    assert np.abs(expected - REFERENCES[name].values(LABELS, LOGITS, options)).max() > 0.01
    for weight in (PIXELS, PIXELS[..., None]):
        close(values(name, LABELS, LOGITS, weight, **options), expected)
    once = values(name, LABELS, LOGITS, **options)
    close(values(name, LABELS, LOGITS, np.array([2.0, 0.5], "float32"), **options).T, once.T * [2.0, 0.5])


@pytest.mark.parametrize("name", OVERLAPS)
def test_a_weight_per_pixel_has_the_gradient_of_the_formula(name):
    def loss(y_true, y_pred):
        return getattr(kl, name)(reduction="sum", **per_image(name))(y_true, y_pred, PIXELS[:1])

    weighted = {**per_image(name), "pixel_weight": PIXELS[:1]}
    reference = REFERENCES[name]
    ones = np.ones(reference.values(LABELS[:1], LOGITS[:1], weighted).shape)
    expected = reference.gradient(LABELS[:1], LOGITS[:1], weighted, ones)
    close(value_and_gradient(loss, LABELS[:1], LOGITS[:1])[1], expected, rtol=1e-3)


@pytest.mark.parametrize("name", BY_CLASS)
def test_weights_of_classes_and_absent_classes(name):
    labels = np.minimum(LABELS, 1)
    plain = values(name, labels, LOGITS, **per_image(name))
    weights = np.array([1.0, 2.0, 0.5])
    options = per_image(name, class_weights=list(weights), absent="skip")
    close(values(name, labels, LOGITS, **options), plain * weights * [1, 1, 0])
    mean = getattr(kl, name)(**options)(labels, LOGITS)
    close(mean, (plain * weights)[:, :2].mean())
    by_weight = getattr(kl, name)(reduction="mean_with_sample_weight", **options)(labels, LOGITS)
    close(by_weight, np.average(plain[:, :2], axis=1, weights=weights[:2]).mean())


@pytest.mark.parametrize("name", ["GeneralizedDice", "UnifiedFocal"])
def test_absent_classes_of_an_image(name):
    labels, options = np.minimum(LABELS, 1), per_image(name, absent="skip", class_weights=[1.0, 3.0, 2.0])
    received = values(name, labels, LOGITS, **options)
    close(received, REFERENCES[name].values(labels, LOGITS, options))
    assert np.abs(received - values(name, labels, LOGITS, **{**options, "absent": "count"})).min() > 1e-3


def test_laws_between_the_overlaps():
    p = 1 / (1 + np.exp(-LOGITS))
    of_images = {"axis": (1, 2)}
    dice = values("Dice", ONE_HOT, p, **of_images)
    close(values("Jaccard", ONE_HOT, p, **of_images), 2 * dice / (1 + dice))
    tversky = values("Tversky", ONE_HOT, p, alpha=0.3, beta=0.7, **of_images)
    close(values("FocalTversky", ONE_HOT, p, gamma=1.0, **of_images), tversky)
    close(values("FocalTversky", ONE_HOT, p, **of_images), tversky**0.75)
    close(values("LogCoshDice", ONE_HOT, p, **of_images), np.log(np.cosh(dice)))
    smooth = values("Tversky", ONE_HOT, p, smooth=1.5, **of_images)
    close(values("Dice", ONE_HOT, p, smooth=3.0, **of_images), smooth)
    close(values("GeneralizedDice", ONE_HOT[..., :1], p[..., :1]), dice[:, 0])


def test_a_small_log_cosh_keeps_its_digits():
    error = 2.0**-12
    expected = np.log1p(2 * np.sinh(0.5 * error / (4 - error)) ** 2)
    np.testing.assert_allclose(N(kl.log_cosh_dice([[1.0, 1.0]], [[1.0, 1.0 - error]])), expected, rtol=1e-6)


@pytest.mark.parametrize("name", OVERLAPS)
def test_one_class_has_masks_or_labels_0_and_1(name):
    labels, logits = np.minimum(LABELS, 1), LOGITS[..., :1]
    expected = values(name, labels[..., None].astype("float16"), logits, **per_image(name))
    close(values(name, labels, logits, **per_image(name)), expected)
    close(values(name, labels, logits, **per_image(name), ignore_class=255), expected)
    first = {**per_image(name), "class_axis": 1, **({"axis": (2, 3)} if name in BY_CLASS else {})}
    close(values(name, labels, np.moveaxis(logits, -1, 1), **first), expected)


# What is refused


@pytest.mark.parametrize("option", [{"class_weights": [1.0, 1.0, 1.0]}, {"absent": "skip"}])
def test_options_of_classes_need_an_axis_that_leaves_the_classes(option):
    (name,) = option
    with raises(f"`axis` must leave the class axis, 3, for `{name}`. Received: axis=None"):
        kl.dice(ONE_HOT, ONE_HOT, **option)
    with raises("`axis` must leave the class axis, 3. Received: axis=(1, 3)"):
        kl.generalized_dice(ONE_HOT, ONE_HOT, axis=(1, 3))


def test_wrong_targets_are_refused():
    with raises("`class_axis` must lie in [-4, 4) for y_pred of rank 4. Received: class_axis=4"):
        kl.dice(ONE_HOT, ONE_HOT, class_axis=4)
    with raises(
        "`y_true` must hold integer class indices, without the class axis, if `ignore_class` is given"
    ):
        kl.dice(ONE_HOT, ONE_HOT, ignore_class=255)
    with raises("`y_true` must hold class indices in [0, 3) in jaccard. Received: y_true=255 at (0, 0, 0)"):
        kl.jaccard(np.full_like(LABELS, 255), LOGITS, from_logits=True)
    with raises("`y_true` must lie in [0, 1] in jaccard. Received: y_true=255.0"):
        kl.jaccard((255 * ONE_HOT).astype("uint8"), LOGITS, from_logits=True)
    with raises("`y_true` must have the shape of y_pred in dice."):
        kl.dice(LABELS.astype("float32"), LOGITS, from_logits=True)


@pytest.mark.deep_on("torch")  # Its compiler takes long.
@pytest.mark.parametrize("mode", [mode for mode in HARD_MODES if mode != "eager"][:1])
def test_a_label_out_of_range_gives_nan_for_its_image_in_compiled_code(mode):
    labels = LABELS.copy()
    labels[1, 2, 2] = 3

    def loss(y_true, y_pred):
        return kl.jaccard(y_true, y_pred, from_logits=True, axis=(1, 2))

    received, gradient = value_and_gradient(loss, labels, LOGITS, mode=mode)
    assert np.isnan(received[1]).any() and np.isfinite(received[0]).all()
    assert np.isnan(gradient[1, 2, 2]).any() and np.isfinite(gradient[0]).all()


@pytest.mark.parametrize("name", ["GeneralizedDice", "UnifiedFocal"])
def test_a_region_may_span_the_batch(name):
    """As if the images of the batch lay below each other in one image."""
    one_image = [array.reshape(1, -1, *array.shape[2:]) for array in (LABELS, LOGITS)]
    whole = values(name, LABELS, LOGITS, from_logits=True, axis=(0, 1, 2))
    close(np.ravel(whole)[:1], np.ravel(values(name, *one_image, from_logits=True))[:1])


def test_an_absent_class_has_no_part_in_the_unified_loss():
    """With one class, its background has a focal part too."""
    y_true, y_pred = np.zeros((1, 2, 1), "float32"), np.full((1, 2, 1), 0.7, "float32")
    assert N(kl.unified_focal(y_true, y_pred)) > 0.0 == N(kl.unified_focal(y_true, y_pred, absent="skip"))


@pytest.mark.parametrize("asymmetric", [True, False])
def test_an_impossible_class_costs_infinity_with_gradient_0(asymmetric):
    logits = np.where(ONE_HOT[:1, :1, :2] == 1, -np.inf, LOGITS[:1, :1, :2]).astype("float32")
    loss = kl.UnifiedFocal(asymmetric=asymmetric, from_logits=True)
    for mode in HARD_MODES:
        value, gradient = value_and_gradient(loss, ONE_HOT[:1, :1, :2], logits, mode=mode)
        assert value == np.inf and np.isfinite(gradient).all()


def test_a_prediction_without_axes_raises():
    with raises("y_true.shape=(), y_pred.shape=()"):
        kl.dice(1, 0.5)


@pytest.mark.parametrize("name", BY_CLASS)
def test_a_nan_among_the_logits_shows_in_all_classes(name):
    undefined = LOGITS.copy()
    undefined[0, 1, 2, 0] = np.nan
    found = values(name, LABELS, undefined, **per_image(name))
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()


@pytest.mark.parametrize("name", BY_CLASS)
def test_a_class_of_weight_0_stays_in_the_softmax_of_the_others(name):
    masks, weights = ONE_HOT.copy(), np.ones_like(LOGITS)
    weights[..., 0] = 0.0
    found = values(name, masks, LOGITS, weights, **per_image(name))
    masks[..., 0] = np.nan
    poisoned = values(name, masks, LOGITS, weights, **per_image(name))
    for of_weights in (found, poisoned):
        close(of_weights[:, 1:], values(name, ONE_HOT, LOGITS, **per_image(name))[:, 1:])


@pytest.mark.parametrize("name", BY_CLASS)
@pytest.mark.parametrize("absent", ["count", "skip"])
def test_unseen_a_pixel_out_of_range_makes_its_region_nan(name, absent):
    """In either tensor. Where the class is absent, its region is not left out."""
    y_true, y_pred = np.zeros((2, 3, 2), "float32"), np.full((2, 3, 2), 0.25, "float32")
    y_true[:, 0, 0] = 1.0
    loss = getattr(kl, name)(axis=1, absent=absent, reduction="none")
    for place in range(2):
        wrong = [y_true.copy(), y_pred.copy()]
        wrong[place][1, 1] = -3.0
        with backend.as_on_an_accelerator():
            found, slope = value_and_gradient(loss, *wrong, mode=UNSEEN)
        assert np.isnan(found).tolist() == [[False] * 2, [True] * 2]
        assert np.isfinite(slope[0]).all() and np.isnan(slope[1]).any()


@pytest.mark.parametrize("name", BY_CLASS)
def test_unseen_a_rounding_error_counts_as_the_bound(name):
    y_true = np.array([[[1.0 + 5e-6], [0.0], [1.0]]], "float32")
    y_pred = np.array([[[0.75], [-5e-6], [1.0 + 5e-6]]], "float32")
    loss = getattr(kl, name)(axis=1)
    with backend.as_on_an_accelerator():
        received = value_and_gradient(loss, y_true, y_pred, mode=UNSEEN)
        near = value_and_gradient(loss, y_true.clip(0, 1), y_pred.clip(0, 1), mode=UNSEEN)
    for one, expected in zip(received, near, strict=True):
        close(one, expected)
