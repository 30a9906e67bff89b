"""The label error rate against a plain Levenshtein distance, alone and as the metric of a model."""

import re

import keras
import numpy as np
import pytest
from compiled import FORMS, of_arrays, outcome, usual
from keras import ops
from masks import masked

import keraslosses
from keraslosses.metrics.edit_distance import edit_distances
from keraslosses.reference import sequence

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy
RNG = np.random.default_rng(3)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def levenshtein(a, b):
    """The distance by the table, cell by cell."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        above, row = row, [i + 1]
        for j, y in enumerate(b):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (x != y)))
    return row[-1]


def padded(lists, size, padding=-1):
    return np.array([[*labels, *[padding] * (size - len(labels))] for labels in lists], "int32").reshape(
        -1, size
    )


def random_labels(count, longest, classes=3):
    return [RNG.integers(1, classes + 1, RNG.integers(0, longest + 1)).tolist() for _ in range(count)]


LABELS, OTHERS = random_labels(30, 6), random_labels(30, 9)
DISTANCES = [levenshtein(a, b) for a, b in zip(LABELS, OTHERS, strict=True)]
PAIR = padded(LABELS, 7), padded(OTHERS, 11)


def test_distances_of_random_labels():
    assert usual(edit_distances, *PAIR).tolist() == DISTANCES
    assert usual(edit_distances, *PAIR[::-1]).tolist() == DISTANCES


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("kitten", "sitting", 3),
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("abc", "abc", 0),
        ("abc", "bc", 1),
        ("ab", "ba", 2),
    ],
)
def test_distances_of_words(one, other, distance):
    words = (padded([word.encode()], 8) for word in (one, other))
    assert usual(edit_distances, *words).tolist() == [distance]
    assert levenshtein(one, other) == distance


@pytest.mark.parametrize("form", FORMS)
def test_distances_compiled(form):
    assert outcome(edit_distances, *PAIR, form=form).tolist() == DISTANCES


@pytest.mark.parametrize(("rows", "sizes"), [(0, (2, 3)), (2, (0, 3)), (2, (3, 0)), (2, (0, 0))])
def test_distances_of_nothing(rows, sizes):
    pair = [np.full((rows, size), -1, "int32") for size in sizes]
    assert outcome(edit_distances, *pair).tolist() == [0] * rows


# The metric


def rate(*batches, **options):
    metric = keraslosses.EditDistance(**options)
    for batch in batches:
        metric.update_state(*batch)
    return float(metric.result())


def test_sums_over_the_epoch():
    more = random_labels(30, 6)
    edits = sum(DISTANCES) + sum(levenshtein(a, b) for a, b in zip(more, OTHERS, strict=True))
    expected = pytest.approx(edits / sum(map(len, LABELS + more)))
    assert rate(PAIR, (padded(more, 7), PAIR[1])) == expected
    assert rate([x[:0] for x in PAIR], PAIR, (padded(more, 7), PAIR[1])) == expected
    metric = keraslosses.EditDistance()
    metric.update_state(*PAIR)
    metric.reset_state()
    metric.update_state(PAIR[0], PAIR[0])
    assert float(metric.result()) == 0.0


def test_labels_without_edits_and_edits_without_labels():
    assert rate() == 0.0
    assert rate(([[-1, -1]], [[-1]])) == 0.0
    assert rate(([[-1, -1]], [[1]])) == np.inf
    assert rate(([[-1, -1]], [[1]]), ([[1, 2]], [[1, 2]])) == 0.5


@pytest.mark.parametrize("padding", [-1, -7, 0])
def test_padding_changes_nothing(padding):
    pair = padded(LABELS, 7, padding), padded(OTHERS, 11, padding)
    assert rate(pair) == rate(PAIR)
    assert rate((pair[0].astype("float32"), pair[1])) == rate(PAIR)


@pytest.mark.parametrize("shape", [(30,), (30, 1)])
def test_weights_weigh_samples(shape):
    weight = RNG.uniform(0, 2, 30).astype("float32")
    weight[:5] = 0
    expected = np.sum(weight * DISTANCES) / np.sum(weight * [len(labels) for labels in LABELS])
    assert rate((*PAIR, weight.reshape(shape))) == pytest.approx(expected, rel=1e-5)
    assert rate((*PAIR, 3.0)) == pytest.approx(rate(PAIR))


FRAMES = RNG.normal(size=(4, 6, 4)).astype("float32")
LENGTHS = np.array([6, 0, 3, 5], "int32")
TRUE = padded([[1, 2], [3], [], [2, 2, 1]], 3)
MASK = np.arange(6) < LENGTHS[:, None]


def rate_of_frames(lengths, blank=0):
    found = [
        sequence.collapse(x[:t].argmax(-1).tolist(), blank) for x, t in zip(FRAMES, lengths, strict=True)
    ]
    labels = [[int(label) for label in row if label >= 0 and label != blank] for row in TRUE]
    return sum(map(levenshtein, labels, found)) / sum(map(len, labels))


def test_frames_are_decoded_greedily():
    assert rate((TRUE, FRAMES)) == pytest.approx(rate_of_frames([6] * 4))
    shares = np.exp(FRAMES) / np.exp(FRAMES).sum(-1, keepdims=True)
    assert rate((TRUE, shares)) == rate((TRUE, FRAMES))
    with_last = np.roll(FRAMES, -1, axis=-1)
    last = np.where(TRUE > 0, TRUE - 1, TRUE)
    assert rate((last, with_last), blank_index=-1) == rate((TRUE, FRAMES))


def test_mask_gives_the_frames_that_count():
    expected = rate_of_frames(LENGTHS)
    assert rate((TRUE, masked(FRAMES, MASK))) == pytest.approx(expected)
    assert rate_of_frames([6] * 4) != expected
    assert rate((TRUE, masked(np.where(MASK[..., None], FRAMES, np.nan), MASK))) == pytest.approx(expected)


def after_one_batch(metric):
    def function(y_true, y_pred, sample_weight):
        variables = [ops.zeros(()), ops.zeros(())]
        variables = metric.stateless_update_state(variables, y_true, y_pred, sample_weight)
        return metric.stateless_result(variables)

    return function


@pytest.mark.parametrize("form", FORMS)
def test_compiled(form):
    ones = np.ones(4, "float32")
    run = of_arrays(after_one_batch(keraslosses.EditDistance()), form, TRUE, FRAMES, ones)
    assert run(TRUE, FRAMES, ones) == pytest.approx(rate_of_frames([6] * 4))
    # In compiled code a hole in the labels and NaN among the frames show, unless their weight is 0.
    hole, undefined = TRUE.copy(), FRAMES.copy()
    hole[0], undefined[1, 2, 3] = [1, -1, 2], np.nan
    others = np.array([0, 1, 1, 1], "float32")
    assert np.isnan(run(hole, FRAMES, ones))
    assert np.isnan(run(TRUE, undefined, ones))
    assert run(hole, FRAMES, others) == pytest.approx(rate((TRUE, FRAMES, others)))


@pytest.fixture
def half_precision():
    before = keras.config.floatx()
    keras.config.set_floatx("float16")
    yield
    keras.config.set_floatx(before)


def test_result_has_the_dtype_and_the_sums_are_float32(half_precision):
    metric = keraslosses.EditDistance(dtype="float16")
    metric.update_state(*PAIR, 60_000.0)
    assert keras.backend.standardize_dtype(metric.result().dtype) == "float16"
    assert float(metric.result()) == pytest.approx(sum(DISTANCES) / sum(map(len, LABELS)), rel=1e-3)


def test_config_round_trip():
    metric = keraslosses.EditDistance("mine", "float16", blank_index=-1)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()
    assert (again.name, again.dtype, again.blank_index) == ("mine", "float16", -1)


def test_callbacks_know_that_it_should_fall():
    stop = keras.callbacks.EarlyStopping(monitor="edit_distance", patience=0)
    model = trained(keraslosses.SequenceMask(), callbacks=[stop])[0]
    assert stop.monitor_op is ops.less and model is stop.model


# In a model


class Nothing(keras.losses.Loss):
    """A loss of 0, so that training changes nothing."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return 0.0 * ops.sum(y_pred)


def trained(ends, epochs=1, callbacks=None, **options):
    """A model whose outputs are FRAMES with the mask of LENGTHS, and what `fit` says of it."""
    frames, lengths = keras.Input((None, 4)), keras.Input((), dtype="int32")
    hidden = keras.layers.Dense(4, kernel_initializer="identity", use_bias=False)(frames)
    model = keras.Model([frames, lengths], ends(hidden, lengths))
    model.compile("sgd", Nothing(), metrics=[keraslosses.EditDistance()], **options)
    history = model.fit(
        [FRAMES, LENGTHS], TRUE, batch_size=2, epochs=epochs, verbose=0, callbacks=callbacks, shuffle=False
    )
    return model, history.history["edit_distance"]


def test_in_fit_and_evaluate_with_the_mask_of_the_lengths(backend):
    model, seen = trained(keraslosses.SequenceMask())
    evaluated = model.evaluate([FRAMES, LENGTHS], TRUE, batch_size=2, verbose=0, return_dict=True)
    assert evaluated["edit_distance"] == pytest.approx(rate_of_frames(LENGTHS))
    # Keras 3.15.1 on JAX: the training step hands y_pred on without its mask.
    frames = [6] * 4 if backend == "jax" else LENGTHS
    assert seen == [pytest.approx(rate_of_frames(frames))]


def test_in_fit_with_certain_blanks_behind_the_end():
    model, seen = trained(keraslosses.SequenceMask(blank_index=0), epochs=2)
    assert seen == [pytest.approx(rate_of_frames(LENGTHS))] * 2
    predicted = model.predict([FRAMES, LENGTHS], verbose=0)
    assert rate((TRUE, predicted)) == pytest.approx(rate_of_frames(LENGTHS))


def test_in_fit_with_sample_weights():
    frames, lengths = keras.Input((None, 4)), keras.Input((), dtype="int32")
    hidden = keras.layers.Dense(4, kernel_initializer="identity", use_bias=False)(frames)
    model = keras.Model([frames, lengths], keraslosses.SequenceMask(0)(hidden, lengths))
    model.compile("sgd", Nothing(), weighted_metrics=[keraslosses.EditDistance()])
    weight = np.array([1.0, 0.0, 2.0, 0.5], "float32")
    seen = model.fit([FRAMES, LENGTHS], TRUE, sample_weight=weight, verbose=0).history["edit_distance"]
    assert seen == [pytest.approx(rate((TRUE, masked(FRAMES, MASK), weight)))]


def test_saved_with_a_model(tmp_path):
    model, _ = trained(keraslosses.SequenceMask(blank_index=0))
    model.compile("sgd", "mse", metrics=[keraslosses.EditDistance(blank_index=1)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    config = again.get_compile_config()["metrics"][0]["config"]
    assert config["blank_index"] == 1


def with_row(i, row):
    return np.concatenate([TRUE[:i], [row], TRUE[i + 1 :]])


MISTAKES = {
    "`blank_index` must be an integer. Received: blank_index=0.5": lambda: keraslosses.EditDistance(
        blank_index=0.5
    ),
    "`blank_index` must be an integer in [-4, 4). Received: blank_index=4": lambda: rate(
        (TRUE, FRAMES), blank_index=4
    ),
    "`blank_index` must be at least 0 if y_pred holds labels. Received: blank_index=-1": lambda: rate(
        PAIR, blank_index=-1
    ),
    "`y_true` must have shape (batch, longest) in EditDistance. Received: y_true.shape=(4,)": lambda: rate(
        (LENGTHS, FRAMES)
    ),
    "`y_pred` must have shape (batch, frames, classes) in EditDistance. Received: y_pred.shape=(4,)": lambda: (
        rate((TRUE, FRAMES[:, 0, 0]))
    ),
    "`y_true` must have as many samples as y_pred in EditDistance. Received: y_true.shape=(4, 3), y_pred.shape=(2, 6, 4)": (
        lambda: rate((TRUE, FRAMES[:2]))
    ),
    "`y_true` must hold labels from 0 below 4, and padding (negative, or the blank 0) only after them, in "
    "EditDistance. Received: y_true=-1 at (0, 0)": lambda: rate((with_row(0, [-1, 2, -1]), FRAMES)),
    "Received: y_true=0 at (1, 1)": lambda: rate((with_row(1, [1, 0, 2]), FRAMES)),
    "Received: y_true=4 at (0, 1)": lambda: rate((with_row(0, [1, 4, -1]), FRAMES)),
    "Received: y_true=1.5 at (0, 0)": lambda: rate((with_row(0, [1.5, 2, -1]), FRAMES)),
    "Received: y_pred=-1 at (0, 0)": lambda: rate((TRUE, with_row(0, [-1, 2, -1]))),
    "`sample_weight` must have the shape of the loss, (4,), or its first axes. Received: sample_weight.shape=(4, 6)": (
        lambda: rate((TRUE, FRAMES, MASK))
    ),
    "must keep the first frames of each sample in EditDistance": lambda: rate(
        (TRUE, masked(FRAMES, MASK[:, ::-1]))
    ),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_bad_input_is_named(message):
    with raises(message):
        MISTAKES[message]()
