"""From frames to labels: the map that collapses a path, and the search for the labels."""

import re

import numpy as np
import pytest
from compiled import FORMS, outcome, usual

import keraslosses
from keraslosses.reference import sequence


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
