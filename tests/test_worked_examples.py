"""The worked examples of the source articles: the numbers that a reader of those would check first."""

import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.portability.gradients import value_and_gradient

LOGITS = [[0.8, 0.1, 0.4], [0.1, 0.9, 0.2], [0.5, 0.4, 0.6]]
# Two classifiers that are right on two of three samples of classes 2, 1, 0.
CLASSES = [2, 1, 0]
ONE_HOT = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
HESITANT = [[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]]
SURE = [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]]
# An outlier that is off by a tenth, and three small values that are each off by one.
PRICES = [1.0, 2.0, 3.0, 100.0]
OUTLIER_OFF = [1.0, 2.0, 3.0, 110.0]
SMALL_ONES_OFF = [2.0, 3.0, 4.0, 100.0]
# A distribution over four symbols of which two never come, and the uniform one.
HALVES, QUARTERS = [0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]


def array(numbers):
    numbers = np.asarray(numbers)
    return numbers.astype("int32" if numbers.dtype.kind == "i" else "float32")


def cost(loss, y_true, y_pred):
    return float(ops.convert_to_numpy(loss(array(y_true), array(y_pred).astype("float32"))))


LOG_COST = keraslosses.SparseCategoricalCrossentropy()
LOGIT_COST = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
SUM_OF_SQUARES = keraslosses.MeanSquaredError(reduction="sum")
BITS = 1 / np.log(2)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        # Source articles on regression: L1 of ones against zeros, squared error of twos against zeros.
        pytest.param(keraslosses.MeanAbsoluteError(), np.zeros((4, 5)), np.ones((4, 5)), 1.0, id="L1"),
        pytest.param(
            keraslosses.MeanSquaredError(), np.zeros((4, 5)), np.full((4, 5), 2.0), 4.0, id="squared error"
        ),
        # Source articles on regression: labels 30, 60, 90 against outputs 25, 55, 96.
        pytest.param(
            keraslosses.MeanAbsoluteError(), [30.0, 60.0, 90.0], [25.0, 55.0, 96.0], 16 / 3, id="MAE"
        ),
        # Source articles on boxes: smooth L1 of (.8, .1) against (1, 1).
        pytest.param(keraslosses.SmoothL1(), [[1.0, 1.0]], [[0.8, 0.1]], 0.2125, id="smooth L1"),
        # Source articles on classification: three rows of logits, the largest on the label each time.
        pytest.param(LOGIT_COST, [0, 1, 2], LOGITS, 0.8136582730, id="cross-entropy of logits"),
        # Source articles on several labels: the mean over the classes, then over the samples. With Keras's
        # clipping it is .07231082.
        pytest.param(
            keraslosses.BinaryCrossentropy(),
            [[0, 1, 1], [0, 1, 0]],
            [[0.1, 0.9, 0.8], [0, 1, 0]],
            0.0723107638,
            id="binary cross-entropy",
        ),
        # Source articles on why accuracy is no loss: both classifiers have an error rate of 1/3.
        pytest.param(LOG_COST, CLASSES, HESITANT, 1.3783888522, id="cross-entropy, hesitant"),
        pytest.param(LOG_COST, CLASSES, SURE, 0.6391075641, id="cross-entropy, sure"),
        # The same two by the squared error, which is summed over the classes there.
        pytest.param(keraslosses.MeanSquaredError(), ONE_HOT, HESITANT, 2.42 / 9, id="squares, hesitant"),
        pytest.param(keraslosses.MeanSquaredError(), ONE_HOT, SURE, 1.02 / 9, id="squares, sure"),
        # Source articles on outliers: the sums of squares (called MSE there, which is a quarter of them).
        pytest.param(SUM_OF_SQUARES, PRICES, OUTLIER_OFF, 100.0, id="squares, outlier off"),
        pytest.param(SUM_OF_SQUARES, PRICES, SMALL_ONES_OFF, 3.0, id="squares, small ones off"),
        pytest.param(keraslosses.MeanSquaredError(), PRICES, OUTLIER_OFF, 25.0, id="MSE, outlier off"),
        pytest.param(keraslosses.MeanSquaredError(), PRICES, SMALL_ONES_OFF, 0.75, id="MSE, small ones off"),
        # Source articles on information: p = (1/2, 1/2, 0, 0) in the code for q = (1/4, 1/4, 1/4, 1/4).
        pytest.param(keraslosses.KLDivergence(), [HALVES], [QUARTERS], np.log(2), id="KL in nats"),
        pytest.param(
            keraslosses.CategoricalCrossentropy(), [HALVES], [HALVES], 1 / BITS, id="entropy: 1 bit"
        ),
        pytest.param(
            keraslosses.CategoricalCrossentropy(), [HALVES], [QUARTERS], 2 / BITS, id="cross-entropy: 2 bits"
        ),
    ],
)
def test_example(loss, y_true, y_pred, expected):
    assert cost(loss, y_true, y_pred) == pytest.approx(expected, rel=5e-7)


# Source articles on outliers, to the seven places given there; their roots are .047 and .27.
@pytest.mark.parametrize(
    ("y_pred", "expected", "root"),
    [(OUTLIER_OFF, 0.0022283, "0.047"), (SMALL_ONES_OFF, 0.0742390, "0.27")],
    ids=["outlier off", "small ones off"],
)
def test_squared_logarithmic_error_turns_the_order_round(y_pred, expected, root):
    received = cost(keraslosses.MeanSquaredLogarithmicError(), [PRICES], [y_pred])
    assert received == pytest.approx(expected, abs=6e-8)
    assert f"{received**0.5:.2g}" == root


# Libra R-CNN's loss of one error x, to the seven places of the table.
BALANCED = {
    1.0: {
        0.05: 0.0093036,
        0.1: 0.0313531,
        0.25: 0.1400365,
        0.5: 0.4005675,
        0.75: 0.7197796,
        1.0: 1.0785935,
        1.5: 1.8285935,
        2.0: 2.5785935,
    },
    0.5: {0.25: 0.2002838, 0.5: 0.5392968, 1.0: 1.2892968},
    2.0: {0.5: 0.2800730, 1.0: 0.8011350, 2.0: 2.1571871},
}


@pytest.mark.parametrize(
    ("beta", "error", "expected"),
    [(beta, x, value) for beta, row in BALANCED.items() for x, value in row.items()],
)
def test_balanced_l1(beta, error, expected):
    for sign in (1, -1):
        received = cost(keraslosses.BalancedL1(beta=beta), [[3.0]], [[3.0 + sign * error]])
        # Seven places, and the rounding of 3 + x to float32 times the largest slope.
        assert received == pytest.approx(expected, abs=6e-8 + 1.5 * 2.4e-7)


# Source articles on classification: softmax (.34, .46, .20) and true class 0.
@pytest.mark.parametrize("sparse", [True, False], ids=["class index", "one-hot"])
def test_gradient_of_the_cross_entropy_by_the_logits(sparse):
    loss = (keraslosses.SparseCategoricalCrossentropy if sparse else keraslosses.CategoricalCrossentropy)(
        from_logits=True
    )
    y_true = np.array([0]) if sparse else np.array([[1.0, 0.0, 0.0]], "float32")
    logits = np.log(np.array([[0.34, 0.46, 0.20]])).astype("float32")
    _, gradient = value_and_gradient(loss, y_true, logits)
    np.testing.assert_allclose(gradient, [[-0.66, 0.46, 0.20]], rtol=1e-6)


# Source articles on a sigmoid unit that is saturated and wrong: squares hardly move it, cross-entropy does.
@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda y, x: keraslosses.mean_squared_error(y, ops.sigmoid(x)), 2 * (1 - 0.0) * 3.3535e-4),
        (lambda y, x: keraslosses.binary_crossentropy(y, ops.sigmoid(x)), 1.0),
        (lambda y, x: keraslosses.binary_crossentropy(y, x, from_logits=True), 1.0),
    ],
    ids=["squares", "cross-entropy of probabilities", "cross-entropy of logits"],
)
def test_gradient_of_a_saturated_unit(loss, expected):
    _, gradient = value_and_gradient(loss, np.array([[1.0]], "float32"), np.array([[-8.0]], "float32"))
    np.testing.assert_allclose(gradient, [[-expected]], rtol=1e-3)


# Source articles on margins: the logits (3.1, 3, 3) are no more separable for being scaled up, yet cost less.
def test_scaling_logits_up_lowers_the_softmax_loss():
    costs = [cost(LOGIT_COST, [0], np.array([[3.1, 3.0, 3.0]]) * scale) for scale in (1, 2, 5, 10)]
    assert costs == pytest.approx([1.0330686, 0.9698169, 0.7943767, 0.5514447], rel=1e-6)
