"""Predicted boxes without a side: what they cost, and how they grow."""

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses as kl
from keraslosses.losses.box_geometry import FORMATS
from keraslosses.portability.gradients import HARD_MODES, USUAL, value_and_gradient
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

N = ops.convert_to_numpy
NAMES = ("IoU", "GIoU", "DIoU", "CIoU")
# In each format a true box, and predicted ones with two, one and no side, zero or inverted.
TRUE = {"xyxy": [0, 0, 2, 4], "yxyx": [0, 0, 4, 2], "xywh": [0, 0, 2, 4], "center_xywh": [1, 2, 2, 4]}
PRED = {
    "xyxy": [[1.5, 1, 0.5, 3], [1.5, 1, 1.5, 1], [3, 5, 2, 7]],
    "yxyx": [[1, 1.5, 3, 0.5], [1, 1.5, 1, 1.5], [5, 3, 7, 2]],
    "xywh": [[1.5, 1, -1, 2], [1.5, 1, 0, 0], [3, 5, -1, 2]],
    "center_xywh": [[1.25, 2, -1, 2], [1.5, 1, 0, 0], [2.75, 5, -1, -2]],
}


def loss(name, **options):
    return getattr(kl, name)(reduction="none", **options)


def boxes_in(box_format):
    y_pred = np.asarray(PRED[box_format], "float32")
    return np.broadcast_to(np.asarray(TRUE[box_format], "float32"), y_pred.shape), y_pred


@pytest.mark.parametrize("box_format", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_empty_sides_as_the_reference(name, box_format):
    """At every scale: the value is that of an empty box, the gradient lets its sides grow."""
    options = {"box_format": box_format}
    y_true, y_pred = boxes_in(box_format)
    for scale in (1e-6, 1.0, 1e5):
        true, pred = (y_true * scale).astype("float32"), (y_pred * scale).astype("float32")
        values, gradient = value_and_gradient(loss(name, **options), true, pred)
        expected = REFERENCES[name].gradient(true, pred, options, np.ones(3), step=1e-6 * scale)
        np.testing.assert_allclose(values, REFERENCES[name].values(true, pred, options), rtol=1e-6)
        np.testing.assert_allclose(gradient * scale, expected * scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "mode"),
    [
        *(("CIoU", {"box_format": "center_xywh"}, mode) for mode in HARD_MODES),
        ("IoU", {"box_format": "xywh", "mode": "log"}, USUAL),
    ],
)
def test_the_derivative_by_an_empty_side_is_one_by_that_of_the_box_around(name, options, mode):
    """The box around [0, 2] and 1.5 is 2 wide; that around [0, 4] and 1 is 4 high."""
    y_true, y_pred = boxes_in(options["box_format"])
    _, gradient = value_and_gradient(loss(name, **options), y_true[1], y_pred[1], mode=mode)
    np.testing.assert_allclose(gradient[2:], [-1 / 2, -1 / 4], rtol=1e-6)


@pytest.mark.parametrize("box_format", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_a_point_that_is_the_true_one_stays(name, box_format):
    """The box around both has no side either; where it has one, only that one grows."""
    points = np.asarray([[2, 2, 2, 2], [0, 0, 0, 0], [2, 2, 2, 5]], "float32")
    points = N(kl.convert_boxes(points, "xyxy", box_format))
    values, gradient = value_and_gradient(loss(name, box_format=box_format), points, points)
    assert values.tolist() == [1, 1, 1]
    assert not gradient.any()


def test_values_and_other_gradients_are_as_they_were():
    """A box with sides feels nothing of it, and the overlap of pairs is 0 at an empty box."""
    y_true, y_pred = boxes_in("xyxy")
    assert not N(kl.pairwise_iou(y_true, y_pred)).any()
    y_pred = np.asarray([TRUE["xyxy"], [1, 1, 4, 3]], "float32")
    _, gradient = value_and_gradient(loss("IoU"), y_true[:2], y_pred)
    assert not gradient[0].any()
    np.testing.assert_allclose(
        gradient[1], REFERENCES["IoU"].gradient(y_true[:2], y_pred, {}, np.ones(2))[1], 1e-4
    )


def test_boxes_of_no_object_feel_nothing():
    """A detector's box of zeros grows where there is an object, and nowhere else."""
    y_true = np.zeros((1, 3, 5), "float32")
    y_true[0, :, 0], y_true[0, :, 1:] = [0, -1, 1], [1, 2, 3, 4]
    y_pred = np.zeros((1, 3, 7), "float32")
    multi = kl.MultiTaskDetection(num_classes=2, box_loss="diou")
    fcos = kl.FCOS(num_classes=2, box_loss="diou")
    for detector, place in ((multi, slice(3, 7)), (fcos, slice(2, 6))):
        _, gradient = value_and_gradient(detector, y_true, y_pred)
        box = gradient[0, :, place]
        assert not box[:2].any()
        assert box[2].any() and np.isfinite(box).all()


# In training

RECOVER = [(name, box_format) for name in ("GIoU", "DIoU", "CIoU") for box_format in FORMATS]
TARGET = np.asarray([[0.2, 0.3, 0.6, 0.9]], "float32")


def test_a_head_of_zeros_finds_the_box():
    """All losses and formats at once, each on four numbers of its own."""
    targets = [N(kl.convert_boxes(TARGET, "xyxy", box_format)) for _, box_format in RECOVER]
    losses = [loss(name, box_format=box_format) for name, box_format in RECOVER]

    def together(y_true, y_pred):
        parts = (ops.split(y, len(losses), axis=-1) for y in (y_true, y_pred))
        return sum(one(true, pred) for one, true, pred in zip(losses, *parts, strict=True))

    steps = 80
    head = keras.layers.Dense(4 * len(losses), kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), head])
    rate = keras.optimizers.schedules.CosineDecay(0.06, steps)
    jit = keras.backend.backend() == "jax"
    model.compile(keras.optimizers.Adam(rate), loss=together, jit_compile=jit)
    x, y = np.ones((steps, 1), "float32"), np.tile(np.concatenate(targets, axis=-1), (steps, 1))
    model.fit(x, y, batch_size=1, verbose=0)
    found = np.split(model.predict(x[:1], verbose=0), len(losses), axis=-1)
    overlaps = [
        N(kl.pairwise_iou(target, box, box_format=box_format)).item()
        for target, box, (_, box_format) in zip(targets, found, RECOVER, strict=True)
    ]
    assert min(overlaps) > 0.95, dict(zip(RECOVER, overlaps, strict=True))
