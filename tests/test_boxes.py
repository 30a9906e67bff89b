"""Boxes: the table of the papers' values, every shape and format, extremes, and what must not change a loss."""

import functools

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops
from test_laws import at_any_scale, examples, filled

import keraslosses as kl
from keraslosses.losses.box_geometry import FORMATS
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient, values_of
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

N = ops.convert_to_numpy
NAMES = ("IoU", "GIoU", "DIoU", "CIoU")
LOSSES = [*((name, {}) for name in NAMES), ("CIoU", {"alpha_gate": 0.5})]


# Two boxes, and one minus the five losses.
TABLE = [
    ([0, 0, 2, 4], [1, 1, 4, 3], [0.1666667, -0.0833333, 0.0963542, 0.0836961, 0.0963542]),
    ([3, 4, 5, 7], [4, 3, 8, 6], [0.125, -0.075, 0.0030488, 0.0006869, 0.0030488]),
    ([0, 0, 4, 2], [0, 0, 4, 3], [0.6666667, 0.6666667, 0.6566667, 0.6561706, 0.6561706]),
    ([0, 0, 4, 2], [0, 0, 2, 4], [0.3333333, 0.0833333, 0.2708333, 0.2370817, 0.2708333]),
    ([0, 0, 1, 1], [2, 2, 4, 3], [0.0, -0.75, -0.41, -0.4116895, -0.41]),
    ([1, 1, 9, 3], [2, 1, 8, 3.5], [0.6315789, 0.5815789, 0.6306893, 0.6304701, 0.6304701]),
]


def loss(name, **options):
    return getattr(kl, name)(reduction="none", **options)


def entries(name, y_true, y_pred, **options):
    return values_of(loss(name, **options), y_true, y_pred)


@pytest.mark.parametrize(("y_true", "y_pred", "expected"), TABLE)
def test_the_table(y_true, y_pred, expected):
    y_true, y_pred = np.asarray(y_true, "float32"), np.asarray(y_pred, "float32")
    received = [1 - entries(name, y_true, y_pred, **options) for name, options in LOSSES]
    np.testing.assert_allclose(received, expected, atol=1e-6)


def test_no_overlap_costs_the_logarithm_of_the_least_and_has_no_gradient():
    y_true, y_pred = (np.asarray(box, "float32") for box in ([0, 0, 1, 1], [2, 2, 4, 3]))
    value, gradient = value_and_gradient(loss("IoU", mode="log"), y_true, y_pred)
    np.testing.assert_allclose(value, 13.815511, rtol=1e-6)
    assert not gradient.any()
    for name in ("GIoU", "DIoU", "CIoU"):
        assert value_and_gradient(loss(name), y_true, y_pred)[1].all()


# Against the reference


def wide_boxes(leading, small, large):
    """Sides from 1:50 to 50:1, areas from `small` to `large`; the pairs disjoint, crossing, nested, alike."""
    rng = np.random.default_rng(5)
    area = np.exp(rng.uniform(np.log(small), np.log(large), (*leading, 1)))
    ratio = np.exp(rng.uniform(-np.log(50), np.log(50), (2, *leading, 1)))
    size = np.sqrt(np.concatenate([area * ratio, area / ratio], axis=-1))
    size = size * np.exp(rng.uniform(-1, 1, (2, *leading, 1)))
    start = rng.uniform(-1, 1, (2, *leading, 2)) * size
    return np.concatenate([start, start + size], axis=-1).astype("float32")


TOUCHING = ([0, 0, 1, 1], [1, 0, 2, 1])
EMPTY = ([0, 0, 2, 2], [1, 1, 1, 1])
INVERTED = ([0, 0, 2, 2], [1.5, 1.5, 0.5, 0.5])
BOTH_EMPTY = ([0, 0, 0, 0], [3, 3, 3, 3])
SHAPES = [
    ("eager", (4,)),
    ("eager", (5, 4)),
    ("eager", (1, 1, 4)),
    *((mode, (3, 5, 4)) for mode in HARD_MODES),
]


@pytest.mark.deep
@pytest.mark.parametrize(("mode", "shape"), SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_boxes_as_the_reference(name, mode, shape):
    function = loss(name)
    for small, large in ((1e-12, 1e-10), (1e-2, 1e2), (1e6, 1e8)):
        y_true, y_pred = wide_boxes(shape[:-1], small, large)
        expected = REFERENCES[name].values(y_true, y_pred, {})
        values, gradient = value_and_gradient(function, y_true, y_pred, mode=mode)
        assert values.shape == shape[:-1]
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
        side = np.sqrt(small)
        slope = REFERENCES[name].gradient(y_true, y_pred, {}, np.ones(expected.shape), step=1e-6 * side)
        np.testing.assert_allclose(gradient * side, slope * side, rtol=1e-3, atol=1e-4)
    for degenerate in (TOUCHING, EMPTY, INVERTED, BOTH_EMPTY):
        y_true, y_pred = (np.resize(np.float32(box), shape) for box in degenerate)
        values, gradient = value_and_gradient(function, y_true, y_pred, mode=mode)
        np.testing.assert_allclose(values, REFERENCES[name].values(y_true, y_pred, {}), rtol=1e-6)
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_touching_boxes_are_drawn_as_boxes_just_apart(name):
    """Where a shared length ends, its derivative is 0: only the rest of the loss is felt."""
    y_true, y_pred = np.asarray([TOUCHING[0]], "float32"), np.asarray([TOUCHING[1]], "float32")
    apart = y_pred + np.asarray([1e-4, 0, 1e-4, 0], "float32")
    _, touching = value_and_gradient(loss(name), y_true, y_pred)
    _, beyond = value_and_gradient(loss(name), y_true, apart)
    np.testing.assert_allclose(touching, beyond, atol=1e-3)


SCALES = [1e-30, 1e-12, 1e-6, 1.0, 1e5, 1e15]


@pytest.mark.parametrize("box_format", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_box_costs_nothing_at_any_scale(name, box_format):
    boxes = np.random.default_rng(1).uniform([0, 0, 1, 1], 2, (6, 4)) * np.asarray(SCALES)[:, None]
    boxes = np.concatenate([boxes, boxes[3:4] * [1e4, 1e4, 1e-3, 1e-3]])
    boxes = N(kl.convert_boxes(boxes.astype("float32"), "xywh", box_format))
    values, gradient = value_and_gradient(loss(name, box_format=box_format), boxes, boxes)
    solid = np.all(boxes[:, 2:] != boxes[:, :2], axis=-1) | (box_format not in ("xyxy", "yxyx"))
    assert solid.sum() >= 6
    assert not values[solid].any()
    np.testing.assert_allclose(gradient[solid] * boxes[solid], 0, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_at_coordinates_of_10000(name, dtype):
    """The same numbers in float32 give the same; nothing is computed in the narrow type."""
    rng = np.random.default_rng(1)
    start = rng.uniform(5000, 9000, (2, 20, 2))
    boxes = np.concatenate([start, start + rng.uniform(500, 1000, (2, 20, 2))], axis=-1)
    y_true, y_pred = (ops.cast(ops.convert_to_tensor(x.astype("float32")), dtype) for x in boxes)
    same = [N(ops.cast(x, "float32")) for x in (y_true, y_pred)]
    np.testing.assert_array_equal(N(loss(name)(y_true, y_pred)), entries(name, *same))
    narrow = N(ops.cast(loss(name, dtype=dtype)(y_true, y_pred), "float32"))
    step = {"float16": 1e-3, "bfloat16": 8e-3}[dtype]
    np.testing.assert_allclose(narrow, entries(name, *same), rtol=step)


# Formats and pairs


def in_format(boxes, box_format):
    return N(kl.convert_boxes(boxes, "xyxy", box_format))


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_formats_there_and_back(source, target):
    boxes = np.asarray([[1, 2, 4, 8], [0.5, -3, 2, 0], [1, 1, 0, 0.5]], "float32")
    there = kl.convert_boxes(in_format(boxes, source), source, target)
    np.testing.assert_allclose(N(there), in_format(boxes, target))
    back = kl.convert_boxes(there, target, source)
    np.testing.assert_allclose(N(back), in_format(boxes, source))


def test_what_the_formats_are():
    assert in_format(np.asarray([1.0, 2.0, 4.0, 8.0]), "yxyx").tolist() == [2, 1, 8, 4]
    assert in_format(np.asarray([1.0, 2.0, 4.0, 8.0]), "xywh").tolist() == [1, 2, 3, 6]
    assert in_format(np.asarray([1.0, 2.0, 4.0, 8.0]), "center_xywh").tolist() == [2.5, 5, 3, 6]


@pytest.mark.parametrize("box_format", FORMATS[1:])
@pytest.mark.parametrize("name", NAMES)
def test_a_loss_is_the_same_in_every_format(name, box_format):
    y_true, y_pred = wide_boxes((30,), 1.0, 4.0)
    y_pred[0] = y_pred[0, [2, 3, 0, 1]]  # inverted
    expected = entries(name, y_true, y_pred)
    moved = [in_format(boxes, box_format) for boxes in (y_true, y_pred)]
    np.testing.assert_allclose(entries(name, *moved, box_format=box_format), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("box_format", FORMATS)
def test_pairs_are_what_aligned_boxes_are(box_format):
    one, other = wide_boxes((2, 6), 1.0, 4.0)
    one, other = in_format(one, box_format), in_format(other[:, :5], box_format)
    pairs = N(kl.pairwise_iou(one, other, box_format=box_format))
    assert pairs.shape == (2, 6, 5)
    for i in range(6):
        row = np.broadcast_to(one[:, i : i + 1], other.shape)
        aligned = 1 - entries("IoU", row, other, box_format=box_format)
        np.testing.assert_allclose(pairs[:, i], aligned, atol=1e-6)


def test_pairwise_takes_numbers_of_two_types():
    one, other = np.array([[0.0, 0, 2, 2]]), np.array([[1, 0, 3, 2]], "float32")
    for first, second in ((one, other), (other, one), (one, np.array([[1, 0, 3, 2]]))):
        np.testing.assert_allclose(N(kl.pairwise_iou(first, second)), [[1 / 3]], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.pairwise_iou(np.ones((2, 5)), np.ones((2, 4))), "`boxes1` must hold four numbers"),
        (lambda: kl.pairwise_iou(np.ones((2, 4)), np.ones(())), "`boxes2` must hold four numbers"),
        (lambda: kl.pairwise_iou(np.ones((2, 4)), np.ones((2, 4)), box_format="xy"), "`box_format` must be"),
        (lambda: kl.convert_boxes(np.ones(3), "xyxy", "xywh"), "`boxes` must hold four numbers"),
        (lambda: kl.convert_boxes(np.ones(4), "corners", "xywh"), "`source` must be one of"),
        (lambda: kl.convert_boxes(np.ones(4), "xyxy", None), "`target` must be one of"),
        (lambda: kl.IoU()(np.ones((2, 4)), np.ones((3, 4))), r"`y_true` must be boxes"),
        (lambda: kl.IoU()(np.ones((2, 3)), np.ones((2, 3))), r"`y_true` must be boxes"),
    ],
)
def test_what_is_not_boxes_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# CIoU's alpha


@pytest.mark.parametrize("gate", [0.0, 0.3])
@pytest.mark.parametrize("moving", [False, True])
def test_alpha_is_held_constant_unless_asked_for(moving, gate):
    y_true, _ = wide_boxes((20,), 1.0, 4.0)
    sides = np.tile(y_true[:, 2:] - y_true[:, :2], 2)
    y_pred = y_true + (np.random.default_rng(9).normal(0, 0.3, (20, 4)) * sides).astype("float32")
    options = {"alpha_gradient": moving, "alpha_gate": gate}
    reference, ones = REFERENCES["CIoU"], np.ones(20)
    _, gradient = value_and_gradient(loss("CIoU", **options), y_true, y_pred)
    np.testing.assert_allclose(
        gradient, reference.gradient(y_true, y_pred, options, ones), rtol=1e-4, atol=1e-5
    )
    other = reference.gradient(y_true, y_pred, {**options, "alpha_gradient": not moving}, ones)
    assert np.abs(gradient - other).max() > 1e-3


# What must not change a loss, and what holds between them

COORDINATES = filled(st.integers(-64, 64).map(lambda x: x / 8), (3, 4))
ANY = at_any_scale(st.floats(-1, 1, width=32), 1e-12, 1e-6, 1.0, 1e5, 1e15)
SMALL = ANY.map(lambda x: x[..., :4])


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("name", NAMES)
@examples
@given(a=COORDINATES, b=COORDINATES, shift=st.integers(-1000, 1000), scale=st.sampled_from([0.25, 2.0, 64.0]))
def test_moved_or_scaled_together_boxes_cost_the_same(name, a, b, shift, scale):
    here = entries(name, a, b)
    moved = entries(name, (a + shift).astype("float32"), (b + shift).astype("float32"))
    np.testing.assert_allclose(moved, here, atol=1e-6)
    scaled = entries(name, (a * scale).astype("float32"), (b * scale).astype("float32"))
    np.testing.assert_allclose(scaled, here, atol=1e-6)


@examples
@given(a=COORDINATES, b=COORDINATES)
def test_order_and_range_of_the_losses(a, b):
    iou, giou, diou, ciou = (entries(name, a, b) for name in NAMES)
    assert np.all(ciou >= diou - 1e-6)
    assert np.all(diou >= iou - 1e-6)
    assert np.all((giou >= iou - 1e-6) & (giou <= 2 + 1e-6))
    assert np.all((iou >= -1e-6) & (iou <= 1 + 1e-6))


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("box_format", FORMATS)
@pytest.mark.parametrize("name", [*NAMES, "CIoU with alpha_gradient"])
@examples
@given(a=SMALL, b=SMALL)
def test_no_gradient_is_ever_nan(name, box_format, a, b):
    y_true, y_pred = np.concatenate([a, a]), np.concatenate([b, a])
    values, gradient = value_and_gradient(made_once(name, box_format), y_true, y_pred)
    assert np.isfinite(values).all()
    assert not np.isnan(gradient).any()


@functools.cache
def made_once(name, box_format):
    """The same loss for all examples, so that it is compiled once."""
    name, *changed = name.split(" with ")
    return loss(name, box_format=box_format, **dict.fromkeys(changed, True))


@pytest.mark.deep
def test_boxes_are_learned_in_fit():
    """From a picture of two corners to the box: the overlap grows on unseen pictures too."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    start = rng.uniform(0, 0.5, (400, 2))
    corners = np.concatenate([start, start + rng.uniform(0.2, 0.5, (400, 2))], axis=-1).astype("float32")
    boxes = N(kl.convert_boxes(corners, "xyxy", "center_xywh"))
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(4, "softplus")]
    )
    loss, metric = kl.CIoU(box_format="center_xywh"), kl.IoU(box_format="center_xywh")
    model.compile(keras.optimizers.Adam(0.01), loss=loss, metrics=[metric])
    model.fit(corners[:300], boxes[:300], epochs=30, verbose=0)
    assert model.evaluate(corners[300:], boxes[300:], verbose=0, return_dict=True)["iou"] < 0.25
