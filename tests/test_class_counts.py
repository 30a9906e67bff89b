"""Class counts of arrays and datasets, and the weights that follow from them."""

import re

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.utils import compute_class_weight

import keraslosses as kl
from keraslosses.portability.gradients import BACKEND

RNG = np.random.default_rng(11)
X = RNG.normal(size=(23, 3)).astype("float32")
LABELS = RNG.choice(4, 23, p=[0.6, 0.2, 0.15, 0.05])
COUNTS = [LABELS.tolist().count(c) for c in range(4)]
SEVERAL = RNG.integers(0, 2, (23, 4))


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


class InBatches(keras.utils.PyDataset):
    def __init__(self, *arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return tuple(array[index * 5 : index * 5 + 5] for array in self.arrays)


class WithoutEnd(InBatches):
    __len__ = None

    @property
    def num_batches(self):
        return None


def dataset(*arrays):
    """The arrays in batches of five, as a dataset of the running backend."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(arrays).batch(5)
    if BACKEND == "torch":
        import torch

        tensors = (torch.from_numpy(array) for array in arrays)
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), batch_size=5)
    return InBatches(*arrays)


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        LABELS.tolist(),
        LABELS[:, None],
        LABELS.astype("float32"),
        ops.convert_to_tensor(LABELS),
        np.eye(4)[LABELS],
        dataset(X, LABELS),
        dataset(X, np.eye(4, dtype="float32")[LABELS]),
        dataset(X, LABELS[:, None], np.ones(23)),
        InBatches(X, LABELS),
        [*map(np.array, [LABELS])],
        (LABELS[i : i + 5] for i in range(0, 23, 5)),
    ],
)
def test_each_form_of_labels_has_the_same_counts(labels):
    counts = kl.class_counts(labels, 4)
    assert counts.dtype.kind == "i" and counts.tolist() == COUNTS


def test_rows_with_several_ones_count_each_output():
    assert kl.class_counts(SEVERAL, 4).tolist() == SEVERAL.sum(0).tolist()
    assert kl.class_counts(dataset(X, SEVERAL), 4).tolist() == SEVERAL.sum(0).tolist()


def test_ignored_labels_are_not_counted():
    assert kl.class_counts([[0, 255, 1], [255, 1, 1]], 2, ignore_class=255).tolist() == [1, 3]
    assert kl.class_counts([[0.0, -1.0], [1.0, -1.0]], 2, ignore_class=-1).tolist() == [1, 0]


@pytest.mark.parametrize("scheme", ["balanced", "effective_number", "inverse_sqrt"])
def test_weights_have_mean_one_over_the_classes_that_occur(scheme):
    weights = kl.weights_from_counts([40, 0, 4, 1], scheme, absent=7.0)
    assert weights[1] == 7.0
    np.testing.assert_allclose(weights[[0, 2, 3]].mean(), 1.0)
    assert weights[0] < weights[2] < weights[3]


def test_weights_are_those_of_scikit_learn_and_of_the_paper():
    theirs = compute_class_weight("balanced", classes=np.arange(4), y=LABELS)
    np.testing.assert_allclose(kl.weights_from_counts(COUNTS), theirs / theirs.mean())
    paper = np.array([(1 - 0.9) / (1 - 0.9**n) for n in COUNTS])
    found = kl.weights_from_counts(COUNTS, "effective_number", beta=0.9)
    np.testing.assert_allclose(found, paper / paper.mean())


def test_effective_numbers_go_from_equal_weights_to_balanced_ones():
    nearly = kl.weights_from_counts(COUNTS, "effective_number", beta=1 - 1e-12)
    np.testing.assert_allclose(nearly, kl.weights_from_counts(COUNTS), rtol=1e-9)
    np.testing.assert_allclose(kl.weights_from_counts(COUNTS, "effective_number", beta=1e-12), 1.0)


def test_positive_weights_are_negatives_for_each_positive():
    np.testing.assert_allclose(kl.positive_weights([2, 0], total=[10, 4], absent=3.0), [4.0, 3.0])


def test_the_weights_are_options_as_they_are():
    weights = kl.weights_from_counts(COUNTS)
    loss = kl.SparseCategoricalCrossentropy(class_weights=weights)
    assert type(loss).from_config(loss.get_config()).class_weights == weights.tolist()
    kl.BinaryCrossentropy(pos_weight=kl.positive_weights(COUNTS, 23))(np.eye(4), np.full((4, 4), 0.5))


def of_dicts():
    yield {"x": X, "y": LABELS}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.class_counts([0, 4], 4), "`labels` must hold class indices in [0, 4) in class_counts."),
        (lambda: kl.class_counts([0, -1], 4), "Received: labels=-1 at (1,)."),
        (lambda: kl.class_counts([[0.0, 0.5]], 2), "`labels` must hold 0 and 1 if the last axis has size"),
        (lambda: kl.class_counts(["cat"], 2), "`labels` must hold numbers"),
        (lambda: kl.class_counts(iter([(X, X, X, X)]), 2), "Received: a batch of type tuple with 4 parts."),
        (lambda: kl.class_counts(of_dicts(), 2), "Received: a batch of type dict with 2 parts."),
        (lambda: kl.class_counts(iter([(X, {"a": LABELS})]), 2), "with one array y, or labels alone."),
        (lambda: kl.class_counts(zip(X, np.eye(4)[LABELS], strict=True), 4), "Make batches of the dataset"),
        (lambda: kl.class_counts(WithoutEnd(X), 4), "`labels` must have an end"),
        (lambda: kl.class_counts(5, 4), "`labels` must be labels, or a dataset that gives them in batches"),
        (lambda: kl.class_counts([0], 0), "`num_classes` must be a positive integer"),
        (lambda: kl.class_counts([0], 2, ignore_class=0.5), "`ignore_class` must be None or an integer"),
        (lambda: kl.weights_from_counts([1, 0]), "Received: class 1 with count 0, absent=None"),
        (lambda: kl.weights_from_counts([1, 0], absent=-1.0), "`absent` must be a number of at least 0"),
        (lambda: kl.weights_from_counts([1, -1]), "`counts` must be a sequence of numbers of at least 0"),
        (lambda: kl.weights_from_counts([0, 0], absent=1.0), "and not all 0"),
        (lambda: kl.weights_from_counts([1], "balance"), "Did you mean 'balanced'?"),
        (lambda: kl.weights_from_counts([1], beta=1.0), "`beta` must lie strictly between 0 and 1"),
        (lambda: kl.positive_weights([3, 5], total=4), "`total` must be the number of samples"),
        (lambda: kl.positive_weights([3, 5], total=[9, 9, 9]), "`total` must be the number of samples"),
        (lambda: kl.positive_weights([3, 0], total=4), "Received: class 1 with count 0"),
    ],
)
def test_what_cannot_be_counted_raises(call, message):
    with raises(message):
        call()


def test_a_dataset_that_repeats_raises():
    class Repeating:
        def cardinality(self):
            return np.int64(-1)

    with raises("Received: a dataset that repeats without an end"):
        kl.class_counts(dataset(X, LABELS).repeat() if BACKEND == "tensorflow" else Repeating(), 4)
