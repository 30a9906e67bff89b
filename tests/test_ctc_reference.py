"""The reference of CTC against its definition: the sum over all alignments."""

from itertools import product

import numpy as np
import pytest

from keraslosses.reference import kinds, sequence
from keraslosses.reference.crossentropy import log_probability

UNIFORM = np.log(np.full((3, 3), 1 / 3))
FRAMES = np.log([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])


def labellings(classes, blank, longest):
    others = [label for label in range(classes) if label != blank]
    return [labels for n in range(longest + 1) for labels in product(others, repeat=n)]


@pytest.mark.parametrize(("classes", "blank"), [(c, b) for c in (1, 2, 3) for b in range(c)])
def test_recursion_is_the_sum_over_alignments(classes, blank):
    rng = np.random.default_rng(classes)
    for frames in range(1, 5):
        log_probs = log_probability(rng.normal(size=(frames, classes)), True, -1)
        for labels in labellings(classes, blank, 2):
            expected = sequence.log_likelihood_by_alignments(log_probs, labels, blank)
            assert sequence.log_likelihood(log_probs, labels, blank) == pytest.approx(expected, abs=1e-12)


def test_probabilities_of_all_labellings_sum_to_one():
    total = np.logaddexp.reduce([sequence.log_likelihood(FRAMES, y, 1) for y in labellings(3, 1, 4)])
    assert total == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("log_probs", "labels", "blank", "value"),
    [
        (UNIFORM, [1, 2], 0, 1.6863990),
        (UNIFORM, [1, 1], 0, 3.2958369),
        (UNIFORM, [], 0, 3.2958369),
        (UNIFORM, [1], 0, 1.5040774),
        (UNIFORM[:2], [1, 1], 0, np.inf),
        (FRAMES, [1, 2], 0, 1.0195701),
        (FRAMES[:3], [1, 2], 0, 0.8462984),
        (FRAMES, [1, 0], 2, 1.8247993),
        (FRAMES[:0], [], 0, 0.0),
        (FRAMES[:0], [1], 0, np.inf),
    ],
)
def test_stated_values(log_probs, labels, blank, value):
    assert -sequence.log_likelihood(log_probs, labels, blank) == pytest.approx(value, abs=5e-8)
    assert -sequence.log_likelihood_by_alignments(log_probs, labels, blank) == pytest.approx(value, abs=5e-8)


@pytest.mark.parametrize("path", ["ss-t-a-t-e", "sstt-aat-e", "-s-t-aatte"])
def test_paths_of_one_word(path):
    assert "".join(chr(c) for c in sequence.collapse([*path.encode()], ord("-"))) == "state"


def test_blank_between_equal_labels_keeps_both():
    assert sequence.collapse([1, 0, 1, 1, 0, 0], 0) == [1, 1]


ENTRY = sequence.REFERENCES[0]


@pytest.mark.parametrize("options", ENTRY.options, ids=str)
def test_gradient_is_that_of_the_values(options):
    y_true, y_pred = ENTRY.inputs(options)
    y_pred = y_pred.astype("float64")
    cotangent = np.array([1.0, -2.0, 0.5])
    expected = ENTRY.gradient(y_true, y_pred, options, cotangent)
    received = sequence.ctc_gradient(y_true, y_pred, **options) * cotangent[:, None, None]
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("hard", ENTRY.hard, ids=lambda hard: hard.what)
def test_gradient_at_hard_inputs(hard):
    y_true, y_pred = np.asarray(hard.y_true), np.asarray(hard.y_pred, "float64")
    expected = hard.gradient
    if expected is None:
        expected = ENTRY.gradient(y_true, y_pred, hard.options, np.ones(1))
    received = sequence.ctc_gradient(y_true, y_pred, **hard.options)
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-8)


def test_lengths_are_those_of_the_sample_alone():
    rng = np.random.default_rng(1)
    y, x = np.array([[1, 2, 1], [2, 2, 1]]), rng.normal(size=(2, 5, 3))
    lengths = {"label_length": [2, 1], "logit_length": [4, 3]}
    values, gradient = sequence.ctc(y, x, **lengths), sequence.ctc_gradient(y, x, **lengths)
    for i, (n, t) in enumerate([(2, 4), (1, 3)]):
        alone = y[i : i + 1, :n], x[i : i + 1, :t]
        assert values[i] == pytest.approx(sequence.ctc(*alone)[0])
        np.testing.assert_allclose(gradient[i, :t], sequence.ctc_gradient(*alone)[0])
        assert not gradient[i, t:].any()


def test_padding_changes_nothing_and_a_hole_is_no_number():
    x = np.random.default_rng(2).normal(size=(1, 4, 3))
    alone = sequence.ctc(np.array([[1, 2]]), x)
    for padding in ([-1], [0], [-1, 0, -5]):
        assert sequence.ctc(np.array([[1, 2, *padding]]), x) == alone
    for broken in ([1, -1, 2], [0, 1], [3]):
        assert np.isnan(sequence.ctc(np.array([broken]), x))
        assert np.isnan(sequence.ctc_gradient(np.array([broken]), x)).all()
    assert np.isnan(sequence.ctc(np.array([[1, -1]]), x, label_length=[2]))


def test_normalized_by_labels_or_frames():
    x = np.random.default_rng(3).normal(size=(2, 4, 3))
    y = np.array([[1, 2, -1], [-1, -1, -1]])
    value = sequence.ctc(y, x)
    np.testing.assert_allclose(sequence.ctc(y, x, normalize="target"), value / [2, 1])
    np.testing.assert_allclose(
        sequence.ctc(y, x, normalize="input", logit_length=[4, 0]), [value[0] / 4, 0.0]
    )


@pytest.mark.parametrize("leading", [(3, 5), (22,), (1, 1), (3, 2)])
@pytest.mark.parametrize("blank", [0, 2, -1])
def test_drawn_sequences_have_an_alignment(leading, blank):
    options = {"blank_index": blank}
    y_true, y_pred = kinds.SEQUENCES.draw(np.random.default_rng(0), options, leading)
    assert y_pred.shape == ((*leading, 7) if len(leading) == 2 else (*leading, 6, 7))
    assert y_true.shape == (leading[0], 4) and y_true.dtype == "int32"
    assert np.isfinite(sequence.ctc(y_true, y_pred, **options)).all()
    assert ((y_true >= 0).sum() > 0) or leading == (1, 1)
