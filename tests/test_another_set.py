"""Losses over pairs whose anchors are compared with another set: values, gradients of both sets, and `fit`."""

import dataclasses
import re

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.core.kinds.embedding_pairs import small
from keraslosses.losses.pair_loss import PairLoss
from keraslosses.portability.gradients import BACKEND, MODES, value_and_gradient
from keraslosses.reference import REFERENCES

# JAX compiles each for long.
pytestmark = pytest.mark.deep_on("jax")

NAMES = [name for name in REFERENCES if issubclass(getattr(kl, name), PairLoss)]
ANCHORS, OTHERS, DIM = 5, 7, 3
RNG = np.random.default_rng(3)
# Of both sets, the anchors first. One reference has no class, and the last anchor is alone.
LABELS = np.array([4, 4, 7, -1, 9, 4, 7, 4, -1, 7, 8, 4], "int32")
VECTORS = RNG.normal(size=(ANCHORS + OTHERS, DIM)).astype("float32")
each_loss = pytest.mark.parametrize("name", NAMES)


def two_sets(*sets):
    return dict(zip(("anchors", "references"), sets, strict=True))


def parts(rows):
    return two_sets(rows[:ANCHORS], rows[ANCHORS:])


def of_both(loss):
    """The loss as a function of both sets in one tensor, so that the gradient is that of both."""
    return lambda labels, vectors: loss(parts(labels), parts(vectors))


def reference(name):
    """The formula in the same form."""
    entry = REFERENCES[name]

    def formula(labels, vectors, **options):
        of_labels, of_vectors = parts(labels), parts(vectors)
        others = {"references": of_vectors["references"], "reference_labels": of_labels["references"]}
        return entry.formula(of_labels["anchors"], of_vectors["anchors"], **options, **others)

    return dataclasses.replace(entry, formula=formula)


def test_there_are_such_losses():
    assert {"Triplet", "NTXent", "SmoothAP"} < set(NAMES) and "LiftedStructure" not in NAMES


@each_loss
def test_values_and_gradients_of_both_sets(name):
    for options in REFERENCES[name].options[-2:]:
        loss = getattr(kl, name)(reference=True, reduction="none", **options)
        given = VECTORS.copy()
        given[[3, 8]] = np.nan  # They have no class.
        values, gradient = value_and_gradient(of_both(loss), LABELS, given)
        expected = reference(name).values(LABELS, VECTORS, options)
        assert np.count_nonzero(expected) >= 2
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
        slope = reference(name).gradient(LABELS, VECTORS, options, np.ones(ANCHORS))
        np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-5)
        assert np.abs(gradient[ANCHORS:]).max() > 0


@each_loss
def test_the_mean_is_over_the_anchors_that_count(name):
    loss = getattr(kl, name)(reference=True)
    counted, _ = REFERENCES[name].counting(LABELS[:ANCHORS], VECTORS, reference_labels=LABELS[ANCHORS:])
    values = reference(name).values(LABELS, VECTORS, loss.options)
    expected = values.sum() / counted[:ANCHORS].sum()
    np.testing.assert_allclose(float(of_both(loss)(LABELS, VECTORS)), expected, rtol=1e-5)


def test_the_function_takes_both_sets():
    given, others = parts(VECTORS), parts(LABELS)
    values = kl.nt_xent(
        others["anchors"],
        given["anchors"],
        references=given["references"],
        reference_labels=others["references"][:, None],
    )
    np.testing.assert_allclose(values, reference("NTXent").values(LABELS, VECTORS, {}), rtol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_sizes_that_are_not_known(mode):
    def loss(labels, vectors):
        return kl.triplet(
            labels[:ANCHORS],
            vectors[:ANCHORS],
            references=vectors[ANCHORS:],
            reference_labels=labels[ANCHORS:],
        )

    values, _ = value_and_gradient(loss, LABELS, VECTORS, mode=mode)
    np.testing.assert_allclose(values, reference("Triplet").values(LABELS, VECTORS, {}), rtol=1e-5)


def test_no_references():
    loss = kl.SmoothAP(reference=True)
    value, gradient = value_and_gradient(of_both(loss), LABELS[:ANCHORS], VECTORS[:ANCHORS])
    assert value == 0 and not gradient.any()


def test_weights_and_masks_of_both_sets():
    loss, weight = kl.MultiSimilarity(reference=True), np.array([1.0, 0.0, 2.0, 1.0, 1.0])
    labels, vectors = LABELS.copy(), parts(VECTORS)
    labels[[1, 6, 11]] = -1
    keep = labels[ANCHORS:] != -1
    vectors["references"] = masked(vectors["references"], keep)
    received = float(loss(parts(LABELS), vectors, weight))
    expected = float(loss(parts(labels), parts(VECTORS), np.array([1.0, 1.0, 2.0, 1.0, 1.0])))
    np.testing.assert_allclose(received, expected, rtol=1e-6)
    assert received != float(loss(parts(LABELS), parts(VECTORS), weight))


def test_chunks():
    plain, chunks = (kl.SupervisedContrastive(reference=True, chunk_size=size) for size in (None, 2))
    found = (value_and_gradient(of_both(loss), LABELS, VECTORS) for loss in (plain, chunks))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_labels_above_32_bits_are_compared_with_those_of_the_other_set():
    large = np.where(LABELS == -1, -1, LABELS.astype("int64") + 2**40)
    loss = kl.FastAP(reference=True)
    assert float(of_both(loss)(large, VECTORS)) == float(of_both(loss)(LABELS, VECTORS))


def test_half_precision():
    half = ops.cast(VECTORS, "bfloat16")
    loss = kl.SoftNearestNeighbors(reference=True)
    expected = of_both(loss)(LABELS, ops.cast(half, "float32"))
    np.testing.assert_allclose(float(of_both(loss)(LABELS, half)), float(expected), rtol=1e-6)


def test_a_sum_of_losses():
    one, other = kl.NTXent(reference=True), kl.Triplet(reference=True)
    expected = float(of_both(one)(LABELS, VECTORS)) + 2 * float(of_both(other)(LABELS, VECTORS))
    np.testing.assert_allclose(float(of_both(one + 2 * other)(LABELS, VECTORS)), expected, rtol=1e-6)


def test_fit_with_sets_of_two_sizes():
    queries, documents = keras.Input((DIM,), name="queries"), keras.Input((DIM,), name="documents")
    layer = keras.layers.Dense(2, kernel_initializer="ones")
    model = keras.Model([queries, documents], two_sets(layer(queries), layer(documents)))
    loss = kl.Triplet(reference=True, mining="hard")
    model.compile(keras.optimizers.SGD(0.0), loss=[loss])

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, place):
            return (VECTORS[:ANCHORS], VECTORS[ANCHORS:]), parts(LABELS)

    outputs = VECTORS.sum(axis=1, keepdims=True).repeat(2, axis=1)
    logged = model.fit(Batches(), verbose=0).history["loss"]
    np.testing.assert_allclose(logged, [float(of_both(loss)(LABELS, outputs))], rtol=1e-5)


def test_sample_weights_of_arrays_are_those_of_the_anchors():
    """Keras gives the same weights to each set."""
    anchors, references = keras.Input((DIM,)), keras.Input((DIM,))
    model = keras.Model([anchors, references], two_sets(anchors * 1.0, references * 1.0))
    loss = kl.NTXent(reference=True)
    model.compile(loss=[loss])
    sets, labels = parts(VECTORS[: 2 * ANCHORS]), parts(LABELS[: 2 * ANCHORS])
    weight = np.array([1, 2, 0.5, 3, 1], "float32")
    found = model.evaluate([*sets.values()], labels, sample_weight=weight, verbose=0)
    np.testing.assert_allclose(found, float(loss(labels, sets, weight)), rtol=1e-5)
    with pytest.raises(ValueError, match='`sample_weight` must be a dict with the keys "anchors"'):
        loss(labels, sets, two_sets(weight, weight) | {"more": weight})


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float32"])
def test_masked_references_have_no_class_whatever_the_dtype_of_the_labels(dtype):
    loss, seen = kl.SupervisedContrastive(reference=True), np.array([True, True, False])
    labels = two_sets(np.array([1, 2], dtype), np.array([1, 2, 3], dtype))
    vectors = two_sets(VECTORS[:2], masked(VECTORS[2:5], seen))
    expected = loss(two_sets(labels["anchors"], np.array([1, 2])), two_sets(VECTORS[:2], VECTORS[2:4]))
    np.testing.assert_allclose(float(loss(labels, vectors)), float(expected), rtol=1e-6)


def test_a_mask_leaves_labels_above_32_bits_as_they_are():
    loss = kl.SupervisedContrastive(reference=True)
    labels = two_sets(np.array([2**40, 1]), np.array([2**40, 1, 2]))
    vectors = two_sets(VECTORS[:2], masked(VECTORS[2:5], np.ones(3, "bool")))
    expected = loss(labels, two_sets(VECTORS[:2], VECTORS[2:5]))
    np.testing.assert_allclose(float(loss(labels, vectors)), float(expected), rtol=1e-6)


def test_unsigned_labels_stay_what_they_are_where_int64_does():
    """Those of another replica are compared with them."""
    (found,) = small(np.array([3_000_000_000, 7], "uint32"))
    assert found.tolist() == ([1, 0] if BACKEND == "jax" else [3_000_000_000, 7])


def test_config_keeps_the_arguments():
    loss = kl.NTXent(reference=True, across_replicas=True)
    again = kl.NTXent.from_config(loss.get_config())
    assert again.reference is True and again.across_replicas is True
    assert repr(again) == repr(loss) and "reference=True" in repr(loss)
    with pytest.raises(AttributeError, match="`reference` of a NTXent cannot be changed"):
        loss.reference = False


GIVEN = {"references": VECTORS[ANCHORS:], "reference_labels": LABELS[ANCHORS:]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"references": None}, "must be given together in nt_xent. Received: references=None"),
        ({"reference_labels": None}, "Received: reference_labels=None"),
        (
            {"references": VECTORS[ANCHORS:, :2]},
            "with the dim of the anchors. Received: references.shape=(7, 2)",
        ),
        ({"references": VECTORS[0]}, "`references` must have the shape (n, dim)"),
        (
            {"reference_labels": LABELS[:3]},
            "one class for each reference in nt_xent. Received: reference_labels",
        ),
        (
            {"reference_labels": LABELS[ANCHORS:] + 0.5},
            "`reference_labels` must hold whole numbers in nt_xent",
        ),
    ],
)
def test_wrong_sets(changed, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        kl.nt_xent(LABELS[:ANCHORS], VECTORS[:ANCHORS], **{**GIVEN, **changed})


@pytest.mark.deep_on("torch")  # It compiles it for long.
def test_labels_that_are_not_whole_in_compiled_code():
    labels = np.where(np.arange(ANCHORS + OTHERS) == 9, 7.5, LABELS).astype("float32")
    values, _ = value_and_gradient(
        of_both(kl.NTXent(reference=True, reduction="none")), labels, VECTORS, mode=MODES[-1]
    )
    assert np.isnan(values[[0, 1, 2]]).all()


@pytest.mark.parametrize("given", [VECTORS, {"references": VECTORS}, {**parts(VECTORS), "more": VECTORS}])
def test_no_such_dict(given):
    with pytest.raises(ValueError, match='`y_pred` must be a dict with the keys "anchors" and "references"'):
        kl.Triplet(reference=True)(parts(LABELS), given)


def test_a_dict_where_the_loss_expects_none():
    for labels, vectors in ((LABELS, parts(VECTORS)), (parts(LABELS), VECTORS)):
        with pytest.raises(ValueError, match="`reference` must be True in Triplet for two sets"):
            kl.Triplet()(labels, vectors)


def test_outputs_of_layers():
    sets = two_sets(keras.Input((DIM,)), keras.Input((DIM,)))
    with pytest.raises(ValueError, match="use the function of the loss, with `references=`"):
        kl.NTXent(reference=True)(parts(LABELS), sets)


def test_the_option_is_checked():
    with pytest.raises(ValueError, match="`reference` must be True or False"):
        kl.Triplet(reference=1)
