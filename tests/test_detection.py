"""The losses of detectors: parts, normalisers, weights of anchors, box losses, and what is refused."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from test_laws import examples

import keraslosses
from keraslosses.core import keras_internals
from keraslosses.losses.detection import centerness
from keraslosses.portability import gradients
from keraslosses.reference import REFERENCES, detection

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

CLASSES = 2
BOTH = ("MultiTaskDetection", "FCOS")
# The columns of y_pred that hold the box.
BOX = {"MultiTaskDetection": np.s_[..., 3:], "FCOS": np.s_[..., 2:6]}
COSTS_BY_NAME = ("iou", "giou", "diou", "ciou")


def made(name, **options):
    return getattr(keraslosses, name)(CLASSES, **options)


def drawn(name, leading=(3, 5), seed=0):
    return REFERENCES[name].inputs({"num_classes": CLASSES}, leading=leading, seed=seed)


def values(loss, y_true, y_pred, weight=None):
    return ops.convert_to_numpy(loss(y_true, ops.convert_to_tensor(y_pred), sample_weight=weight))


@pytest.mark.parametrize(
    ("normalizer", "box_weight", "expected"),
    # Two anchors count and one is positive; log 2 each, and 0.5 + 0.5 + 1.5 from the box.
    [
        ("anchors", 1.0, (2 * np.log(2) + 2.5) / 2),
        ("positives", 1.0, 2 * np.log(2) + 2.5),
        ("anchors", 0.5, (2 * np.log(2) + 1.25) / 2),
    ],
)
def test_multi_task_by_hand(normalizer, box_weight, expected):
    loss = keraslosses.MultiTaskDetection(1, normalizer=normalizer, box_weight=box_weight)
    y_true = [[[1, 0.0, 0, 2, 4], [0, 0, 0, 0, 0], [-1, 9, 9, 9, 9]]]
    y_pred = [[[0.0, 0, 1, 1, 2, 6], [3, 3, 5, 5, 5, 5], [7, -7, 1, 1, 1, 1]]]
    np.testing.assert_allclose(
        values(loss, np.array(y_true), np.array(y_pred, "float32")), expected, rtol=1e-6
    )


def test_centerness():
    found = ops.convert_to_numpy(
        centerness(ops.convert_to_tensor([[1.0, 2, 3, 4], [1, 1, 1, 1], [0, 1, 2, 3]]))
    )
    np.testing.assert_allclose(found, [0.4082483, 1.0, 0.0], rtol=1e-6)
    outside = ops.convert_to_tensor([[-1.0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 1, 1]])
    assert (ops.convert_to_numpy(centerness(outside)) == 0).all()


@pytest.mark.parametrize("name", BOTH)
def test_weights_of_anchors_stand_inside_the_sums(name):
    y_true, y_pred = drawn(name)
    weight = np.random.default_rng(1).uniform(0, 2, y_true.shape[:2]).astype("float32")
    weight[0, :2] = 0.0
    formula = getattr(detection, REFERENCES[name].function)
    expected = formula(y_true.astype("float64"), y_pred.astype("float64"), CLASSES, weights=weight)
    for given_weight in (weight, weight[..., None]):
        found = values(made(name, reduction="none"), y_true, y_pred, given_weight)
        np.testing.assert_allclose(found, expected, rtol=2e-5)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("mode", gradients.MODES[:2])
def test_anchor_of_weight_0_is_silent(name, mode):
    y_true, y_pred = drawn(name)
    weight = np.ones(y_true.shape[:2], "float32")
    weight[1, 2] = 0.0
    weight = ops.convert_to_tensor(weight)
    loss, poisoned = made(name, reduction="sum"), y_pred.copy()
    poisoned[1, 2] = np.inf
    weighted = functools.partial(loss, sample_weight=weight)
    before = gradients.value_and_gradient(weighted, y_true, y_pred, mode=mode)
    after = gradients.value_and_gradient(weighted, y_true, poisoned, mode=mode)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    assert (after[1][1, 2] == 0).all()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("box_loss", [None, *COSTS_BY_NAME])
def test_no_gradient_by_boxes_of_background(name, box_loss):
    y_true, y_pred = drawn(name, (4, 6))
    _, slope = gradients.value_and_gradient(made(name, reduction="none", box_loss=box_loss), y_true, y_pred)
    by_box, positive = slope[BOX[name]], y_true[..., 0] > 0
    assert (by_box[~positive] == 0).all()
    assert (by_box[positive] != 0).any()


@pytest.mark.parametrize("name", BOTH)
def test_batch_without_positives_costs_its_classification(name):
    y_true, y_pred = drawn(name)
    y_true[..., 0] = np.where(y_true[..., 0] > 0, 0, y_true[..., 0])
    loss = made(name, reduction="none")
    whole, slope = gradients.value_and_gradient(loss, y_true, y_pred)
    part = values(loss.component("classification").loss, y_true, y_pred)
    np.testing.assert_allclose(whole, part, rtol=1e-6)
    assert (slope[BOX[name]] == 0).all()
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("name", BOTH)
def test_no_anchors_at_all(name):
    y_true, y_pred = drawn(name)
    value, slope = gradients.value_and_gradient(made(name), y_true[:, :0], y_pred[:, :0])
    assert value == 0
    assert slope.shape == (3, 0, 7)


@pytest.mark.parametrize("name", BOTH)
def test_masked_anchors_are_ignored_ones(name):
    y_true, y_pred = drawn(name)
    mask = np.random.default_rng(5).random(y_true.shape[:2]) < 0.6
    mask[1] = False
    masked = ops.convert_to_tensor(y_pred)
    keras_internals.set_attribute(masked, "_keras_mask", ops.convert_to_tensor(mask))
    found = ops.convert_to_numpy(made(name)(y_true, masked))
    ignored = y_true.copy()
    ignored[~mask, 0] = -1
    expected = values(made(name, reduction="none"), ignored, y_pred)
    # The image of which nothing is seen leaves the mean.
    np.testing.assert_allclose(found, (expected[0] + expected[2]) / 2, rtol=1e-6)


@pytest.mark.parametrize("name", BOTH)
def test_ignored_anchors_do_not_matter(name):
    y_true, y_pred = drawn(name)
    y_true[:, 1, 0] = -1
    other = y_pred.copy()
    other[:, 1] = 100.0
    loss = made(name, reduction="none")
    np.testing.assert_array_equal(values(loss, y_true, y_pred), values(loss, y_true, other))


@pytest.mark.parametrize("name", BOTH)
@examples
@given(st.permutations(range(5)), st.integers(0, 99))
def test_anchors_have_no_order(name, order, seed):
    y_true, y_pred = drawn(name, seed=seed)
    loss = made(name, reduction="none")
    shuffled = values(loss, y_true[:, order], y_pred[:, order])
    np.testing.assert_allclose(shuffled, values(loss, y_true, y_pred), rtol=1e-5)


def test_box_loss_by_name_as_a_loss_and_in_a_sum():
    y_true, y_pred = drawn("MultiTaskDetection")

    def cost(box_loss):
        return values(made("MultiTaskDetection", box_loss=box_loss, reduction="none"), y_true, y_pred)

    np.testing.assert_array_equal(cost("giou"), cost(keraslosses.GIoU(reduction="sum")))
    np.testing.assert_allclose(cost(None), cost(4.0 * keraslosses.SmoothL1()), rtol=1e-6)
    alone, both = cost(keraslosses.GIoU()), cost(keraslosses.GIoU() + 2.0 * keraslosses.SmoothL1())
    classes = values(made("MultiTaskDetection", box_weight=0.0, reduction="none"), y_true, y_pred)
    np.testing.assert_allclose(both, alone + (cost(None) - classes) / 2, rtol=1e-5)


def test_box_loss_of_fcos_is_the_logarithm_of_the_overlap():
    y_true, y_pred = drawn("FCOS")
    default = values(made("FCOS", reduction="none"), y_true, y_pred)
    stated = values(made("FCOS", reduction="none", box_loss=keraslosses.IoU(mode="log")), y_true, y_pred)
    np.testing.assert_array_equal(default, stated)


@pytest.mark.parametrize("name", BOTH)
def test_box_loss_survives_the_config(name):
    loss = made(name, box_loss=keraslosses.CIoU(alpha_gate=0.5) + 0.5 * keraslosses.BalancedL1(beta=0.5))
    part = loss.component("box")
    y_true, y_pred = drawn(name)
    for thing in (loss, part.loss):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(thing))
        np.testing.assert_array_equal(values(again, y_true, y_pred), values(thing, y_true, y_pred))
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))
    part.update_state(y_true, y_pred)
    again.update_state(y_true, y_pred)
    assert float(part.result()) == float(again.result())


@pytest.mark.parametrize("name", BOTH)
def test_parts_show_in_the_history_and_make_up_the_loss(name):
    y_true, _ = drawn(name, (20, 6))
    options = {} if name == "FCOS" else {"box_weight": 0.5}
    loss = made(name, **options)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(42), keras.layers.Reshape((6, 7))])
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=[loss.component(part) for part in loss.parts])
    history = model.fit(np.eye(20), y_true, epochs=3, batch_size=8, verbose=0).history
    weights = {"box": 0.5} if name == "MultiTaskDetection" else {}
    total = sum(weights.get(part, 1.0) * np.array(history[part]) for part in loss.parts)
    np.testing.assert_allclose(total, history["loss"], rtol=1e-5)
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("name", BOTH)
def test_trains_with_weights_of_anchors(name):
    y_true, _ = drawn(name, (20, 6))
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(42), keras.layers.Reshape((6, 7))])
    model.compile(keras.optimizers.Adam(0.05), made(name))
    weight = np.random.default_rng(0).uniform(0, 2, (20, 6)).astype("float32")
    history = model.fit(np.eye(20), y_true, epochs=3, batch_size=8, verbose=0, sample_weight=weight).history
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("name", BOTH)
def test_class_out_of_range(name):
    y_true, y_pred = drawn(name)
    loss = made(name, reduction="none")
    for wrong in (3, -2, 0.5, np.nan):
        y_true[1, 2, 0] = wrong
        with pytest.raises(ValueError, match=r"`y_true` must hold class indices in \[0, 3\)"):
            values(loss, y_true, y_pred)
        found, _ = gradients.value_and_gradient(loss, y_true, y_pred, mode=gradients.HARD_MODES[-1])
        assert np.isnan(found[1])
        assert np.isfinite(found[[0, 2]]).all()


@pytest.mark.parametrize("name", BOTH)
def test_what_does_not_fit_is_refused(name):
    y_true, y_pred = drawn(name)
    with pytest.raises(ValueError, match=r"`y_pred` \(batch, anchors, 7\)"):
        made(name)(y_true, y_pred[..., :6])
    with pytest.raises(ValueError, match=r"Received: y_true.shape=\(3, 4, 5\), y_pred.shape=\(3, 5, 7\)"):
        made(name)(y_true[:, :4], y_pred)
    with pytest.raises(ValueError, match=r"`box_loss` must read boxes in the format 'xyxy'"):
        made(name, box_loss=keraslosses.CIoU("xywh"))(y_true, y_pred)
    with pytest.raises(ValueError, match=r"`box_loss` must give one value for each box"):
        made(name, box_loss=keraslosses.Dice())(y_true, y_pred)
    with pytest.raises(ValueError, match=r"`name` must be one of 'classification', 'box'"):
        made(name).component("boxes")
    with pytest.raises(ValueError, match=r"`sample_weight` must have the shape of the loss"):
        made(name)(y_true, y_pred, sample_weight=np.ones((3, 4), "float32"))
