"""From frames to labels: the map that collapses a path, and the search for the labels."""

import re
from itertools import product

import keras
import numpy as np
import pytest
from compiled import BACKEND, FORMS, outcome, usual
from keras import ops
from masks import masked

import keraslosses
from keraslosses.decoding.beam_search import beam_search
from keraslosses.reference import sequence
from keraslosses.reference.crossentropy import log_probability

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def filled(labels, size):
    return [*labels, *[-1] * (size - len(labels))]


# Collapsing a path

PATHS = np.random.default_rng(0).integers(0, 3, (40, 9))


@pytest.mark.parametrize("path", ["ss-t-a-t-e", "sstt-aat-e", "-s-t-aatte"])
def test_paths_of_one_word(path):
    labels = usual(lambda path: keraslosses.ctc_collapse(path, ord("-")), [*path.encode()])
    assert labels.tolist() == filled(b"state", len(path))
    assert labels.dtype == "int32"


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_collapses_as_the_definition(blank):
    expected = [filled(sequence.collapse(path.tolist(), blank), 9) for path in PATHS]
    received = usual(lambda path: keraslosses.ctc_collapse(path, blank), PATHS)
    assert received.tolist() == expected


@pytest.mark.parametrize("form", FORMS)
def test_collapses_compiled(form):
    expected = usual(keraslosses.ctc_collapse, PATHS)
    np.testing.assert_array_equal(outcome(keraslosses.ctc_collapse, PATHS, form=form), expected)


def test_negative_entries_are_dropped():
    paths = [[1, 1, -1, -1, -3], [-1, 2, -1, 2, 0], [0, 0, -1, 1, 2]]
    received = usual(keraslosses.ctc_collapse, paths)
    assert received.tolist() == [[1, -1, -1, -1, -1], [2, 2, -1, -1, -1], [1, 2, -1, -1, -1]]


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_nothing_collapses_to_nothing(shape):
    assert outcome(keraslosses.ctc_collapse, np.zeros(shape, "int32")).shape == shape


COLLAPSE_MISTAKES = {
    "`blank_index` must be an integer of at least 0. Received: blank_index=-1": ([1, 2], -1),
    "`blank_index` must be an integer of at least 0. Received: blank_index=True": ([1, 2], True),
    "`path` must hold integers in the shape (frames,) or (batch, frames) in ctc_collapse. "
    "Received: path.shape=(2,), path.dtype=": ([0.5, 1.0], 0),
    "Received: path.shape=(1, 1, 1), path.dtype=": ([[[1]]], 0),
}


@pytest.mark.parametrize("message", COLLAPSE_MISTAKES)
def test_collapse_names_mistakes(message):
    with raises(message):
        keraslosses.ctc_collapse(*COLLAPSE_MISTAKES[message])


# Decoding

RNG = np.random.default_rng(5)
LOGITS = RNG.normal(0, 2, (4, 5, 3)).astype("float32")
LENGTHS = np.array([5, 0, 3, 1], "int32")
MASK = np.arange(5) < LENGTHS[:, None]
WIDE = 3**5


def softmax(logits):
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def decoder(**options):
    def decode(logits, lengths):
        return keraslosses.ctc_decode(logits, logit_length=lengths, **options)

    return decode


def by_brute_force(logits, blank):
    """Every labelling of a sequence with its log-probability, most probable first."""
    log_probs = np.log(softmax(logits.astype("float64")))
    frames, classes = log_probs.shape
    found = {}
    for path in product(range(classes), repeat=frames):
        score = sum(log_probs[t, symbol] for t, symbol in enumerate(path))
        labels = tuple(sequence.collapse(path, blank))
        found[labels] = np.logaddexp(found.get(labels, -np.inf), score)
    return sorted(found.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("blank", [0, 1, -1])
def test_greedy_labels_and_their_probability(blank):
    labels, values = usual(decoder(blank_index=blank), LOGITS, LENGTHS)
    assert labels.dtype == "int32" and values.dtype == "float32"
    for i, length in enumerate(LENGTHS):
        frames = LOGITS[i, :length]
        expected = sequence.collapse(frames.argmax(-1).tolist(), blank % 3)
        assert labels[i].tolist() == filled(expected, 5)
        assert values[i] == pytest.approx(dict(by_brute_force(frames, blank % 3))[tuple(expected)], abs=1e-5)


@pytest.mark.parametrize("blank", [0, -2])
def test_wide_beam_finds_the_most_probable_labels(blank):
    labels, values = outcome(
        decoder(strategy="beam_search", blank_index=blank, beam_width=WIDE, top_paths=3), LOGITS, LENGTHS
    )
    for i, length in enumerate(LENGTHS):
        best = by_brute_force(LOGITS[i, :length], blank % 3)[:3]
        assert labels[i].tolist() == [filled(y, 5) for y, _ in best] + [[-1] * 5] * (3 - len(best))
        expected = [value for _, value in best] + [-np.inf] * (3 - len(best))
        np.testing.assert_allclose(values[i], expected, rtol=1e-5, atol=1e-5)


def test_narrow_beam_says_the_whole_probability_of_what_it_finds():
    search = decoder(strategy="beam_search", beam_width=2)
    labels, values = outcome(search, LOGITS, LENGTHS)
    assert labels.shape == (4, 5) and values.shape == (4,)
    for i, length in enumerate(LENGTHS):
        found = tuple(int(label) for label in labels[i] if label >= 0)
        expected = dict(by_brute_force(LOGITS[i, :length], 0))[found]
        assert values[i] == pytest.approx(expected, abs=1e-5)


def test_beam_search_is_never_worse_than_greedy():
    logits = RNG.normal(0, 1, (8, 12, 5)).astype("float32")
    lengths = np.full(8, 12)
    labels, values = usual(decoder(), logits, lengths)
    better_labels, better = outcome(decoder(strategy="beam_search"), logits, lengths)
    assert (better >= values - 1e-5).all()
    assert (better_labels != labels).any(axis=1).sum() > 2
    for i in range(8):
        expected = -sequence.ctc(better_labels[i : i + 1], logits[i : i + 1].astype("float64"))
        assert better[i] == pytest.approx(expected[0], abs=1e-4)


def test_beam_merges_a_prefix_that_came_back():
    """A prefix that left the beam while a longer one stayed is the same one when it is reached again."""
    for seed in range(150):
        log_probs = log_probability(np.random.default_rng(seed).normal(0, 2, (14, 3)), True, -1)
        found = beam_search(log_probs, 0, 5, 5)
        assert len({tuple(labels) for labels in found}) == len(found)


@pytest.mark.parametrize("options", [{}, {"strategy": "beam_search", "top_paths": 2}], ids=str)
def test_sample_alone_and_padding(options):
    run = outcome if options else usual
    labels, values = run(decoder(**options), LOGITS, LENGTHS)
    poisoned = np.where(MASK[..., None], LOGITS, 50 * RNG.normal(size=LOGITS.shape)).astype("float32")
    same_labels, same_values = run(decoder(**options), poisoned, LENGTHS)
    np.testing.assert_array_equal(same_labels, labels)
    np.testing.assert_array_equal(same_values, values)
    alone, value = run(decoder(**options), LOGITS[2:3, :3], LENGTHS[2:3])
    np.testing.assert_array_equal(alone[0], labels[2][..., :3])
    np.testing.assert_allclose(value[0], values[2], rtol=1e-5)


def test_probabilities_are_divided_by_their_sum():
    expected = usual(decoder(), LOGITS, LENGTHS)
    received = usual(decoder(from_logits=False), 3 * softmax(LOGITS), LENGTHS)
    np.testing.assert_array_equal(received[0], expected[0])
    np.testing.assert_allclose(received[1], expected[1], rtol=1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_greedy_compiled(form):
    labels, values = outcome(decoder(), LOGITS, LENGTHS)
    received = outcome(decoder(), LOGITS, LENGTHS, form=form)
    np.testing.assert_array_equal(received[0], labels)
    np.testing.assert_allclose(received[1], values, rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_beam_search_says_that_it_does_not_compile(form):
    # torch wraps what is raised while it traces in an error of its own.
    with pytest.raises(Exception, match="`strategy` must be 'greedy' in compiled code") as raised:
        outcome(decoder(strategy="beam_search"), LOGITS, LENGTHS, form=form)
    assert BACKEND == "torch" or raised.type is ValueError


@pytest.mark.parametrize("form", FORMS)
def test_length_out_of_range_is_nan_in_compiled_code(form):
    _, values = outcome(decoder(), LOGITS, [5, 6, -1, 2], form=form)
    assert np.isnan(values).tolist() == [False, True, True, False]


@pytest.mark.parametrize("options", [{}, {"strategy": "beam_search"}], ids=str)
def test_mask_gives_the_lengths(options):
    expected = outcome(decoder(**options), LOGITS, LENGTHS)
    labels, values = keraslosses.ctc_decode(masked(LOGITS, MASK), **options)
    np.testing.assert_array_equal(N(labels), expected[0])
    np.testing.assert_allclose(N(values), expected[1], rtol=1e-5)
    # Lengths that are given count before the mask.
    labels, _ = keraslosses.ctc_decode(masked(LOGITS, MASK[::-1]), logit_length=LENGTHS, **options)
    np.testing.assert_array_equal(N(labels), expected[0])


@pytest.mark.parametrize("options", [{}, {"strategy": "beam_search"}], ids=str)
@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 4, 3)])
def test_without_frames_or_samples_there_are_no_labels(shape, options):
    labels, values = keraslosses.ctc_decode(np.zeros(shape, "float32"), **options)
    assert N(labels).shape == shape[:2]
    np.testing.assert_array_equal(N(values), np.zeros(shape[0]))


def test_certain_blanks_behind_the_end_change_nothing():
    """What `SequenceMask(blank_index=0)` leaves behind the end needs no lengths."""
    expected = usual(decoder(), LOGITS, LENGTHS)
    logits = N(keraslosses.SequenceMask(blank_index=0)(LOGITS, LENGTHS))
    labels, values = usual(decoder(), logits, np.full(4, 5))
    np.testing.assert_array_equal(labels, expected[0])
    np.testing.assert_allclose(values, expected[1], rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"strategy": "beam_search", "top_paths": 2}], ids=str)
def test_nan_among_the_frames_shows(options):
    logits = LOGITS.copy()
    logits[0, 2, 1] = np.nan
    _, values = outcome(decoder(**options), logits, LENGTHS)
    assert np.isnan(values).reshape(4, -1).all(axis=1).tolist() == [True, False, False, False]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype):
    narrow = ops.cast(LOGITS, dtype)
    expected = usual(decoder(), N(ops.cast(narrow, "float32")), LENGTHS)
    labels, values = keraslosses.ctc_decode(narrow, logit_length=LENGTHS)
    np.testing.assert_array_equal(N(labels), expected[0])
    assert keras.backend.standardize_dtype(values.dtype) == "float32"
    np.testing.assert_allclose(N(values), expected[1], rtol=1e-5)


DECODE_MISTAKES = {
    "`strategy` must be one of 'greedy', 'beam_search'. Received: strategy='beam'": {"strategy": "beam"},
    "`from_logits` must be True or False. Received: from_logits=1": {"from_logits": 1},
    "`beam_width` must be a positive integer. Received: beam_width=0": {"beam_width": 0},
    "`top_paths` must be 1 with the greedy strategy, and at most beam_width with beam search. Received: top_paths=2": {
        "top_paths": 2
    },
    "and at most beam_width with beam search. Received: top_paths=3": {
        "strategy": "beam_search",
        "beam_width": 2,
        "top_paths": 3,
    },
    "`blank_index` must be an integer in [-3, 3). Received: blank_index=3": {"blank_index": 3},
    "`y_pred` must have shape (batch, frames, classes) in ctc_decode. Received: y_pred.shape=(5, 3)": {
        "y_pred": LOGITS[0]
    },
    "`logit_length` must lie between 0 and 5 in ctc_decode. Received: 6 at 1": {"logit_length": [5, 6, 0, 0]},
    "`logit_length` must hold one integer for each sample in ctc_decode": {"logit_length": [5, 0, 0]},
    "must have the shape (batch, frames) in ctc_decode. Received: mask.shape=(4, 4)": {
        "y_pred": masked(LOGITS, MASK[:, :4])
    },
    "must keep the first frames of each sample in ctc_decode. Received: frames after a masked frame in sample 2": {
        "y_pred": masked(LOGITS, MASK[:, ::-1])
    },
}


@pytest.mark.parametrize("message", DECODE_MISTAKES)
def test_decode_names_mistakes(message):
    with raises(message):
        keraslosses.ctc_decode(**{"y_pred": LOGITS, **DECODE_MISTAKES[message]})
