"""What all losses over the pairs of a batch share: rows that take no part, views, and exact distances."""

import re

import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses
import keraslosses as kl
from keraslosses import addons
from keraslosses.losses.pair_distances import DISTANCES
from keraslosses.portability.gradients import BACKEND, HARD_MODES, value_and_gradient
from keraslosses.reference import REFERENCES, kinds

KINDS = kinds.EMBEDDING_PAIRS, kinds.UNIT_EMBEDDING_PAIRS
NAMES = [name for name, entry in REFERENCES.items() if entry.kind in KINDS]
RNG = np.random.default_rng(11)
LABELS = np.array([4, 7, 4, 7, 4, 9, 7, 9], "int32")
VECTORS = RNG.normal(size=(8, 3)).astype("float32")
OUT = np.array([2, 5])
IN = np.delete(np.arange(8), OUT)
NOT_A_NUMBER = VECTORS.copy()
NOT_A_NUMBER[OUT] = np.nan


def each_loss(test):
    """JAX compiles each of them for long, and what they look at is the same on all backends."""
    return pytest.mark.deep_in_turn("jax", "tensorflow")(pytest.mark.parametrize("name", NAMES)(test))


def without_rows(name):
    """Value and gradient of the batch without the rows that are out."""
    loss = getattr(keraslosses, name)()
    return value_and_gradient(loss, LABELS[IN], VECTORS[IN])


def with_rows_out(name, way):
    """Value and gradient of the whole batch, if the rows that are out hold NaN."""
    loss, kept = getattr(keraslosses, name)(), ~np.isin(np.arange(8), OUT)
    if way == "label":
        return value_and_gradient(loss, np.where(kept, LABELS, -1), NOT_A_NUMBER)
    weight = ops.convert_to_tensor(kept.astype("float32"))
    return value_and_gradient(lambda y, x: loss(y, x, weight), LABELS, NOT_A_NUMBER)


@each_loss
@pytest.mark.parametrize("way", ["label", "weight"])
def test_rows_that_take_no_part_reach_no_other(name, way):
    value, gradient = with_rows_out(name, way)
    expected, slope = without_rows(name)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient[IN], slope, rtol=1e-4, atol=1e-6)
    assert np.all(gradient[OUT] == 0)


@each_loss
def test_masked_rows_reach_no_other(name):
    kept = ~np.isin(np.arange(8), OUT)
    value = getattr(keraslosses, name)()(LABELS, masked(NOT_A_NUMBER, kept))
    np.testing.assert_allclose(ops.convert_to_numpy(value), without_rows(name)[0], rtol=1e-5)


@each_loss
def test_other_weights_multiply_the_value_of_the_anchor(name):
    weight = np.linspace(0.5, 2, 8, dtype="float32")
    loss = getattr(keraslosses, name)(reduction="none")
    values = ops.convert_to_numpy(loss(LABELS, ops.convert_to_tensor(VECTORS)))
    received = ops.convert_to_numpy(loss(LABELS, ops.convert_to_tensor(VECTORS), weight))
    np.testing.assert_allclose(received, values * weight, rtol=1e-6)


@each_loss
def test_views_are_rows_of_the_label_of_their_sample(name):
    loss = getattr(keraslosses, name)(reduction="none")
    labels = LABELS[:4, None]
    of_views = loss(labels, ops.convert_to_tensor(VECTORS.reshape(4, 2, 3)), np.ones(4, "float32"))
    of_rows = loss(np.repeat(labels, 2), ops.convert_to_tensor(VECTORS))
    assert of_views.shape == (4, 2)
    np.testing.assert_allclose(ops.convert_to_numpy(of_views).reshape(-1), of_rows, rtol=1e-6)


# Two towers

TWO = RNG.normal(size=(8, 2, 3)).astype("float32")
TOWERS = [name for name, entry in REFERENCES.items() if entry.kind in (kinds.TOWERS, kinds.UNLABELED_TOWERS)]


@pytest.mark.deep_on("jax")
@pytest.mark.parametrize("name", TOWERS)
def test_samples_of_two_towers_that_take_no_part_reach_no_other(name):
    loss, kept = getattr(keraslosses, name)(), ~np.isin(np.arange(8), OUT)
    with_nan = np.where(kept[:, None, None], TWO, np.nan).astype("float32")
    expected, slope = value_and_gradient(loss, LABELS[IN], TWO[IN])
    weight = ops.convert_to_tensor(kept.astype("float32"))
    value, gradient = value_and_gradient(lambda y, x: loss(y, x, weight), LABELS, with_nan)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient[IN], slope, rtol=1e-4, atol=1e-6)
    assert np.all(gradient[OUT] == 0)
    one_hidden = np.stack([kept, np.ones(8, bool)], axis=1)
    for mask in (kept, one_hidden):
        value = loss(LABELS, masked(with_nan, mask))
        np.testing.assert_allclose(ops.convert_to_numpy(value), expected, rtol=1e-5)


def test_labels_of_two_towers_are_read_by_n_pairs_alone():
    out = np.where(np.arange(8) < 6, LABELS, -1)
    same = keraslosses.InfoNCE()(LABELS, ops.convert_to_tensor(TWO))
    assert float(keraslosses.InfoNCE()(out, ops.convert_to_tensor(TWO))) == float(same)
    values = keraslosses.NPairs(reduction="none")(out, ops.convert_to_tensor(TWO))
    assert np.all(ops.convert_to_numpy(values)[6:] == 0)


@pytest.mark.parametrize(
    ("loss", "vectors", "said"),
    [
        (keraslosses.NPairs(), VECTORS, "the shape (batch, 2, dim) in n_pairs"),
        (keraslosses.InfoNCE(), VECTORS[:, None], "Received: y_pred.shape=(8, 1, 3)"),
        (keraslosses.InfoNCE(negatives=True), TWO, "the shape (batch, 2 + negatives, dim) in info_nce"),
    ],
)
def test_two_vectors_for_each_sample_are_needed(loss, vectors, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        loss(LABELS, vectors)


@pytest.mark.parametrize("name", TOWERS)
def test_a_row_of_y_true_for_each_sample_is_needed(name):
    with pytest.raises(ValueError, match=r"`y_true` must hold one (class|row) for each sample of y_pred"):
        getattr(keraslosses, name)()(LABELS[:3], TWO)


# Each row with all others


@each_loss
def test_a_label_for_each_row_is_needed(name):
    said = "`y_true` must hold one class for each row of a y_pred with two or three axes"
    for labels, vectors in ((LABELS[:3], VECTORS), (LABELS, VECTORS[:, 0])):
        with pytest.raises(ValueError, match=said):
            getattr(keraslosses, name)()(labels, vectors)


@pytest.mark.deep_on("jax", "tensorflow")
@pytest.mark.parametrize("name", [*NAMES, *TOWERS])
def test_an_empty_batch_costs_nothing(name):
    """Also in TensorFlow's graphs, where the size of the batch is not known."""
    reference = REFERENCES[name]
    for options in reference.options:
        y_true, y_pred = (part[:0] for part in reference.inputs(options))
        for mode in ("eager", "unknown batch") if BACKEND == "tensorflow" else ("eager",):
            loss = getattr(keraslosses, name)(**options)
            value, gradient = value_and_gradient(loss, y_true, y_pred, mode=mode)
            assert value == 0 and gradient.shape == y_pred.shape


@pytest.mark.parametrize("distance", DISTANCES)
def test_distances_of_near_rows_keep_their_digits(distance):
    """Rows at distances of 1e-5 to 1 of the second one, far from the first one and from 0."""
    steps = 10.0 ** -np.arange(6)
    rows = np.array([[-7.0, 9.0], [10.0, 0.0], *([10.0, step] for step in steps), [10.0, 0.0]], "float32")
    a, b = rows[1:2].astype("float64"), rows.astype("float64")
    squares = np.sum((a - b) ** 2, axis=1)
    lengths = np.linalg.norm(a) * np.linalg.norm(b, axis=1)
    sine = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / lengths
    expected = {
        "squared_euclidean": squares,
        "euclidean": np.sqrt(squares),
        "cosine": np.where(b[:, 0] < 0, 1 + np.sqrt(1 - sine**2), sine**2 / (1 + np.sqrt(1 - sine**2))),
    }[distance]
    found = ops.convert_to_numpy(DISTANCES[distance](*map(ops.convert_to_tensor, (rows[1:2], rows))))[0]
    # Rounding of the units themselves moves a cosine distance by its root times 6e-8.
    slack = 1e-6 if distance != "cosine" else 1e-6 + 1e-7 / np.maximum(np.sqrt(expected), 1e-7)
    assert np.all(np.abs(found - expected) <= slack * expected + 1e-20)


def test_a_row_of_zeros_has_the_cosine_0_with_every_row():
    rows = ops.convert_to_tensor(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]], "float32"))
    found = ops.convert_to_numpy(DISTANCES["cosine"](rows, rows))
    np.testing.assert_allclose(found, [[1, 1, 1], [1, 0, 1], [1, 1, 1]], atol=1e-7)


def test_a_triplet_just_at_the_margin_is_not_above_0():
    """The first anchor costs 0: the mean is over the one triplet of the second anchor."""
    line = ops.convert_to_tensor([[0.0], [1.0], [2.0]])
    assert float(keraslosses.Triplet(mining="all")([5, 5, 6], line)) == 1.0


def test_a_negative_as_far_as_the_positive_is_not_farther():
    """So the semi-hard negative of the first anchor is the next one, at a distance of 1.5."""
    line = ops.convert_to_tensor([[0.0], [1.0], [-1.0], [1.5]])
    loss = keraslosses.Triplet(reduction="none")
    assert float(loss([5, 5, 6, 6], line)[0]) == 0.5


# Found by reading


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize(
    "loss",
    [
        *(kl.Triplet(mining=mining) for mining in ("semihard", "hard", "all", "easy_positive")),
        kl.MultiSimilarity(),
        addons.TripletSemiHardLoss(),
        addons.TripletHardLoss(),
    ],
    ids=["semihard", "hard", "all", "easy positive", "MultiSimilarity", "of addons", "hard of addons"],
)
def test_no_compiler_hides_a_nan(loss, mode):
    """Of a row that has no positive."""
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    x[5, 1] = np.nan
    assert np.isnan(value_and_gradient(loss, np.array([0, 0, 1, 1, 0, 2]), x, mode=mode)[0])


def test_large_labels_are_not_cut():
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    loss = kl.SupervisedContrastive()
    expected = float(loss(np.array([0, 0, 1, 1, 2, 2]), x))
    for large in (2**32, 2**32 - 1, 2**40):
        for labels in (np.array([0, 0, 1, 1, large, large]), [0, 0, 1, 1, large, large]):
            assert float(loss(labels, x)) == pytest.approx(expected, rel=1e-6)
    ignored = float(loss(np.array([0, 0, 1, 1, -1, -1]), x))
    assert float(loss(np.array([2**40, 2**40, 1, 1, -1, -1]), x)) == pytest.approx(ignored, rel=1e-6)
    assert float(loss(np.array([0, 0, 1, 1, 2.0**24, 2.0**24 + 1]), x)) != pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("wrong", [np.nan, 0.5])
def test_a_label_that_is_no_whole_number_raises_or_is_nan(wrong):
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    labels = np.array([0, 0, 1, 1, 0, wrong], "float32")
    with pytest.raises(ValueError, match="`y_true` must hold whole numbers in triplet"):
        kl.Triplet()(labels, x)
    for mode in HARD_MODES:
        if mode != "eager":
            assert np.isnan(value_and_gradient(kl.Triplet(), labels, x, mode=mode)[0])


def test_a_first_row_of_weight_0_takes_no_digits_from_the_gradient():
    x = (1000 + 0.01 * np.random.default_rng(0).normal(size=(7, 4))).astype("float32")
    labels, weight = np.array([0, 0, 1, 1, 0, 2, 2]), np.array([0.0, 1, 1, 1, 1, 1, 1])
    loss = kl.PairContrastive(reduction="sum")
    _, without = value_and_gradient(loss, labels[1:], x[1:])
    _, found = value_and_gradient(lambda t, p: loss(t, p, weight), labels, x)
    np.testing.assert_allclose(found[1:], without, rtol=1e-4, atol=1e-6)


ALL_DIFFER = "but the labels of this batch all differ. keraslosses.BalancedBatches makes"


@pytest.mark.parametrize("labels", [[0, 1, 2], np.array([[5], [0], [-1]]), ops.convert_to_tensor([2, 1, 0])])
def test_a_batch_of_labels_that_all_differ_is_warned_of(labels):
    with pytest.warns(UserWarning, match=f"triplet needs samples of the same class, {ALL_DIFFER}"):
        kl.Triplet()(labels, VECTORS[:3])


@pytest.mark.filterwarnings(f"error:.*{ALL_DIFFER}")
def test_a_loss_that_learns_from_negatives_alone_does_not_warn():
    for loss in (kl.PairContrastive(negative_margin=9.0), addons.TripletHardLoss(margin=3.0)):
        assert float(loss(np.arange(3), VECTORS[:3])) > 0


@pytest.mark.filterwarnings(f"error:.*{ALL_DIFFER}")
def test_other_batches_are_not_warned_of():
    kl.Triplet()([0, 1, 0], VECTORS[:3])
    kl.Triplet()([-1, 1, -1], VECTORS[:3])
    kl.Triplet()([1], VECTORS[:1])
    kl.NTXent()([0, 1], VECTORS[:4].reshape(2, 2, 3))
