"""`IoUScore` and `DiceScore` against scikit-learn; what does not count; and with the losses of regions in a model."""

import re

import keras
import numpy as np
import pytest
from compiled import FORMS, of_arrays
from keras import ops
from masks import masked
from sklearn.metrics import f1_score, jaccard_score

import keraslosses as kl

N = ops.convert_to_numpy
RNG = np.random.default_rng(4)
LABELS = RNG.integers(0, 4, (6, 3, 5))
SCORES = RNG.normal(0, 1, (*LABELS.shape, 4)).astype("float32")
GUESS = SCORES.argmax(-1)
ROWS = np.eye(4, dtype="float32")[LABELS]
WEIGHT = RNG.uniform(0.1, 2, LABELS.shape).astype("float32")
# On JAX, each operation outside of compiled code is compiled alone.
EAGER = pytest.mark.deep_on("jax")
PEERS = [(kl.IoUScore, jaccard_score), (kl.DiceScore, f1_score)]


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def first(x):
    return np.moveaxis(x, -1, 1)


def counted(metric, y_true, y_pred, weight=None):
    """The metric after two batches."""
    for part in (slice(0, 2), slice(2, None)):
        metric.update_state(y_true[part], y_pred[part], None if weight is None else weight[part])
    return metric


def close(metric, per_class):
    np.testing.assert_allclose(metric.per_class(), per_class, rtol=1e-5)
    np.testing.assert_allclose(float(metric.result()), np.nanmean(per_class), rtol=1e-5)


INPUTS = {
    "class indices and logits": (LABELS, SCORES, {}),
    "an axis of size 1": (LABELS[..., None], SCORES, {}),
    "one-hot rows and probabilities": (ROWS, N(ops.softmax(SCORES)), {}),
    "predicted classes": (LABELS.astype("uint8"), GUESS, {}),
    "one-hot rows and predicted classes": (ROWS, GUESS[..., None], {}),
    "classes first": (LABELS, first(SCORES), {"class_axis": 1}),
    "one-hot rows, classes first": (first(ROWS), first(SCORES).astype("float16"), {"class_axis": 1}),
}


@EAGER
@pytest.mark.parametrize(("score", "peer"), PEERS)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_the_numbers_of_scikit_learn(score, peer, weight):
    every = None if weight is None else weight.ravel()
    expected = peer(LABELS.ravel(), GUESS.ravel(), average=None, sample_weight=every)
    for y_true, y_pred, options in INPUTS.values():
        metric = score.from_config(score(4, **options).get_config())
        close(counted(metric, y_true, y_pred, weight), expected)


@EAGER
@pytest.mark.parametrize(("score", "peer"), PEERS)
def test_masks_of_their_own(score, peer):
    truth = RNG.random((6, 3, 5, 2)) < 0.4
    expected = peer(truth.reshape(-1, 2), (SCORES[..., :2] > 0).reshape(-1, 2), average=None)
    logits, shares = SCORES[..., :2], N(ops.sigmoid(SCORES[..., :2]))
    metric = score.from_config(score(2, [1], threshold=0).get_config())
    assert float(counted(metric, truth, logits).result()) == pytest.approx(expected[1])
    close(counted(score(2, threshold=0), truth, logits), expected)
    close(counted(score(2, threshold=0.5), truth.astype("float32"), shares), expected)
    close(counted(score(2, threshold=0, class_axis=1), first(truth), first(logits)), expected)
    for y_true in (truth[..., 0], truth[..., :1]):
        close(counted(score(1, threshold=0), y_true, logits[..., :1]), expected[:1])
    flat = truth[..., 0].ravel(), logits[..., 0].ravel()
    metric = counted(score(1, threshold=0), *flat)
    close(metric, expected[:1])
    metric.update_state([0.0, 1.0], [np.nan, 1.0])
    assert np.isnan(metric.per_class()).all()


# What does not count

KEPT = RNG.random(LABELS.shape) < 0.6
OF_KEPT = jaccard_score(LABELS[KEPT], GUESS[KEPT], average=None)
UNKNOWN = np.where(KEPT[..., None], SCORES, np.nan)


@EAGER
def test_void_masked_and_unweighted_pixels_may_hold_anything():
    close(counted(kl.IoUScore(4, ignore_class=255), np.where(KEPT, LABELS, 255), UNKNOWN), OF_KEPT)
    close(counted(kl.IoUScore(4), LABELS, UNKNOWN, KEPT), OF_KEPT)
    hidden = kl.IoUScore(4)
    hidden.update_state(LABELS, masked(UNKNOWN, KEPT))
    close(hidden, OF_KEPT)
    truth = np.where(KEPT, LABELS > 0, -1)
    metric = counted(kl.IoUScore(1, threshold=0, ignore_class=-1), truth, UNKNOWN[..., :1])
    close(metric, [jaccard_score(LABELS[KEPT] > 0, SCORES[KEPT][:, 0] > 0)])


@EAGER
def test_weights_of_samples_weigh_all_their_pixels():
    weight = np.array([0.5, 2.0, 0.0, 1.0, 1.0, 3.0], "float32")
    every = np.broadcast_to(weight[:, None, None], LABELS.shape).ravel()
    expected = f1_score(LABELS.ravel(), GUESS.ravel(), average=None, sample_weight=every)
    close(counted(kl.DiceScore(4), LABELS, SCORES, weight), expected)
    close(counted(kl.DiceScore(4), LABELS, SCORES, weight[:, None]), expected)
    of_pixels = np.broadcast_to(weight[:, None, None], LABELS.shape)
    close(counted(kl.DiceScore(4), LABELS, SCORES, of_pixels[..., None]), expected)
    close(counted(kl.DiceScore(4, class_axis=1), LABELS, first(SCORES), of_pixels[:, None]), expected)


@EAGER
def test_the_result_has_the_dtype_and_the_counts_are_float32():
    metric = kl.IoUScore(2, dtype="float16")
    metric.update_state([[0, 1]], [[0, 0]], 60_000.0)
    assert keras.backend.standardize_dtype(metric.result().dtype) == "float16"
    assert float(metric.result()) == 0.25


@EAGER
def test_classes_that_leave_the_mean():
    metric = kl.IoUScore(4)
    assert float(metric.result()) == 0.0
    metric.update_state([[0, 0, 1]], [[0, 2, 1]])
    np.testing.assert_allclose(metric.per_class(), [0.5, 1.0, 0.0, np.nan])
    assert float(metric.result()) == 0.5
    some = kl.IoUScore(4, target_class_ids=(1, 3))
    some.update_state([[0, 0, 1]], [[0, 2, 1]])
    assert float(some.result()) == 1.0
    ignoring = kl.IoUScore(3, ignore_class=0)
    ignoring.update_state([[0, 1, 1]], [[2, 1, 0]])
    np.testing.assert_allclose(ignoring.per_class(), [np.nan, 0.5, np.nan])
    assert float(ignoring.result()) == 0.5
    ignoring.reset_state()
    assert np.isnan(ignoring.per_class()).all()


def after_one_batch(metric):
    def function(y_true, y_pred, sample_weight):
        variables = [ops.zeros((3, metric.num_classes))]
        return metric.stateless_result(
            metric.stateless_update_state(variables, y_true, y_pred, sample_weight)
        )

    return function


@pytest.mark.parametrize("form", FORMS)
def test_what_is_wrong_shows_in_compiled_code(form):
    """A wrong pixel makes the result NaN, whatever the classes that are asked for."""
    labels, scores = LABELS.reshape(6, -1).astype("int32"), SCORES.reshape(6, -1, 4)
    ones, others = np.ones(6, "float32"), np.array([0, 1, 1, 1, 1, 1], "float32")
    metric = kl.DiceScore(4, target_class_ids=[2])
    run = of_arrays(after_one_batch(metric), form, labels, scores, ones)
    expected = f1_score(LABELS.ravel(), GUESS.ravel(), average=None)[2]
    np.testing.assert_allclose(run(labels, scores, ones), expected, rtol=1e-5)
    wrong, undefined = labels.copy(), scores.copy()
    wrong[0, 3], undefined[0, 4, 3] = 4, np.nan
    for pair in ((wrong, scores), (labels, undefined)):
        assert np.isnan(run(*pair, ones))
        assert np.isfinite(run(*pair, others))


# With the losses of regions in a model

LOSSES = {
    "Dice": lambda **options: kl.Dice(axis=(1, 2), **options),
    "FocalTversky": lambda **options: kl.FocalTversky(axis=(1, 2), absent="skip", **options),
    "LovaszSoftmax": lambda **options: kl.LovaszSoftmax(per_image=True, **options),
}


def squares(count=8):
    """Pictures of a bright square on a dark ground, with a border of void pixels; and the classes."""
    labels = np.zeros((count, 6, 6), "uint8")
    for i, label in enumerate(labels):
        label[1 + i % 3 : 4 + i % 3, 1 + i % 2 : 4 + i % 2] = 1
    pictures = labels + RNG.normal(0, 0.2, labels.shape)
    labels[:, 0] = 255
    return pictures[..., None].astype("float32"), labels


@pytest.fixture
def mixed_float16():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.deep_on("jax", "tensorflow")
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_metrics_in_a_model(name, mixed_float16, tmp_path):
    pictures, labels = squares()
    weight = np.array([1.0, 2.0, 0.0, 1.0, 1.0, 0.5, 1.0, 1.0], "float32")
    loss = LOSSES[name](from_logits=True, ignore_class=255, class_weights=[0.5, 2.0])
    keras.utils.set_random_seed(0)
    layers = keras.layers.Conv2D(4, 3, padding="same", activation="relu"), keras.layers.Conv2D(2, 1)
    model = keras.Sequential([keras.Input((6, 6, 1)), *layers])
    iou = kl.IoUScore(2, ignore_class=255)
    dice = kl.DiceScore(2, target_class_ids=[1], ignore_class=255, name="square")
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=[iou], weighted_metrics=[dice])
    stop = keras.callbacks.EarlyStopping("iou_score", patience=9)
    given = {"sample_weight": weight, "batch_size": 4, "verbose": 0}
    history = model.fit(pictures, labels, epochs=8, callbacks=[stop], **given).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert history["iou_score"][-1] > history["iou_score"][0] + 0.1
    assert stop.monitor_op is ops.greater

    said = model.evaluate(pictures, labels, return_dict=True, **given)
    predicted = model.predict(pictures, batch_size=8, verbose=0)
    assert predicted.dtype == "float16"
    seen = labels != 255
    truth, guess = labels[seen], predicted.argmax(-1)[seen]
    of_pixels = np.broadcast_to(weight[:, None, None], seen.shape)[seen]
    expected = jaccard_score(truth, guess, average=None)
    np.testing.assert_allclose(said["iou_score"], expected.mean(), rtol=1e-5)
    np.testing.assert_allclose(iou.per_class(), expected, rtol=1e-5)
    np.testing.assert_allclose(said["square"], f1_score(truth, guess, sample_weight=of_pixels), rtol=1e-5)

    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.evaluate(pictures, labels, return_dict=True, **given) == pytest.approx(said)


@pytest.mark.deep_on("jax", "tensorflow")
def test_class_weight_of_fit_is_for_whole_samples():
    """Keras makes one weight for each sample of it, so pixels need the `class_weights` of the loss."""
    pictures, labels = squares(2)
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 1)])
    model.compile("sgd", kl.Dice(from_logits=True, ignore_class=255))
    with pytest.raises(TypeError):
        model.fit(pictures, labels[..., None], class_weight={0: 1.0, 1: 2.0}, verbose=0)


# What is refused

PAIR = [[0, 1]], [[[0.9, 0.1], [0.2, 0.8]]]
MISTAKES = {
    "`num_classes` must be a positive integer. Received: num_classes=0": lambda: kl.IoUScore(0),
    "`num_classes` must be at least 2 without a `threshold`. Received: num_classes=1": lambda: kl.IoUScore(1),
    "`threshold` must be a finite number. Received: threshold='half'": lambda: kl.IoUScore(
        2, threshold="half"
    ),
    "`ignore_class` must be None or an integer. Received: ignore_class=0.5": lambda: kl.IoUScore(
        2, ignore_class=0.5
    ),
    "`target_class_ids` must be None or hold some of [0, 1], once each. Received: target_class_ids=[2]": (
        lambda: kl.IoUScore(2, target_class_ids=[2])
    ),
    "hold some of [1], once each. Received: target_class_ids=[0]": lambda: kl.IoUScore(
        2, target_class_ids=[0], ignore_class=0
    ),
    "hold some of [0, 1], once each. Received: target_class_ids=[]": lambda: kl.IoUScore(
        2, target_class_ids=[]
    ),
    "`class_axis` must not be the axis of the batch. Received: class_axis=0": lambda: kl.IoUScore(
        2, class_axis=0
    ).update_state(*PAIR),
    "`class_axis` must lie in [-3, 3) for y_pred of rank 3. Received: class_axis=3": lambda: kl.IoUScore(
        2, class_axis=3
    ).update_state(*PAIR),
    "`y_true` must come with a y_pred that has 3 numbers in axis -1 in DiceScore. Received: y_true.shape=(1, 2), "
    "y_pred.shape=(1, 2, 2)": lambda: kl.DiceScore(3).update_state(*PAIR),
    "`y_true` must hold a class index or a one-hot row of 2 numbers for each pixel in IoUScore. Received: "
    "y_true.shape=(1, 1), y_pred.shape=(1, 2, 2)": lambda: kl.IoUScore(2).update_state([[0]], PAIR[1]),
    "`y_true` must have the shape of y_pred in IoUScore. Received: y_true.shape=(1, 2), y_pred.shape=(1, 2, 2)": (
        lambda: kl.IoUScore(2, threshold=0.5).update_state(*PAIR)
    ),
    "`y_true` must hold class indices in [0, 2) in IoUScore. Received: y_true=2 at (0, 1)": lambda: (
        kl.IoUScore(2).update_state([[0, 2]], PAIR[1])
    ),
    "`y_true` must hold class indices in [0, 2) in IoUScore. Received: y_true=255 at (0, 1, 0)": (
        lambda: kl.IoUScore(2, threshold=0.5).update_state([[[0, 1], [255, 0]]], PAIR[1])
    ),
    "`y_pred` must hold class indices in [0, 2) in IoUScore. Received: y_pred=3 at (0, 1)": lambda: (
        kl.IoUScore(2).update_state([[0, 1]], [[0, 3]])
    ),
    "`sample_weight` must have the shape of the loss, (1, 2), or its first axes. Received: "
    "sample_weight.shape=(3,)": lambda: kl.IoUScore(2).update_state(*PAIR, [1.0, 2.0, 3.0]),
    "`y_pred` must hold numbers in IoUScore": lambda: kl.IoUScore(2).update_state([[0, 1]], [["a", "b"]]),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_bad_input_is_named(message):
    with raises(message):
        MISTAKES[message]()


def test_one_hot_rows_of_integers_are_not_read_as_class_indices():
    rows = np.eye(3, dtype="int32")[np.arange(8).reshape(2, 4) % 3]
    with pytest.raises(
        ValueError, match="`y_pred` must hold class indices, or one-hot rows of floats, in IoUScore"
    ):
        kl.IoUScore(3).update_state(rows, rows)
    metric = kl.IoUScore(3)
    metric.update_state(rows, rows.astype("float32"))
    assert float(metric.result()) == 1.0
