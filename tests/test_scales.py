"""The reduced loss, by whichever form or kernel the backend has, against the formula in float64: for predictions
that are near the target, tiny and large.
"""

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.reference import REFERENCES, kinds

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

# Of the kinds whose losses have such forms: the factor of both, and how far the prediction lies off.
NUMBERS = [(1e-6, 1.0), (1e4, 1.0), (1e4, 1e-6), (1.0, 1e-4), (1e-3, 1e-3)]
LOGITS = [(1e-4, None), (30.0, None), (1e3, None)]
OF_BOTH_FORMS = kinds.LABELS_OR_DISTRIBUTIONS, kinds.LABELS_OR_DISTRIBUTIONS_AND_SCORES
SCALES = {
    **dict.fromkeys((kinds.REAL, kinds.VECTORS, kinds.POSITIVE), NUMBERS),
    **dict.fromkeys(
        (
            kinds.BINARY,
            kinds.BINARY_SCORES,
            kinds.ONE_HOT,
            kinds.LABELS,
            kinds.LABELS_AND_SCORES,
            *OF_BOTH_FORMS,
        ),
        LOGITS,
    ),
}
CASES = [
    (name, options, factor, off)
    for name, reference in REFERENCES.items()
    for options in reference.options[:4]
    for factor, off in SCALES.get(reference.kind, ())
    if off is not None or not reference.kind.holds_probabilities(options)
]


def inputs(reference, options, factor, off):
    y_true, y_pred = reference.inputs(options)
    if off is None:
        return y_true, (y_pred * factor).astype("float32")
    y_true = (y_true * factor).astype("float32")
    return y_true, (y_true * (1 - off) + y_pred * factor * off).astype("float32")


def mean_of(reference, y_true, y_pred, options):
    values = reference.values(y_true, y_pred, options)
    if options.get("ignore_class") is None:
        return values.mean()
    return values.sum() / np.sum(y_true != options["ignore_class"])


@pytest.mark.parametrize(("name", "options", "factor", "off"), CASES)
def test_reduced_loss_at_a_scale(name, options, factor, off):
    reference = REFERENCES[name]
    y_true, y_pred = inputs(reference, options, factor, off)
    loss = getattr(keraslosses, name)(**options)
    expected = mean_of(reference, y_true, y_pred, options)
    received = ops.convert_to_numpy(loss(y_true, ops.convert_to_tensor(y_pred)))
    assert received == pytest.approx(expected, rel=1e-5), keras.backend.backend()
