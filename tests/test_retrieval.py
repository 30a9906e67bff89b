"""Metrics over a set of embeddings, and the callback and the batches that go with them."""

import re
import tracemalloc
from itertools import permutations
from pathlib import Path

import keras
import numpy as np
import pytest
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.metrics import roc_curve

import keraslosses as kl
from keraslosses.metrics import embedding_set

# They are computed on the host: only reading the tensors depends on the backend.
pytestmark = pytest.mark.deep_on("jax", "tensorflow")

RETRIEVAL = {
    "recall_at_1": lambda: kl.RecallAtK(1),
    "recall_at_3": lambda: kl.RecallAtK(3),
    "precision_at_1": kl.PrecisionAtOne,
    "r_precision": kl.RPrecision,
    "map_at_r": kl.MeanAveragePrecisionAtR,
}
VERIFICATION = {
    "equal_error_rate": kl.EqualErrorRate,
    "true_accept_at_false_accept": lambda **kwargs: kl.TrueAcceptAtFalseAccept(0.1, **kwargs),
}


def embeddings(count=60, classes=5, seed=0, noise=0.8):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    return labels, (rng.normal(size=(classes, 8))[labels] + noise * rng.normal(size=(count, 8))).astype(
        "float32"
    )


def value(metric, labels, vectors, weight=None, references=None):
    for part in (slice(0, 1), slice(1, 20), slice(20, None)):  # As batches, of which one may be empty.
        weights = None if weight is None else weight[part]
        metric.update_state(labels[part], vectors[part], weights)
    if references is not None:
        metric.update_references(*references)
    return float(metric.result())


@pytest.mark.parametrize("references", [None, embeddings(40, seed=1)], ids=["same set", "another set"])
def test_as_pytorch_metric_learning(references):
    labels, vectors = embeddings()
    calculator = AccuracyCalculator(
        include=("precision_at_1", "r_precision", "mean_average_precision_at_r"),
        knn_func=CustomKNN(CosineSimilarity()),
        k="max_bin_count",
    )
    others = {} if references is None else {"reference": references[1], "reference_labels": references[0]}
    expected = calculator.get_accuracy(vectors, labels, **others)
    for name, theirs in (
        ("precision_at_1",) * 2,
        ("r_precision",) * 2,
        ("map_at_r", "mean_average_precision_at_r"),
    ):
        assert value(RETRIEVAL[name](), labels, vectors, references=references) == pytest.approx(
            expected[theirs], abs=1e-6
        )


def of_one_order(name, alike):
    """The metric of a query whose references have been put in an order."""
    relevant = alike.sum()
    if name.startswith("recall"):
        return float(alike[: int(name[-1])].any())
    if name == "precision_at_1":
        return float(alike[0])
    hits = alike[:relevant]
    if name == "r_precision":
        return hits.mean()
    return (hits * np.cumsum(hits) / np.arange(1, relevant + 1)).sum() / relevant


@pytest.mark.parametrize("name", RETRIEVAL)
def test_equal_distances_count_by_the_mean_over_their_orders(name):
    labels = np.array([0, 0, 0, 1, 1, 0])
    vectors = np.array([[1, 0], [1, 1], [1, 1], [1, 1], [1, 1], [0, 1]], "float32")
    expected = []
    for query in range(6):
        rest = np.delete(np.arange(6), query)
        score = np.round(vectors[rest] @ vectors[query] / np.linalg.norm(vectors[rest], axis=1), 5)
        orders = [o for o in map(list, permutations(range(5))) if (np.diff(score[o]) <= 0).all()]
        expected.append(np.mean([of_one_order(name, (labels[rest] == labels[query])[o]) for o in orders]))
    assert value(RETRIEVAL[name](), labels, vectors) == pytest.approx(np.mean(expected), abs=1e-6)


def pairs(labels, vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    above = np.triu_indices(len(labels), 1)
    return (labels[:, None] == labels)[above], (unit @ unit.T)[above]


def expected_of_curve(alike, scores):
    """Equal error rate and true accepts, from the ROC curve of scikit-learn."""
    false, true, _ = roc_curve(alike, scores, drop_intermediate=False)
    at = np.linspace(0, 1, 200_001)
    miss = 1 - np.interp(at, false, true)
    crossing = at[np.argmin(np.abs(miss - at))]
    return crossing, true[false <= 0.1].max()


def test_the_pairs_of_a_set_as_scikit_learn():
    labels, vectors = embeddings(80, noise=1.5)
    expected = expected_of_curve(*pairs(labels, vectors))
    found = [value(made(), labels, vectors) for made in VERIFICATION.values()]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_given_scores_with_ties_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    alike = rng.integers(0, 2, 300)
    scores = np.round(rng.normal(size=300) + alike, seed)  # With many ties, with some, with few.
    expected = expected_of_curve(alike, scores)
    found = [value(made(from_scores=True), alike, scores) for made in VERIFICATION.values()]
    if seed == 0:  # A vertical part of the curve: np.interp takes one of its ends.
        found, expected = found[1:], expected[1:]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_equal_error_rate_lies_on_the_line_between_two_points():
    metric = kl.EqualErrorRate(from_scores=True)
    # Points (0, 0), (0.5, 0.75), (1, 1): on the line from the first to the second, x = 1 - 1.5 x.
    assert value(metric, np.array([1, 1, 1, 0, 1, 0]), np.array([2.0, 2, 2, 2, 1, 1])) == pytest.approx(0.4)


def test_scores_that_a_float32_cannot_tell_apart():
    metric = kl.EqualErrorRate(from_scores=True)
    assert value(metric, np.array([1, 0]), np.array([1.0 + 1e-12, 1.0])) == 0.0
    infinite = kl.EqualErrorRate(from_scores=True)
    assert value(infinite, np.array([1, 0]), np.array([np.inf, -np.inf])) == 0.0


@pytest.mark.parametrize(("seed", "far"), [(194, 0.6), (0, 0.7), (1, 0.3)])
def test_one_weight_for_all_changes_nothing(seed, far):
    """The sums of these weights round differently in another order."""
    rng = np.random.default_rng(seed)
    scores, alike = np.round(rng.uniform(size=20), 2), np.repeat([0, 1], 10)
    expected = value(kl.TrueAcceptAtFalseAccept(far, from_scores=True), alike, scores)
    for weight in (0.1, 0.3, 0.7, 1 / 3):
        metric = kl.TrueAcceptAtFalseAccept(far, from_scores=True)
        assert value(metric, alike, scores, np.full(20, weight)) == pytest.approx(expected, abs=1e-6)


def test_small_angles_and_far_sets_keep_their_order():
    angles = np.array([0, 1e-4, 2.2e-4, 2.4e-4])
    assert value(kl.PrecisionAtOne(), np.array([0, 0, 1, 1]), np.stack([np.ones(4), angles], 1)) == 1.0
    far = 1e6 + np.array([[0, 0], [1e-3, 0], [3e-3, 0], [4e-3, 0]])
    assert value(kl.PrecisionAtOne("euclidean"), np.array([0, 0, 1, 1]), far) == 1.0
    assert np.isnan(value(kl.PrecisionAtOne("euclidean"), np.array([0, 0, 1, 1]), 1e200 * far))


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_blocks_and_their_size_change_nothing(name, monkeypatch):
    labels, vectors = embeddings()
    made = (RETRIEVAL | VERIFICATION)[name]
    whole = value(made(), labels, vectors)
    monkeypatch.setattr(embedding_set, "PAIRS", 7 * 60)
    assert value(made(), labels, vectors) == pytest.approx(whole, abs=1e-7)


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_no_array_holds_all_pairs(name, monkeypatch):
    monkeypatch.setattr(embedding_set, "PAIRS", 2**15)
    labels, vectors = embeddings(3000)
    metric = (RETRIEVAL | VERIFICATION)[name]()
    metric.update_state(labels, vectors)
    tracemalloc.start()
    metric.result()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3000**2  # Less than one byte for each pair.


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_rows_of_weight_0_and_of_label_minus_1_are_not_there(name):
    made = (RETRIEVAL | VERIFICATION)[name]
    labels, vectors = embeddings()
    expected = value(made(), labels[5:], vectors[5:])
    weight = np.ones(60)
    weight[:5], broken = 0, vectors.copy()
    broken[:5] = np.nan
    assert value(made(), labels, broken, weight) == pytest.approx(expected, abs=1e-7)
    unlabelled = np.where(np.arange(60) < 5, -1, labels)
    assert value(made(), unlabelled, broken) == pytest.approx(expected, abs=1e-7)
    assert np.isnan(value(made(), labels, broken))


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_a_weight_is_that_many_rows(name):
    """Of queries against another set: there, a repeated row does not find itself."""
    made = (RETRIEVAL | VERIFICATION)[name]
    labels, vectors = embeddings(20)
    references = embeddings(30, seed=1)
    weight = np.arange(20) % 3
    repeated = np.repeat(np.arange(20), weight)
    expected = value(made(), labels[repeated], vectors[repeated], references=references)
    assert value(made(), labels, vectors, 1.0 * weight, references) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_without_anything_to_compare_the_result_is_nan(name):
    made = (RETRIEVAL | VERIFICATION)[name]
    vectors = np.eye(3, dtype="float32")
    assert np.isnan(float(made().result()))
    assert np.isnan(value(made(), np.array([0]), vectors[:1]))
    assert np.isnan(value(made(), np.array([0, 1, 2]), vectors))
    metric = made()
    value(metric, *embeddings())
    metric.reset_state()
    assert np.isnan(float(metric.result()))


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_euclidean_distances_see_the_length(name):
    made = (RETRIEVAL | VERIFICATION)[name]
    labels, vectors = embeddings()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    config = made().get_config() | {"distance": "euclidean"}
    euclidean = type(made()).from_config
    assert value(euclidean(config), labels, unit) == pytest.approx(value(made(), labels, vectors), abs=2e-3)
    far = np.where(labels[:, None] == 0, 1e3, 1.0) * unit
    assert value(euclidean(config), labels, far) != pytest.approx(value(made(), labels, far), abs=1e-3)


@pytest.mark.parametrize("name", RETRIEVAL | VERIFICATION)
def test_saved_and_made_again(name):
    metric = (RETRIEVAL | VERIFICATION)[name]()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()


def test_half_precision_and_lists_are_read():
    labels, vectors = embeddings()
    half = keras.ops.cast(keras.ops.convert_to_tensor(vectors), "bfloat16")
    assert value(kl.RecallAtK(1), labels, half) == pytest.approx(
        value(kl.RecallAtK(1), labels, vectors), abs=0.05
    )
    metric = kl.RecallAtK(1)
    metric.update_state([[0], [0]], [[1.0, 0.0], [1.0, 0.1]])
    assert float(metric.result()) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kl.RecallAtK(0), "`k` must be a positive integer"),
        (lambda: kl.RPrecision("L2"), "`distance` must be"),
        (lambda: kl.TrueAcceptAtFalseAccept(1.5), "`far` must lie between 0 and 1"),
        (
            lambda: kl.RecallAtK(1).update_state([0.5], [[1.0]]),
            "`y_true` must hold integer labels in RecallAtK",
        ),
        (lambda: kl.RecallAtK(1).update_state([0, 1], [[1.0]]), "hold a label for each row"),
        (
            lambda: kl.RecallAtK(1).update_state([0], [[1.0]], [-1.0]),
            "`sample_weight` must be one number of at least 0",
        ),
        (
            lambda: kl.EqualErrorRate(from_scores=True).update_state([2], [0.5]),
            "`y_true` must be 1 for pairs alike and 0 for others",
        ),
        (lambda: kl.RetrievalMetrics([], [], query=([],)), "`query` must be None or a pair"),
        (
            lambda: kl.RetrievalMetrics([], [], metrics=[kl.RecallAtK(1), kl.RecallAtK(1, "euclidean")]),
            "`metrics` must have different names",
        ),
        (
            lambda: value(kl.RecallAtK(1), np.array([0]), np.eye(1), references=([0], [[1.0, 2.0]])),
            "`y_pred` must have 1 numbers for each sample, as before",
        ),
        (
            lambda: kl.BalancedBatches((np.eye(4), 1.0), [0, 0, 1, 1], 2),
            "`x` must hold 4 samples in each array",
        ),
        (lambda: kl.RetrievalMetrics([], [], metrics=["recall"]), "`metrics` must hold metrics such as"),
        (
            lambda: kl.BalancedBatches(np.eye(4), [0, 0, 1, 2], 2),
            "`labels` must hold at least 2 classes with 2",
        ),
        (lambda: kl.BalancedBatches(np.eye(3), [0, 0, 1, 1], 2), "`x` must hold 4 samples"),
        (
            lambda: kl.BalancedBatches(np.eye(4), [0.0] * 4, 2),
            "`labels` must hold one integer for each sample",
        ),
        (
            lambda: kl.BalancedBatches(np.eye(4), [0, 0, 1, 1], 1),
            "`classes` must be an integer of at least 2",
        ),
        (
            lambda: kl.BalancedBatches(np.eye(4), [0, 0, 1, 1], 2, seed=-1),
            "`seed` must be None or an integer",
        ),
    ],
)
def test_wrong_use_says_what_was_expected(call, message):
    with pytest.raises(ValueError) as raised:
        call()
    assert message in str(raised.value)


def test_in_compiled_code_the_message_names_the_callback():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    if keras.backend.backend() == "torch":
        pytest.skip("2026-11-28: Keras on torch does not compile metrics, so they can be read.")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[kl.RecallAtK(1)])
    with pytest.raises(ValueError, match="Use the callback keraslosses"):
        model.fit(np.eye(4), np.array([0, 0, 1, 1]), verbose=0)


def test_the_callback_logs_after_the_epochs():
    labels, x = embeddings(40)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3), keras.layers.Dense(5)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    embedder = keras.Model(model.inputs, model.layers[0].output)
    query = embeddings(20, seed=1)[::-1]
    watch = kl.RetrievalMetrics(x, labels, query, [kl.RecallAtK(2), kl.EqualErrorRate()], embedder, every=2)
    seen = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(seen=len(logs)))
    history = model.fit(x, labels, epochs=4, callbacks=[watch, seen], verbose=0).history
    assert history["seen"] == [1, 3, 1, 3]
    assert len(history["recall_at_2"]) == len(history["equal_error_rate"]) == 2
    metric = kl.RecallAtK(2)
    made = [embedder.predict(part, verbose=0) for part in (query[0], x)]
    expected = value(metric, query[1], made[0], references=(labels, made[1]))
    assert history["recall_at_2"][-1] == pytest.approx(expected, abs=1e-6)


def test_balanced_batches_hold_classes_with_samples():
    labels = np.array([7] * 9 + [3] * 4 + [5] * 2 + [1] + [-1] * 6)
    x = {"number": np.arange(22), "more": np.arange(44).reshape(22, 2)}
    batches = kl.BalancedBatches(x, labels, classes=2, samples=3, seed=4)
    assert len(batches) == 4
    for batch, of in (batches[i] for i in range(4)):
        classes, counts = np.unique(of, return_counts=True)
        assert set(classes) < {7, 3, 5} and counts.tolist() == [3, 3]
        np.testing.assert_array_equal(labels[batch["number"]], of)
        np.testing.assert_array_equal(batch["more"][:, 0], 2 * batch["number"])
        for one in classes:  # As many different ones as there are.
            assert len(set(batch["number"][of == one])) == min(3, (labels == one).sum())


def test_the_seed_makes_the_batches_and_epochs_differ():
    labels = np.repeat(np.arange(10), 10)
    first, second, other = (
        kl.BalancedBatches(np.arange(100), labels, 4, 2, y=-np.arange(100), seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[3][0], second[3][0])
    np.testing.assert_array_equal(first[3][0], -first[3][1])
    assert (first[3][0] != first[4][0]).any() and (first[3][0] != other[3][0]).any()
    before = first[3][0]
    first.on_epoch_end()
    assert (first[3][0] != before).any()


def test_balanced_batches_in_fit():
    labels, x = embeddings(40)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(5)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(kl.BalancedBatches(x, labels, 3, 4, seed=0), epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_the_page_runs(capsys):
    page = Path(__file__).parents[1] / "docs" / "retrieval.md"
    code = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    names = {}
    exec("\n".join(code), names)
    recalls, precision = capsys.readouterr().out.strip().split("\n")
    assert recalls == str(names["history"].history["recall_at_1"])
    assert 0.2 < float(precision) < 1.0  # Chance is about 0.1.
