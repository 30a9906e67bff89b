"""Laws that hold whatever the numbers: those named in the references, and identities between losses."""

import functools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import keraslosses as kl
from keraslosses.portability.gradients import value_and_gradient, values_of
from keraslosses.reference import REFERENCES, kinds
from keraslosses.reference.kinds import CLASSES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

# Of rank 2, so that the axis 1 of some options is the last one.
SHAPE = (2, CLASSES)

examples = settings(
    deadline=None,
    max_examples=15,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)


def filled(elements, shape=SHAPE, dtype="float32"):
    """An array in which every number is drawn for itself."""
    return arrays(dtype, shape, elements=elements, fill=st.nothing())


def numbers(low, high):
    return filled(st.floats(low, high, width=32))


REAL = numbers(-50, 50)
# Sixteenths add and subtract without rounding, so a law of differences holds to the last bit.
SIXTEENTHS = filled(st.integers(-400, 400).map(lambda x: x / 16))
LABELS = filled(st.integers(0, CLASSES - 1), SHAPE[:-1], "int32")


def softmax(x):
    exponentials = np.exp(x.astype("float64") - np.max(x, -1, keepdims=True))
    return (exponentials / exponentials.sum(-1, keepdims=True)).astype("float32")


def sigmoid(x):
    return (1 / (1 + np.exp(-x.astype("float64")))).astype("float32")


def rows_of_length_one(x):
    x = x.astype("float64") + 1e-9
    return (x / np.linalg.norm(x, axis=-1, keepdims=True)).astype("float32")


def one_image(x):
    """Rows of any numbers as the targets of the anchors of one image: a class of -1 to 2, and four numbers."""
    classes = x.argmax(-1)[:, None] % 4 - 1
    return np.concatenate([classes, x[:, :4]], axis=-1, dtype="float32")[None]


def of_an_image(rows):
    """Rows of numbers as images of one line and one class."""
    return rows[:, None, :, None].astype("float32")


def framed(rows):
    """Two frames for each row: itself, and one of the others."""
    return np.stack([rows, rows[::-1]], axis=1)


def sign_of_row(rows):
    """-1 or 1, by the first number of a row."""
    return np.where(rows[:, 0] > 0, 1.0, -1.0).astype("float32")


def twice(rows):
    """Each row beside the other one: two vectors of each sample."""
    return np.stack([rows, rows[::-1]], axis=1)


def with_thresholds(rows):
    """Rows of any numbers as scores beside thresholds in their order."""
    return np.concatenate([rows[..., :1], np.sort(rows[..., 1:], axis=-1)], axis=-1)


# Two arrays of any numbers as the pair (y_true, y_pred) that a loss of each kind reads.
PAIRS = {
    kinds.REAL: lambda a, b, logits: (a, b),
    kinds.VECTORS: lambda a, b, logits: (a, b),
    kinds.POSITIVE: lambda a, b, logits: (np.exp(a / 10), np.exp(b / 10)),
    kinds.DISTRIBUTIONS: lambda a, b, logits: (softmax(a), softmax(b)),
    kinds.BINARY: lambda a, b, logits: ((a > 0).astype("float32"), b if logits else sigmoid(b)),
    kinds.BINARY_SCORES: lambda a, b, logits: ((a > 0).astype("float32"), b),
    kinds.DECISIONS: lambda a, b, logits: ((a > 0).astype("float32"), b if logits else sigmoid(b)),
    kinds.ONE_HOT: lambda a, b, logits: (softmax(a), b if logits else softmax(b)),
    kinds.LABELS: lambda a, b, logits: (a.argmax(-1).astype("int32"), b if logits else softmax(b)),
    kinds.LABELS_AND_SCORES: lambda a, b, logits: (a.argmax(-1).astype("int32"), b),
    kinds.LABELS_AND_LOG_PROBABILITIES: lambda a, b, logits: (
        a.argmax(-1).astype("int32"),
        np.log(softmax(b)),
    ),
    kinds.LABELS_AND_COSINES: lambda a, b, logits: (a.argmax(-1).astype("int32"), np.tanh(b / 20)),
    kinds.LABELS_OR_DISTRIBUTIONS: lambda a, b, logits: (softmax(a), b if logits else softmax(b)),
    kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES: lambda a, b, logits: (softmax(a), b),
    kinds.LEVELS: lambda a, b, logits: (a.argmax(-1).astype("int32"), b[..., 1:]),
    kinds.CONDITIONAL_LEVELS: lambda a, b, logits: (a.argmax(-1).astype("int32"), b[..., 1:]),
    kinds.THRESHOLDS: lambda a, b, logits: (a.argmax(-1).astype("int32"), with_thresholds(b)),
    kinds.LABELS_OR_DISTRIBUTIONS: lambda a, b, logits: (softmax(a), b if logits else softmax(b)),
    kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES: lambda a, b, logits: (softmax(a), b),
    kinds.BATCHES_OF_CLASSES: lambda a, b, logits: (softmax(a), b if logits else softmax(b)),
    kinds.LABEL_LISTS: lambda a, b, logits: (np.argsort(a).astype("int32") - 1, b),
    kinds.SIGNS: lambda a, b, logits: (np.where(a > 0, 1, -1).astype("float32"), b),
    kinds.ONE_HOT_SCORES: lambda a, b, logits: (np.eye(CLASSES, dtype="float32")[a.argmax(-1)], b),
    kinds.REGIONS: lambda a, b, logits: (sigmoid(a), b if logits else sigmoid(b)),
    kinds.CLASS_MASKS: lambda a, b, logits: (sigmoid(a), b if logits else sigmoid(b)),
    kinds.BINARY_PIXELS: lambda a, b, logits: ((a > 0).astype("float32"), b),
    kinds.PIXELS: lambda a, b, logits: (a.argmax(-1).astype("int32"), b if logits else softmax(b)),
    kinds.DISTANCES: lambda a, b, logits: (a, b if logits else sigmoid(b)),
    kinds.MASKS: lambda a, b, logits: (of_an_image(a > 0), of_an_image(b if logits else sigmoid(b))),
    kinds.EMBEDDINGS: lambda a, b, logits: (np.arange(len(a)) // 2, rows_of_length_one(b)),
    kinds.EMBEDDING_PAIRS: lambda a, b, logits: (np.arange(len(a)) // 2, b),
    kinds.UNIT_EMBEDDING_PAIRS: lambda a, b, logits: (np.arange(len(a)) // 2, rows_of_length_one(b)),
    kinds.PAIR_DISTANCES: lambda a, b, logits: (sigmoid(a), np.abs(b)),
    kinds.TRIPLETS: lambda a, b, logits: (a, np.stack([a, b, a + b], axis=1)),
    kinds.SIGNED_PAIRS: lambda a, b, logits: (sign_of_row(a), np.stack([a, b], axis=1)),
    kinds.RANKED_PAIRS: lambda a, b, logits: (sign_of_row(a), b[:, :2]),
    kinds.VIEWS: lambda a, b, logits: (a, np.stack([a, b], axis=1)),
    kinds.VIEWS_OF_A_BATCH: lambda a, b, logits: (a, np.stack([a, b], axis=1)),
    kinds.TOWERS: lambda a, b, logits: (np.arange(len(a)) // 2, np.stack([a, b], axis=1)),
    kinds.UNLABELED_TOWERS: lambda a, b, logits: (np.zeros(len(a)), np.stack([a, b], axis=1)),
    kinds.BOXES: lambda a, b, logits: (a[..., :4], b[..., :4]),
    kinds.SEQUENCES: lambda a, b, logits: (a.argmax(-1)[:, None].astype("int32"), framed(softmax(b))),
    kinds.ANCHORS: lambda a, b, logits: (one_image(a), b[None]),
    kinds.LOCATIONS: lambda a, b, logits: (one_image(np.abs(a)), np.abs(b)[None]),
}


def pair_for(reference, options, a, b):
    return PAIRS[reference.kind](a, b, options.get("from_logits", False))


def options_of(reference):
    """Those that fit the rank of SHAPE, in which an axis of some lists would be named twice, and the inputs."""
    axes = [np.atleast_1d(options.get("axis") or -1) % len(SHAPE) for options in reference.options]
    masks = reference.kind in (kinds.REGIONS, kinds.CLASS_MASKS)
    fit = [
        len(set(named)) == len(named)
        and not (masks and "ignore_class" in options)
        and not options.get("negatives")
        for named, options in zip(axes, reference.options, strict=True)
    ]
    return st.sampled_from([options for options, fits in zip(reference.options, fit, strict=True) if fits])


def entries(name, y_true, y_pred, **options):
    return values_of(getattr(kl, name)(reduction="none", **options), y_true, y_pred)


def losses_with(law):
    return [name for name, reference in REFERENCES.items() if law in reference.laws]


def slack(reference):
    """How far below 0 a loss of probabilities may fall that sum to 1 but for rounding, or are clipped."""
    return 0.0 if reference.kind in (kinds.REAL, kinds.VECTORS, kinds.POSITIVE) else 2e-6


# The laws that the references name


@pytest.mark.parametrize("name", losses_with("non_negative"))
@examples
@given(data=st.data(), a=REAL, b=REAL)
def test_law_non_negative(name, data, a, b):
    reference = REFERENCES[name]
    options = data.draw(options_of(reference))
    y_true, y_pred = pair_for(reference, options, a, b)
    assert np.all(entries(name, y_true, y_pred, **options) >= -slack(reference))


@pytest.mark.parametrize("name", losses_with("zero_at_equality"))
@examples
@given(data=st.data(), a=REAL)
def test_law_zero_at_equality(name, data, a):
    reference = REFERENCES[name]
    options = data.draw(options_of(reference))
    y_true, y_pred = pair_for(reference, options, a, a)
    np.testing.assert_allclose(entries(name, y_true, y_pred, **options), 0.0, atol=slack(reference))


@pytest.mark.parametrize("name", losses_with("symmetric"))
@examples
@given(data=st.data(), a=REAL, b=REAL)
def test_law_symmetric(name, data, a, b):
    reference = REFERENCES[name]
    options = data.draw(options_of(reference).filter(lambda options: "from_logits" not in options))
    one, other = pair_for(reference, options, a, b)
    forth, back = entries(name, one, other, **options), entries(name, other, one, **options)
    np.testing.assert_allclose(forth, back, rtol=1e-5)


@pytest.mark.parametrize("name", losses_with("translation"))
@examples
@given(data=st.data(), a=SIXTEENTHS, b=SIXTEENTHS, shift=st.integers(-1000, 1000))
def test_law_translation(name, data, a, b, shift):
    options = data.draw(options_of(REFERENCES[name]))
    at_home, moved = entries(name, a, b, **options), entries(name, a + shift, b + shift, **options)
    np.testing.assert_array_equal(at_home, moved)


def test_every_law_of_the_references_is_tested():
    named = set().union(*(reference.laws for reference in REFERENCES.values()))
    tested = {name.removeprefix("test_law_") for name in globals() if name.startswith("test_law_")}
    assert named == tested


# Wherever the value is finite, so is the gradient


def at_any_scale(elements, *scales):
    """An array times one of some scales: rows of only very small or only very large numbers."""
    return st.builds(
        lambda x, scale: (x * scale).astype("float32"), filled(elements), st.sampled_from(scales)
    )


# Beyond these the gradient of a finite value may itself be too large for float32.
ANY = at_any_scale(st.floats(-1, 1, width=32), 1e-38, 1e-25, 1e-12, 1e-6, 1.0, 1e6, 1e20, 1e30)
SHARES = at_any_scale(st.floats(0, 1, width=32), 1e-30, 1e-12, 1e-6, 1.0)
TARGETS = filled(st.sampled_from([0.0, 1.0]) | st.floats(0, 1, width=32))
LOGITS = filled(st.floats(width=32, allow_nan=False))
SCORES = at_any_scale(st.floats(-1, 1, width=32), 1e-12, 1.0, 1e6, 1e15)
SIGNS = filled(st.sampled_from([-1.0, 0.0, 1.0]))
# A batch of zeros and ones alone is refused: it is one number for each class, no lists.
LISTS = filled(st.integers(-1, CLASSES - 1), SHAPE, "int32").filter(lambda x: not np.isin(x, (0, 1)).all())
ANY_UNIT = numbers(-1, 1).map(rows_of_length_one)
EXTREMES = {
    kinds.REAL: (ANY, ANY),
    kinds.VECTORS: (ANY, ANY),
    kinds.POSITIVE: (ANY.map(np.abs), ANY.map(np.abs)),
    kinds.DISTRIBUTIONS: (SHARES, SHARES),
    kinds.BINARY: (TARGETS, SHARES),
    kinds.BINARY_SCORES: (TARGETS, LOGITS),
    kinds.DECISIONS: (TARGETS, SHARES),
    kinds.ONE_HOT: (TARGETS, SHARES),
    kinds.LABELS: (LABELS, SHARES),
    kinds.LABELS_AND_SCORES: (LABELS, LOGITS),
    kinds.LABELS_AND_LOG_PROBABILITIES: (LABELS, LOGITS.map(lambda x: -np.abs(x))),
    kinds.LABELS_AND_COSINES: (LABELS, numbers(-1, 1)),
    kinds.LABELS_OR_DISTRIBUTIONS: (TARGETS, SHARES),
    kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES: (TARGETS, LOGITS),
    kinds.LEVELS: (LABELS, LOGITS.map(lambda x: x[..., 1:])),
    kinds.CONDITIONAL_LEVELS: (LABELS, LOGITS.map(lambda x: x[..., 1:])),
    kinds.THRESHOLDS: (LABELS, SCORES.map(with_thresholds)),
    kinds.LABELS_OR_DISTRIBUTIONS: (TARGETS, SHARES),
    kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES: (TARGETS, LOGITS),
    kinds.BATCHES_OF_CLASSES: (TARGETS, SHARES),
    kinds.LABEL_LISTS: (LISTS, SCORES),
    kinds.SIGNS: (SIGNS, SCORES),
    kinds.ONE_HOT_SCORES: (TARGETS, SCORES),
    kinds.REGIONS: (TARGETS, SHARES),
    kinds.CLASS_MASKS: (TARGETS, SHARES),
    kinds.BINARY_PIXELS: (filled(st.sampled_from([0.0, 1.0])), LOGITS),
    kinds.PIXELS: (LABELS, SHARES),
    kinds.DISTANCES: (ANY, SHARES),
    kinds.MASKS: (TARGETS.map(of_an_image), SHARES.map(of_an_image)),
    kinds.EMBEDDINGS: (filled(st.integers(0, 2), SHAPE[:1], "int32"), ANY_UNIT),
    kinds.EMBEDDING_PAIRS: (filled(st.integers(-1, 2), SHAPE[:1], "int32"), SCORES),
    kinds.UNIT_EMBEDDING_PAIRS: (filled(st.integers(-1, 2), SHAPE[:1], "int32"), ANY_UNIT),
    kinds.PAIR_DISTANCES: (TARGETS, ANY.map(np.abs)),
    kinds.TRIPLETS: (LABELS, ANY.map(lambda rows: np.stack([rows, rows[::-1], 0 * rows], axis=1))),
    kinds.SIGNED_PAIRS: (LABELS.map(lambda labels: np.where(labels > 2, 1, -1)), ANY.map(twice)),
    kinds.RANKED_PAIRS: (
        LABELS.map(lambda labels: np.where(labels > 2, 1, -1)),
        SCORES.map(lambda x: x[:, :2]),
    ),
    kinds.VIEWS: (LABELS, ANY.map(twice)),
    kinds.VIEWS_OF_A_BATCH: (LABELS, ANY.map(twice)),
    kinds.TOWERS: (filled(st.integers(-1, 2), SHAPE[:1], "int32"), SCORES.map(framed)),
    kinds.UNLABELED_TOWERS: (filled(st.integers(-1, 2), SHAPE[:1], "int32"), SCORES.map(framed)),
    kinds.BOXES: (SCORES.map(lambda x: x[..., :4]), SCORES.map(lambda x: x[..., :4])),
    kinds.SEQUENCES: (LABELS.map(lambda labels: labels[:, None]), SHARES.map(framed)),
    kinds.ANCHORS: (SCORES.map(one_image), SCORES.map(lambda x: x[None])),
    kinds.LOCATIONS: (SCORES.map(one_image), SCORES.map(lambda x: x[None])),
}


@functools.cache
def made_once(name, which):
    """The same loss for all examples with these options, so that it is compiled once."""
    return getattr(kl, name)(reduction="none", **REFERENCES[name].options[which])


@pytest.mark.parametrize("name", REFERENCES)
@examples
@given(data=st.data())
def test_gradient_is_finite_where_the_value_is(name, data):
    reference = REFERENCES[name]
    options = data.draw(options_of(reference))
    of_true, of_pred = EXTREMES[reference.kind]
    y_true = data.draw(of_true)
    logits = LOGITS.map(of_an_image) if reference.kind is kinds.MASKS else LOGITS
    y_pred = data.draw(logits if options.get("from_logits") else of_pred)
    loss = made_once(name, reference.options.index(options))
    values, gradient = value_and_gradient(loss, y_true, y_pred)
    finite = np.isfinite(values)
    if reference.kind is kinds.MASKS:  # Its values are those of the classes of an image.
        finite = finite.all(axis=-1)
    assert np.all(np.isfinite(gradient[finite])), (values, gradient)


def test_every_kind_of_input_can_be_drawn():
    assert set(kinds.KINDS) == PAIRS.keys() == EXTREMES.keys()


# Identities between losses


@examples
@given(a=REAL, b=REAL, delta=st.floats(0.01, 100))
def test_huber_is_delta_times_smooth_l1(a, b, delta):
    huber, smooth = entries("Huber", a, b, delta=delta), entries("SmoothL1", a, b, beta=delta)
    np.testing.assert_allclose(huber, delta * smooth, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "other"),
    [
        ("MeanPowerError", {"power": 1.0}, "MeanAbsoluteError"),
        ("MeanPowerError", {"power": 2.0}, "MeanSquaredError"),
        ("SmoothL1", {"beta": 0.0}, "MeanAbsoluteError"),
    ],
)
@examples
@given(a=REAL, b=REAL)
def test_special_case(name, options, other, a, b):
    np.testing.assert_allclose(entries(name, a, b, **options), entries(other, a, b), rtol=1e-5)


WEIGHTS = st.none() | st.lists(st.floats(0, 10), min_size=CLASSES, max_size=CLASSES)


@pytest.mark.parametrize("reduction", ["none", "mean_with_sample_weight"])
@examples
@given(
    labels=LABELS, b=numbers(-10, 10), from_logits=st.booleans(), smoothing=st.floats(0, 1), weights=WEIGHTS
)
def test_class_index_costs_what_its_one_hot_row_costs(reduction, labels, b, from_logits, smoothing, weights):
    y_pred = b if from_logits else softmax(b)
    options = {
        "from_logits": from_logits,
        "label_smoothing": smoothing,
        "class_weights": weights,
        "reduction": reduction,
    }
    one_hot = np.eye(CLASSES, dtype="float32")[labels]
    sparse = values_of(kl.SparseCategoricalCrossentropy(**options), labels, y_pred)
    dense = values_of(kl.CategoricalCrossentropy(**options), one_hot, y_pred)
    np.testing.assert_allclose(sparse, dense, rtol=2e-5, atol=1e-5)


CROSS_ENTROPIES = ["CategoricalCrossentropy", "SparseCategoricalCrossentropy"]


@pytest.mark.parametrize(
    ("name", "probabilities"),
    [*((name, softmax) for name in CROSS_ENTROPIES), ("BinaryCrossentropy", sigmoid)],
)
@examples
@given(a=REAL, logits=numbers(-4, 4), smoothing=st.floats(0, 1))
def test_logits_cost_what_their_probabilities_cost(name, probabilities, a, logits, smoothing):
    y_true, _ = pair_for(REFERENCES[name], {}, a, logits)
    of_logits = entries(name, y_true, logits, from_logits=True, label_smoothing=smoothing)
    of_probabilities = entries(name, y_true, probabilities(logits), label_smoothing=smoothing)
    np.testing.assert_allclose(of_logits, of_probabilities, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
@examples
@given(a=REAL, logits=SIXTEENTHS, shift=st.integers(-10_000, 10_000))
def test_a_number_added_to_all_logits_changes_nothing(name, a, logits, shift):
    y_true, _ = pair_for(REFERENCES[name], {}, a, logits)
    at_home = entries(name, y_true, logits, from_logits=True)
    moved = entries(name, y_true, logits + shift, from_logits=True)
    np.testing.assert_allclose(moved, at_home, rtol=1e-5, atol=1e-6)


@examples
@given(a=REAL, b=REAL)
def test_cosine_lies_between_its_bounds(a, b):
    assert np.all(np.abs(entries("CosineSimilarity", a, b)) <= 1 + 1e-6)


@examples
@given(a=SIXTEENTHS, b=SIXTEENTHS, scale=st.floats(1e-3, 1e3), other=st.floats(1e-3, 1e3))
def test_cosine_does_not_see_lengths(a, b, scale, other):
    scaled = entries("CosineSimilarity", np.float32(scale) * a, np.float32(other) * b)
    np.testing.assert_allclose(scaled, entries("CosineSimilarity", a, b), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [*CROSS_ENTROPIES, "BinaryCrossentropy", "KLDivergence"])
@examples
@given(data=st.data(), a=REAL, b=numbers(-10, 10), order=st.permutations(range(CLASSES)))
def test_classes_have_no_order(name, data, a, b, order):
    """Classes renamed in targets, predictions and weights alike."""
    reference = REFERENCES[name]
    options = data.draw(options_of(reference))
    renamed = {
        key: [value[i] for i in order] if isinstance(value, list) else value for key, value in options.items()
    }
    y_true, y_pred = pair_for(reference, options, a, b)
    before = entries(name, y_true, y_pred, **options)
    y_true = np.argsort(order)[y_true] if y_true.dtype.kind == "i" else y_true[:, order]
    after = entries(name, y_true, y_pred[:, order], **renamed)
    np.testing.assert_allclose(after, before, rtol=2e-5, atol=1e-5)
