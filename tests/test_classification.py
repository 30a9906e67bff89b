"""What is special in the losses of classes, regions and embeddings: weights, masks, labels, axes."""

import inspect
import re

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.core import keras_internals
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient
from keraslosses.reference import REFERENCES, kinds

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy
COMPILED = [mode for mode in HARD_MODES if mode != "eager"]
RNG = np.random.default_rng(8)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def close(received, expected):
    np.testing.assert_allclose(N(received), expected, rtol=1e-5, atol=1e-6)


# Regions: batch-wide values, weights that multiply the result only, masks that take elements out

REGIONS = ["dice", "tversky"]
Y_TRUE = RNG.integers(0, 2, (3, 4, 5)).astype("float32")
Y_PRED = RNG.random((3, 4, 5)).astype("float32")


def region_loss(name, **options):
    return getattr(kl, {"dice": "Dice", "tversky": "Tversky"}[name])(**options)


def whole(name, y_true, y_pred):
    """The value of one region, however its elements lie."""
    (value,) = N(getattr(kl, name)(y_true.reshape(1, -1), y_pred.reshape(1, -1)))
    return value


@pytest.mark.parametrize("name", REGIONS)
def test_a_region_of_the_whole_batch_is_copied_to_each_sample(name):
    close(getattr(kl, name)(Y_TRUE, Y_PRED), [whole(name, Y_TRUE, Y_PRED)] * 3)


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("weight", [[1.0, 0.0, 2.5], [[1.0], [0.0], [2.5]], 2.0])
def test_weights_of_a_batch_wide_region_multiply_the_result_only(name, weight):
    weights = np.broadcast_to(np.ravel(weight), (3,))
    value = whole(name, Y_TRUE, Y_PRED)
    close(region_loss(name, reduction="none")(Y_TRUE, Y_PRED, weight), value * weights)
    close(region_loss(name)(Y_TRUE, Y_PRED, weight), value * weights.mean())
    close(region_loss(name, reduction="mean_with_sample_weight")(Y_TRUE, Y_PRED, weight), value)


@pytest.mark.parametrize("name", REGIONS)
def test_weights_of_regions_apart_take_them_out(name):
    values = N(getattr(kl, name)(Y_TRUE, Y_PRED, axis=(1, 2)))
    poisoned = Y_PRED.copy()
    poisoned[1] = np.inf
    close(region_loss(name, axis=(1, 2))(Y_TRUE, poisoned, [1.0, 0.0, 2.0]), (values[0] + 2 * values[2]) / 3)


MASK = RNG.random((3, 4)) < 0.6
MASK[1] = False


@pytest.mark.parametrize("name", REGIONS)
def test_a_mask_takes_elements_out_of_the_whole(name):
    value = whole(name, Y_TRUE[MASK], Y_PRED[MASK])
    close(region_loss(name, reduction="none")(Y_TRUE, masked(Y_PRED, MASK)), [value, 0.0, value])
    close(region_loss(name)(Y_TRUE, masked(Y_PRED, MASK)), value)
    close(region_loss(name, reduction="sum")(Y_TRUE, masked(Y_PRED, MASK)), 2 * value)


@pytest.mark.parametrize("name", REGIONS)
def test_a_mask_takes_elements_out_of_their_region(name):
    values = [whole(name, y[m], p[m]) for y, p, m in zip(Y_TRUE, Y_PRED, MASK, strict=True) if m.any()]
    loss = region_loss(name, axis=(1, 2), reduction="none")
    close(loss(Y_TRUE, masked(Y_PRED, MASK)), [values[0], 0.0, values[1]])
    close(region_loss(name, axis=(1, 2))(Y_TRUE, masked(Y_PRED, MASK)), np.mean(values))


@pytest.mark.parametrize("name", REGIONS)
def test_masked_elements_have_no_gradient(name):
    def loss(y_true, y_pred):
        return region_loss(name)(y_true, carrying(y_pred, MASK))

    _, gradient = value_and_gradient(loss, Y_TRUE, Y_PRED)
    assert np.all((gradient != 0).any(-1) == MASK)


def carrying(y_pred, mask):
    """y_pred itself with a mask, so that the gradient flows to it."""
    keras_internals.set_attribute(y_pred, "_keras_mask", ops.convert_to_tensor(mask))
    return y_pred


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("axis", [0, 1, -1, (0,), (0, 1), (1, 2), (0, 2), (-1, -2), (2, 0, 1)])
def test_axis_of_keras_as_tuple_list_and_saved(name, axis):
    theirs = N(getattr(keras.losses, name)(Y_TRUE, ops.convert_to_tensor(Y_PRED), axis=axis))
    of_batch = np.broadcast_to(theirs, (3,)) if theirs.shape == () else theirs
    loss = region_loss(name, axis=axis, reduction="none")
    close(loss(Y_TRUE, Y_PRED), of_batch)
    close(getattr(kl, name)(Y_TRUE, Y_PRED, axis=list(np.atleast_1d(axis))), of_batch)
    close(kl.get(kl.serialize(loss))(Y_TRUE, Y_PRED), of_batch)


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ((0, 3), "`axis` must lie in [-3, 3) for y_pred of rank 3. Received: axis=3"),
        ((1, -2), "`axis` must name each axis of a y_pred of rank 3 once. Received: axis=(1, -2)"),
    ],
)
def test_axis_that_does_not_fit_is_refused(name, axis, message):
    with raises(message):
        getattr(kl, name)(Y_TRUE, Y_PRED, axis=axis)


# Circle


def on_sphere(count):
    rows = RNG.normal(size=(count, 4))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("float32")


EMBEDDINGS, OTHERS, SIX_OTHERS = on_sphere(4), on_sphere(4), on_sphere(6)
CLASSES = np.array([0, 1, 0, 1])
SIX_CLASSES = np.array([0, 1, 2, 0, 1, 0])


@pytest.mark.parametrize("remove_diagonal", [True, False])
@pytest.mark.parametrize(
    "against",
    [
        {"ref_labels": SIX_CLASSES, "ref_embeddings": SIX_OTHERS},
        {"ref_labels": SIX_CLASSES[:, None], "ref_embeddings": SIX_OTHERS},
        {"ref_embeddings": OTHERS},
        {"ref_labels": CLASSES[::-1].copy()},
    ],
    ids=["both", "labels in a column", "embeddings", "labels"],
)
def test_circle_against_another_batch(against, remove_diagonal):
    options = {"remove_diagonal": remove_diagonal, "gamma": 2.0, "margin": 0.3}
    tensors = {name: ops.convert_to_tensor(value) for name, value in against.items()}
    theirs = keras.losses.circle(CLASSES, ops.convert_to_tensor(EMBEDDINGS), **tensors, **options)
    for given in (against, tensors):
        close(kl.circle(CLASSES, EMBEDDINGS, **given, **options), N(theirs))


def test_circle_against_a_batch_that_does_not_fit_is_refused():
    with raises(
        "`ref_labels` must hold one class for each row of `ref_embeddings`, as long as y_pred's. Received: ref_labels.shape=(4,), ref_embeddings.shape=(6, 4), y_pred.shape=(4, 4)"
    ):
        kl.circle(CLASSES, EMBEDDINGS, ref_embeddings=SIX_OTHERS)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_circle_tells_large_labels_apart(dtype):
    one = 2**24
    loss = kl.Circle(gamma=1.0, reduction="none", dtype=dtype)
    apart = loss(np.array([one, one + 1, 5, 6]), EMBEDDINGS)
    close(ops.cast(apart, "float32"), np.zeros(4))
    alike = loss(np.array([one + 1, one + 1, 5, 6]), EMBEDDINGS)
    assert N(ops.cast(alike, "float32")).astype(bool).tolist() == [True, True, False, False]


PAIR_AND_ONE = np.array([7, 7, 7, 8])


def test_circle_counts_samples_with_both_sorts_of_pairs():
    """The last sample has no other of its class: it leaves the mean, as in Keras."""
    values = N(kl.circle(PAIR_AND_ONE, EMBEDDINGS))
    assert values.astype(bool).tolist() == [True, True, True, False]
    close(kl.Circle()(PAIR_AND_ONE, EMBEDDINGS), values.sum() / 3)


def test_circle_weights_multiply_the_result_only():
    """A sample of weight 0 still makes pairs, and still counts in the mean."""
    values, weight = N(kl.circle(PAIR_AND_ONE, EMBEDDINGS)), np.array([1.0, 0.0, 2.0, 1.0], "float32")
    close(kl.Circle(reduction="none")(PAIR_AND_ONE, EMBEDDINGS, weight), values * weight)
    close(kl.Circle()(PAIR_AND_ONE, EMBEDDINGS, weight), (values * weight).sum() / 3)
    of_keras = keras.losses.Circle()(PAIR_AND_ONE, ops.convert_to_tensor(EMBEDDINGS), weight)
    close(kl.Circle()(PAIR_AND_ONE, EMBEDDINGS, weight), N(of_keras))


def test_a_sample_masked_for_circle_still_makes_pairs():
    values, mask = N(kl.circle(PAIR_AND_ONE, EMBEDDINGS)), np.array([True, False, True, True])
    close(kl.Circle(reduction="none")(PAIR_AND_ONE, masked(EMBEDDINGS, mask)), values * mask)
    close(kl.Circle()(PAIR_AND_ONE, masked(EMBEDDINGS, mask)), (values * mask).sum() / 2)


# Hinge: zeros and ones are read by the whole batch

SCORES = np.array([[0.5, -0.25], [2.0, -3.0]], "float32")


@pytest.mark.parametrize("name", ["Hinge", "SquaredHinge"])
def test_zeros_and_ones_are_signs_only_if_the_whole_batch_is(name):
    loss = getattr(kl, name)(reduction="none")
    zeros_and_ones, mixed = np.array([[1, 0], [0, 1]]), np.array([[1, 0], [-1, 1]])
    close(loss(zeros_and_ones, SCORES), N(loss(2 * zeros_and_ones - 1, SCORES)))
    power = 1 if name == "Hinge" else 2
    close(loss(mixed, SCORES), [(0.5**power + 1.0) / 2, (3.0**power + 4.0**power) / 2])


@pytest.mark.parametrize("name", ["Hinge", "SquaredHinge"])
@pytest.mark.parametrize("mode", HARD_MODES)
def test_a_weight_of_zero_does_not_change_how_labels_are_read(name, mode):
    loss, weight = getattr(kl, name)(reduction="none"), ops.convert_to_tensor([1.0, 0.0])
    for labels in ([[1.0, 0.0], [-1.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]):
        y_true = np.array(labels, "float32")
        values = N(loss(y_true, SCORES))
        received, gradient = value_and_gradient(lambda y, p: loss(y, p, weight), y_true, SCORES, mode=mode)
        close(received, values * N(weight))
        assert np.all(gradient[1] == 0)


# Label lists


@pytest.mark.parametrize("label", [3, -2, 100])
@pytest.mark.parametrize("weight", [None, [1.0, 0.0]])
def test_a_listed_label_out_of_range_is_refused(label, weight):
    y_true = np.array([[1, -1, 0], [2, label, -1]])
    with raises(
        f"`y_true` must hold class indices in [0, 3) in multi_label_margin. Received: y_true={label} at (1, 1)."
    ):
        kl.MultiLabelMargin()(y_true, np.ones((2, 3), "float32"), weight)


@pytest.mark.parametrize("mode", COMPILED)
@pytest.mark.parametrize("label", [3, -2])
def test_a_listed_label_out_of_range_is_nan_in_compiled_code(mode, label):
    y_true = np.array([[1, -1, 0], [2, label, -1], [0, 2, -1]])
    y_pred = np.eye(3, dtype="float32")
    loss = kl.MultiLabelMargin(reduction="none")
    values, gradient = value_and_gradient(loss, y_true, y_pred, mode=mode)
    assert np.isnan(values).tolist() == [False, True, False]
    assert np.isnan(gradient).any(-1).tolist() == [False, True, False]
    close(values[[0, 2]], N(loss(y_true[[0, 2]], y_pred[[0, 2]])))


@pytest.mark.parametrize("mode", HARD_MODES)
def test_what_stands_behind_the_end_of_a_list_is_not_looked_at(mode):
    y_true, y_pred = np.array([[1, -1, 99], [-1, -5, 3]]), np.eye(3, dtype="float32")[:2]
    values, gradient = value_and_gradient(kl.MultiLabelMargin(reduction="none"), y_true, y_pred, mode=mode)
    close(values, [1.0, 0.0])
    assert np.all(np.isfinite(gradient))


def test_label_lists_of_another_shape_are_refused():
    with raises(
        "`y_true` must have the shape of y_pred, with one list of labels in each row in multi_label_margin. Received: y_true.shape=(2,), y_pred.shape=(2, 3)"
    ):
        kl.multi_label_margin(np.array([0, 1]), np.ones((2, 3)))


# One label for each entry

OF_LABELS = [
    "NegativeLogLikelihood",
    "MultiMargin",
    "SoftMarginSoftmax",
    "CategoricalGeneralizedCrossEntropy",
    "SparseCategoricalFocalCrossentropy",
    "ArcFace",
    "CosFace",
    "AMSoftmax",
    "SphereFace",
    "CombinedMargin",
]


# Their labels are those of the pixels of one entry: test_masks.py.
OF_PIXELS = ["LovaszSoftmax"]


def test_the_losses_of_labels_were_found():
    """Those that read nothing else; `test_labels_or_distributions.py` tests the kind that reads rows too."""
    reading = {
        name
        for name, reference in REFERENCES.items()
        if reference.kind.labels and "ignore_class" in inspect.signature(getattr(kl, name)).parameters
    }
    of_regions = {name for name in reading if REFERENCES[name].kind in (kinds.REGIONS, kinds.CLASS_MASKS)}
    assert reading - of_regions == {*OF_LABELS, "SparseCategoricalCrossentropy", *OF_PIXELS}


@pytest.mark.parametrize("name", OF_LABELS)
@pytest.mark.parametrize("label", [3, -1, 1.5, float("nan"), 2**32 + 1])
@pytest.mark.parametrize("weight", [None, [1.0, 0.0]])
def test_label_out_of_range_is_refused_where_it_can_be_seen(name, label, weight):
    y_true = np.array([0, label])
    function = REFERENCES[name].function
    for labels in (y_true, y_true[:, None]):
        with raises(
            f"`y_true` must hold class indices in [0, 3) in {function}. Received: y_true={y_true[1]} at (1,)"
        ):
            getattr(kl, name)()(labels, np.ones((2, 3), "float32"), weight)


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("name", OF_LABELS)
@pytest.mark.parametrize("mode", COMPILED)
def test_label_out_of_range_is_nan_in_compiled_code(name, mode):
    y_true, y_pred = np.array([0, 3, 2, -1]), np.eye(3, dtype="float32")[[0, 1, 2, 1]]
    values, gradient = value_and_gradient(getattr(kl, name)(reduction="none"), y_true, y_pred, mode=mode)
    assert np.isnan(values).tolist() == [False, True, False, True]
    assert np.isnan(gradient).any(-1).tolist() == [False, True, False, True]


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("name", OF_LABELS)
@pytest.mark.parametrize("mode", HARD_MODES)
def test_ignored_entries_leave_the_mean(name, mode):
    make, y_pred = getattr(kl, name), np.array([[0.5, 0.25, 0.25], [-np.inf] * 3, [0.1, 0.2, 0.7]], "float32")
    kept, slope = value_and_gradient(make(), np.array([0, 1]), y_pred[[0, 2]])
    loss = make(ignore_class=255)
    value, gradient = value_and_gradient(loss, np.array([0, 255, 1]), y_pred, mode=mode)
    close(value, kept)
    close(gradient, np.insert(slope, 1, 0.0, axis=0))


@pytest.mark.parametrize("name", OF_LABELS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "mean_with_sample_weight"])
def test_all_ignored_is_zero_with_gradient_zero(name, reduction):
    loss = getattr(kl, name)(ignore_class=-1, reduction=reduction)
    value, gradient = value_and_gradient(loss, np.array([-1, -1]), np.full((2, 3), np.inf, "float32"))
    assert value == 0
    assert np.all(gradient == 0)


# Weights of classes

WITH_CLASS_WEIGHTS = [
    name for name in REFERENCES if "class_weights" in inspect.signature(getattr(kl, name)).parameters
]


@pytest.mark.parametrize("length", [2, 9])
@pytest.mark.parametrize("name", WITH_CLASS_WEIGHTS)
def test_class_weights_of_the_wrong_length_are_refused(name, length):
    y_true, y_pred = REFERENCES[name].inputs({})
    with raises(
        f"`class_weights` must hold 7 numbers, one for each class. Received: class_weights of length {length}, class_weights="
    ):
        needed = dict.fromkeys(REFERENCES[name].per_class, [1] * 7)
        getattr(kl, name)(**needed, class_weights=[1] * length)(y_true, y_pred)


@pytest.mark.parametrize("length", [2, 9])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", ["CategoricalFocalCrossentropy", "SparseCategoricalFocalCrossentropy"])
def test_alpha_of_the_wrong_length_is_refused(name, smoothing, length):
    y_true, y_pred = REFERENCES[name].inputs({})
    with raises(
        f"`alpha` must hold 7 numbers, one for each class. Received: alpha of length {length}, alpha="
    ):
        getattr(kl, name)(alpha=[0.5] * length, label_smoothing=smoothing)(y_true, y_pred)


@pytest.mark.parametrize("alpha", [0.0, 0.75])
def test_an_alpha_without_effect_is_said_once_for_each_loss(alpha):
    with pytest.warns(UserWarning) as said:
        loss = kl.BinaryFocalCrossentropy(alpha=alpha)
    (warning,) = said
    assert str(warning.message) == (
        "`alpha` has no effect unless `apply_class_balancing` is True. "
        f"Received: alpha={alpha}, apply_class_balancing=False"
    )
    assert warning.filename == __file__
    y_true, y_pred = np.array([[0.0, 1.0]]), np.array([[0.2, 0.9]])
    assert float(loss(y_true, y_pred)) == float(kl.BinaryFocalCrossentropy()(y_true, y_pred))


def test_an_alpha_that_acts_or_is_the_default_is_not_said():
    for options in ({}, {"alpha": 0.25}, {"alpha": 0.75, "apply_class_balancing": True}):
        kl.BinaryFocalCrossentropy(**options)


# Outputs without a label


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "BinaryFocalCrossentropy"])
def test_an_output_that_is_ignored_or_masked_leaves_the_mean_over_the_outputs(name):
    y_true = np.array([[1.0, -1.0, 0.0, 1.0], [-1.0, -1.0, 1.0, -1.0], [-1.0] * 4], "float32")
    y_pred = RNG.random((3, 4)).astype("float32")
    mask = np.array([[True, True, True, False], [True] * 4, [True] * 4])
    function = getattr(kl, REFERENCES[name].function)
    rows = [
        float(function(y_true[:1, [0, 2]], y_pred[:1, [0, 2]])[0]),
        float(function([[1.0]], y_pred[1:2, 2:3])[0]),
    ]
    loss = getattr(kl, name)(ignore_class=-1)
    close(loss(y_true, masked(y_pred, mask)), np.mean(rows))
    close(loss(y_true[1:], y_pred[1:]), rows[1])
    close(loss(y_true[2:], y_pred[2:]), 0.0)


def test_a_masked_class_leaves_the_categorical_hinge():
    seen = np.array([[True, True, False]])
    close(kl.CategoricalHinge()(np.float32([[1, 0, 0]]), masked([[0.5, 0.25, 3.0]], seen)), 0.75)


def test_the_sum_of_two_large_values_warns_of_nothing():
    rows = np.float32([[0.0, 3.4e38], [-3.4e38, 0.0]])
    close(kl.sparse_categorical_crossentropy([0, 0], rows, from_logits=True), np.float32([3.4e38, 3.4e38]))
