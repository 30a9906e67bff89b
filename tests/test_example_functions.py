"""What the examples compute beside their training, in NumPy: so on one backend only."""

import itertools
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from short_examples import run, script, shortened

from keraslosses.reference.sequence import collapse

pytestmark = pytest.mark.deep


def names_of(example, folder):
    matplotlib.use("agg")
    _, names = run(shortened(example, script(example)), folder)
    pyplot.close("all")
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    return names_of("digit_detector", tmp_path_factory.mktemp("detector"))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return names_of("read_digit_strips", tmp_path_factory.mktemp("reader"))


BOX, NEXT_TO_IT, HALF_OF_IT = [2, 2, 12, 22], [30, 30, 50, 40], [2, 2, 12, 12]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([[0.9, 7, *BOX], [0.8, 3, *NEXT_TO_IT]], (1.0, 1.0)),
        ([[0.9, 7, *BOX]], (0.5, 0.5)),
        ([[0.9, 7, *BOX], [0.8, 4, *NEXT_TO_IT]], (1.0, 0.5)),
        ([[0.9, 7, *HALF_OF_IT], [0.8, 3, *NEXT_TO_IT]], (0.75, 1.0)),
        # The second of two on one digit is wrong, and comes before the other digit.
        ([[0.9, 7, *BOX], [0.85, 7, *BOX], [0.8, 3, *NEXT_TO_IT]], (1.0, 0.5 + 0.5 * 2 / 3)),
        ([[0.9, 7, *NEXT_TO_IT]], (0.5, 0.0)),
    ],
)
def test_detector_is_judged(detector, found, expected):
    truth = np.array([[7, *BOX], [3, *NEXT_TO_IT]])
    np.testing.assert_allclose(detector.judged([truth], [np.array(found)]), expected, rtol=1e-6)


def test_detector_finds_what_its_targets_say(detector):
    """Targets turned into predictions come out as the boxes that they were made of."""
    _, truth = detector.scene(np.random.default_rng(4), detector.SEEN, detector.SEEN_DIGITS)
    target = detector.targets(truth)
    predicted = np.full((1, len(target), 15), -9.0)
    for place, (label, *distances) in enumerate(target):
        if label:
            predicted[0, place, int(label) - 1] = predicted[0, place, 14] = 9.0
        predicted[0, place, 10:14] = distances
    (found,) = detector.detections(predicted, most=256)
    assert sorted(map(tuple, found[:, 1:])) == sorted(map(tuple, truth))


@pytest.mark.parametrize("labels", [[], [2], [1, 2], [1, 1], [2, 1, 2]])
def test_reader_aligns_by_the_most_probable_path(reader, labels):
    log_probs = np.log(np.random.default_rng(len(labels)).dirichlet([1, 1, 1], 5))
    paths = [path for path in itertools.product(range(3), repeat=5) if collapse(path, 0) == labels]
    best = max(paths, key=lambda path: log_probs[np.arange(5), path].sum())
    assert reader.aligned(log_probs, labels).tolist() == list(best)


def test_reader_draws_strips_as_wide_as_it_says(reader):
    strips = [reader.strip(np.random.default_rng(i), reader.SEEN, reader.SEEN_DIGITS) for i in range(20)]
    (pictures, frames), labels = reader.batch_of(strips)
    for (canvas, used, digits), picture, count, row in zip(strips, pictures, frames, labels, strict=True):
        assert reader.FEWEST <= len(digits) <= reader.MOST
        assert (row[row > 0] - 1).tolist() == digits and (row > 0).sum() == len(digits)
        assert canvas[:, used - 1].any() and not canvas[:, used:].any()
        assert not picture[count * reader.COLUMNS :].any() and picture[(count - 1) * reader.COLUMNS :].any()
