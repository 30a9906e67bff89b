"""Every classification loss at the ends of what it reads: in value and gradient it is the formula there too."""

from contextlib import nullcontext

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.core import backend
from keraslosses.portability.gradients import MODES, usual_values_of, value_and_gradient
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES, kinds
from keraslosses.reference.kinds import CLASSES

# TensorFlow compiles these much longer than JAX does, so it runs a quarter of them.
pytestmark = pytest.mark.deep_in_turn("jax", "jax", "jax", "tensorflow")

REGRESSION = {"regression", "robust", "probabilistic", "similarity", "boxes", "detection", "sequence"}
NAMES = [name for name in keraslosses.names() if REFERENCES[name].family not in REGRESSION]
# As users run it; the check "compiled" runs every loss in the other modes.
ENDS = {"tensorflow": ("eager", "xla"), "jax": ("compiled",), "torch": ("eager",)}[keras.backend.backend()]
SUBJECTS = {name: Subject(getattr(keraslosses, name), REFERENCES[name]) for name in NAMES}


def kind_of(name):
    return REFERENCES[name].kind


def reads_scores(name, options):
    kind = kind_of(name)
    return kind.scores or (kind.probabilities and not kind.holds_probabilities(options))


def reads_probabilities(name, options):
    return kind_of(name).holds_probabilities(options)


# Inputs: rows of y_pred and the class of each, made into what the loss reads


EMBEDDINGS = kinds.EMBEDDINGS, kinds.EMBEDDING_PAIRS, kinds.UNIT_EMBEDDING_PAIRS
TOWERS = kinds.TOWERS, kinds.UNLABELED_TOWERS
# As their draws, these kinds have class indices if there is an `ignore_class`.
OF_BOTH_FORMS = kinds.LABELS_OR_DISTRIBUTIONS, kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES


def targets(name, options, labels, classes):
    """The class of each row in the form that the loss reads."""
    indices = kind_of(name) in OF_BOTH_FORMS and options.get("ignore_class") is not None
    if indices or kind_of(name).labels or kind_of(name) in (*EMBEDDINGS, *TOWERS):
        return labels.astype("int32")
    if kind_of(name) is kinds.LABEL_LISTS:
        return np.where(np.arange(classes) == 0, labels[:, None], -1).astype("int32")
    one_hot = np.eye(classes, dtype="float32")[labels]
    return 2 * one_hot - 1 if kind_of(name).signs else one_hot


def of_pixels(name):
    return kind_of(name) in (kinds.REGIONS, kinds.CLASS_MASKS)


def inputs(name, options, rows, labels):
    """A batch with an axis of size 1 inside, so that every `axis` of the options is there."""
    rows, labels = np.asarray(rows, "float32"), np.asarray(labels)
    y_true = targets(name, options, labels, rows.shape[1])
    if kind_of(name) is kinds.MASKS:
        return y_true[:, None, None], rows[:, None, None]
    if kind_of(name) in EMBEDDINGS:
        return y_true, rows
    if kind_of(name) in TOWERS:
        own = rows[::-1, None].repeat(3 * bool(options.get("negatives")), 1)
        return y_true, np.concatenate([rows[:, None], rows[::-1, None], own], axis=1)
    axis = options.get("class_axis", -1) if of_pixels(name) else options.get("axis", -1)
    y_pred = np.moveaxis(rows[:, None], -1, axis)
    return (y_true[:, None] if y_true.ndim == 1 else np.moveaxis(y_true[:, None], -1, axis)), y_pred


def padded(*rows):
    """Rows of CLASSES scores that begin as given, and go on with small ones; none is at a kink."""
    return [[*row, *np.linspace(-0.9, 0.8, CLASSES - len(row))] for row in rows]


LARGE = padded([1e4, -1e4], [-1e4, 1e4], [1e4, 9999.0], [-1e4, -9998.0], [1e4, 9999.75]), [0, 0, 1, 1, 0]
CERTAIN = [*np.eye(CLASSES)[[0, 1]], np.ones(CLASSES)], [0, 2, 3]
NOTHING = [np.zeros(CLASSES)], [1]
PARALLEL = [[1, -1, *[0.25] * (CLASSES - 2)], [0, 1, *[-0.5] * (CLASSES - 2)]], [0, 0]
OPPOSITE = [[1, 0], [1, 0], [-1, 0], [0, 1]], [0, 0, 1, 1]


def large_scores(name, options):
    """Differences wide enough for values of 1e8."""
    if reads_scores(name, options):
        return inputs(name, options, *LARGE), 1e-2
    if kind_of(name) is kinds.LABELS_AND_LOG_PROBABILITIES:
        rows, labels = LARGE
        return inputs(name, options, -np.abs(rows), labels), 1e-2


ORDERED = (kinds.LEVELS, kinds.CONDITIONAL_LEVELS, kinds.THRESHOLDS)
THRESHOLDS = np.linspace(-2, 2, CLASSES - 1)


def ordered_classes(name, options):
    """Logits of levels as above, or scores far from the thresholds and among them."""
    if kind_of(name) not in ORDERED:
        return None
    rows, labels = np.asarray(LARGE[0], "float32")[:, None, 1:], np.asarray(LARGE[1])[:, None]
    if kind_of(name) is kinds.THRESHOLDS:
        scores = np.array([1e4, -1e4, 30.0, -80.0, 0.25])[:, None, None]
        rows = np.concatenate([scores, np.broadcast_to(THRESHOLDS, (5, 1, CLASSES - 1))], axis=-1)
    return (labels.astype("int32"), rows.astype("float32")), 1e-2


def certain_probabilities(name, options):
    """Differences narrower than 1e-7, below which probabilities are clipped."""
    if reads_probabilities(name, options):
        return inputs(name, options, *CERTAIN), 1e-8
    if kind_of(name) is kinds.LABELS_AND_LOG_PROBABILITIES:
        rows, labels = CERTAIN
        with np.errstate(divide="ignore"):
            return inputs(name, options, np.log(rows), labels), 1e-8


def no_probabilities(name, options):
    return (inputs(name, options, *NOTHING), "none") if reads_probabilities(name, options) else None


def parallel_cosines(name, options):
    if kind_of(name).cosines:
        rows, labels = PARALLEL
        return inputs(name, options, [*rows, [-1, *rows[1][1:]]], [*labels, 0]), "none"


def opposite_embeddings(name, options):
    return (inputs(name, options, *OPPOSITE), "none") if kind_of(name) in (*EMBEDDINGS, *TOWERS) else None


def one_class(name, options):
    if any(isinstance(value, list) and option != "axis" for option, value in options.items()):
        return None
    if kind_of(name) in ORDERED or "num_classes" in options:
        return None
    if reads_scores(name, options):
        return inputs(name, options, [[5.0], [-1e4]], [0, 0]), 1e-3
    step = "none" if kind_of(name) in (*EMBEDDINGS, *TOWERS) else 1e-8
    return inputs(name, options, [[1.0], [0.25]], [0, 0]), step


def one_sample(name, options):
    return REFERENCES[name].inputs(options, leading=(1, 1)), None


CASES = {
    "scores of 1e4": large_scores,
    "ordered classes": ordered_classes,
    "probabilities of 0 and 1": certain_probabilities,
    "probabilities of 0 alone": no_probabilities,
    "cosines of 1 and -1": parallel_cosines,
    "embeddings that agree or are opposite": opposite_embeddings,
    "one class": one_class,
    "one sample": one_sample,
}


# Where a power below 1 meets 0, the true slope is infinite. Equal errors and errors of 0 are kinks of what is sorted.
WITHOUT_SLOPE = {"UnifiedFocal", "LovaszHinge", "LovaszSoftmax"}


def assert_as_the_formula(name, options, y_true, y_pred, step, mode):
    """Value and gradient are those of the reference; where its differences tell nothing, they are finite.

    They tell nothing where a step leaves what the formula is defined on, and at a jump or kink, where `step`
    is "none": the gradients there stand among the hard inputs of the reference.
    """
    reference = REFERENCES[name]
    if of_pixels(name) and "ignore_class" in options:
        y_true = np.argmax(y_true, options["class_axis"]).astype("int32")
    expected = reference.values(y_true, y_pred, options)
    values, gradient = value_and_gradient(SUBJECTS[name].entries(options), y_true, y_pred, mode=mode)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert not np.isnan(expected).any()
    assert np.isfinite(gradient).all()
    if step != "none" and name not in WITHOUT_SLOPE:
        slope = reference.gradient(y_true, y_pred, options, np.ones(expected.shape), step)
        told = np.isfinite(slope)
        np.testing.assert_allclose(gradient[told], slope[told], rtol=1e-4, atol=1e-5)


def cases():
    for what, make in CASES.items():
        for name in NAMES:
            if any(make(name, options) for options in REFERENCES[name].options):
                yield pytest.param(what, name, id=f"{what}, {name}")


# As Keras does, the categorical losses warn of one class.
@pytest.mark.filterwarnings("ignore:A categorical loss expects more than one class:SyntaxWarning")
@pytest.mark.parametrize(("what", "name"), [*cases()])
def test_extreme(what, name):
    """The first option of the grid that fits in every mode; at the largest scores, all of them in the first."""
    fitting = [options for options in REFERENCES[name].options if CASES[what](name, options)]
    for options in fitting if what == "scores of 1e4" else fitting[:1]:
        for mode in ENDS if options is fitting[0] else MODES[:1]:
            (y_true, y_pred), step = CASES[what](name, options)
            assert_as_the_formula(name, options, y_true, y_pred, step, mode)


def test_no_loss_is_without_extremes():
    wild = {what for what in CASES if what not in ("one class", "one sample")}
    seen = {param.values[1] for param in cases() if param.values[0] in wild}
    assert seen == set(NAMES)


# Nothing counts


def wild(name, options):
    """The most extreme inputs that the loss reads under these options."""
    ends = large_scores, ordered_classes, certain_probabilities, parallel_cosines, opposite_embeddings
    found = (make(name, options) for make in ends)
    return next(pair for pair, _ in filter(None, found))


@pytest.mark.parametrize("name", [name for name in NAMES if "ignore_class" in SUBJECTS[name].parameters()])
def test_all_entries_ignored(name):
    options = {**REFERENCES[name].options[0], "ignore_class": 255}
    y_true, y_pred = wild(name, options)
    one_each = of_pixels(name) or (kind_of(name).labels and y_true.shape == y_pred.shape)
    ignored = np.full(y_pred.shape[:-1] if one_each else y_true.shape, 255, "int32")
    for reduction in ("sum_over_batch_size", "mean_with_sample_weight", "sum"):
        loss = SUBJECTS[name].make(reduction=reduction, **options)
        for mode in ENDS if reduction == "sum_over_batch_size" else MODES[:1]:
            value, gradient = value_and_gradient(loss, ignored, y_pred, mode=mode)
            assert value == 0.0
            np.testing.assert_array_equal(gradient, np.zeros_like(y_pred))


@pytest.mark.parametrize("name", NAMES)
def test_all_weights_0(name):
    options = REFERENCES[name].options[0]
    y_true, y_pred = wild(name, options)
    weight = ops.zeros(len(y_pred))
    for reduction in ("sum_over_batch_size", "mean_with_sample_weight", "sum"):
        loss = SUBJECTS[name].make(reduction=reduction, **options)
        for mode in ENDS if reduction == "sum_over_batch_size" else MODES[:1]:
            value, gradient = value_and_gradient(
                lambda t, p, loss=loss: loss(t, p, weight), y_true, y_pred, mode=mode
            )
            assert value == 0.0
            np.testing.assert_array_equal(gradient, np.zeros_like(y_pred))


def of_numbers(name):
    return REFERENCES[name].inputs(REFERENCES[name].options[0])[0].dtype.kind == "f"


@pytest.mark.parametrize("name", [name for name in keraslosses.names() if of_numbers(name)])
def test_a_nan_in_y_true_shows(name):
    options = REFERENCES[name].options[0]
    y_true, y_pred = REFERENCES[name].inputs(options)
    y_true.reshape(-1)[0] = np.nan
    entries = Subject(getattr(keraslosses, name), REFERENCES[name]).entries(options)
    try:
        values = usual_values_of(entries, y_true, y_pred)
    except ValueError as error:
        assert "Received: y_true=" in str(error)
    else:
        assert np.isnan(values.flat[0])


# Class weights


def scores_with_weights(name):
    """The first options of a loss that reads scores and class weights, with weight 0 for the first class."""
    for options in REFERENCES[name].options:
        fits = reads_scores(name, options) or kind_of(name) is kinds.LABELS_AND_LOG_PROBABILITIES
        if fits and not of_pixels(name) and "class_weights" in SUBJECTS[name].parameters():
            return {**options, "class_weights": [0.0, *[2.0] * (CLASSES - 1)]}


@pytest.mark.parametrize("name", [name for name in NAMES if scores_with_weights(name)])
def test_a_class_weight_of_0_removes_an_infinite_value(name):
    options = scores_with_weights(name)
    y_true, y_pred = inputs(name, options, padded([-1.0, 0.5], [1.0, 0.5]), [0, 1])
    infinite = np.where(y_pred == -1.0, -np.inf, y_pred)
    for reduction in ("none", "sum_over_batch_size"):
        loss = SUBJECTS[name].make(reduction=reduction, **options)
        expected, slope = value_and_gradient(loss, y_true, y_pred)
        for mode, where in ((ENDS[0], backend.as_on_an_accelerator), *((mode, nullcontext) for mode in ENDS)):
            with where():
                value, gradient = value_and_gradient(loss, y_true, infinite, mode=mode)
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-7)


# Many classes

MANY = 100_000


def many_classes(name, options):
    """Two rows in bfloat16, and the same numbers in float32."""
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 3, (2, MANY))
    if kind_of(name) is kinds.LABELS_AND_LOG_PROBABILITIES:
        scores = -np.abs(scores)
    elif kind_of(name).cosines:
        scores = np.tanh(scores)
    elif not reads_scores(name, options):
        scores = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    narrow = ops.cast(ops.convert_to_tensor(scores.astype("float32")), "bfloat16")
    return (
        targets(name, options, np.array([MANY - 1, 257]), MANY),
        narrow,
        ops.convert_to_numpy(ops.cast(narrow, "float32")),
    )


@pytest.mark.deep
@pytest.mark.parametrize(
    "name", [name for name in NAMES if kind_of(name).labels or kind_of(name) is kinds.LABEL_LISTS]
)
def test_many_classes_in_bfloat16(name):
    reference = REFERENCES[name]
    for options in [options for options in reference.options[:2] if "class_weights" not in options]:
        y_true, narrow, same = many_classes(name, options)
        expected = reference.values(y_true, same, options)
        slopes = {place: slope_at(reference, y_true, same, options, place) for place in PLACES}
        for mode in ENDS:
            values, gradient = value_and_gradient(SUBJECTS[name].entries(options), y_true, narrow, mode=mode)
            # torch's kernels add so many numbers in float32 one after the other.
            np.testing.assert_allclose(values, expected, rtol=5e-5)
            gradient = gradient.astype("float32")
            assert np.isfinite(gradient).all()
            received = [gradient[place] for place in PLACES]
            np.testing.assert_allclose(received, [*slopes.values()], rtol=1e-2, atol=1e-7)
        rounded = SUBJECTS[name].make(reduction="none", dtype="bfloat16", **options)(y_true, narrow)
        np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(rounded, "float32")), expected, rtol=4e-3)


# Both labels, and a neighbour that half precision takes for one of them.
PLACES = ((0, MANY - 1), (1, 256), (1, 257))


def slope_at(reference, y_true, y_pred, options, place):
    """The central difference by one element of y_pred: to go through all of so many takes too long."""
    step = 1e-4 * abs(y_pred[place])
    sums = []
    for sign in (1, -1):
        moved = y_pred.astype("float64")
        moved[place] += sign * step
        sums.append(reference.values(y_true, moved, options).sum())
    return (sums[0] - sums[1]) / (2 * step)
