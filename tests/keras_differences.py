"""What keras.losses and keraslosses answer differently: the rows of docs/keras-differences.md.

`python tests/keras_differences.py` writes the page. A test computes every value on every backend.
"""

from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).parent.parent / "docs" / "keras-differences.md"
KERAS = "3.15.1"
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "torch"}
NAN = float("nan")
INF = float("inf")


class Row(NamedTuple):
    """One difference. `call` is Python, with the names of either package; see `names_of` in the test.

    A value is a number, nested lists, a word, or "raises"; Keras's may be a dict of them by backend, and
    `newer` is what Keras gives from 3.16 on, where that differs. `here` is the call of this package, where it has
    another name.
    """

    call: str
    keras: Any
    ours: Any
    why: str
    newer: Any = None
    here: str = ""

    def of_keras(self, backend: str, version: tuple[int, ...]) -> Any:
        value = self.keras if self.newer is None or version < (3, 16) else self.newer
        return value[backend] if isinstance(value, dict) else value


def by_backend(tensorflow: Any, jax: Any, torch: Any) -> dict[str, Any]:
    return {"tensorflow": tensorflow, "jax": jax, "torch": torch}


# Two classes along axis 1, at three places.
SECOND = "[[[1, 0, 1], [0, 1, 0]]], [[[0.2, 0.5, 0.9], [0.8, 0.5, 0.1]]]"
CLIPPED = "Keras clips the probabilities to [1e-7, 1 - 1e-7]; here nothing is clipped, and the gradient is that of the value"
SMOOTHING = "Keras divides the smoothing by the size of the last axis, not by that of `axis`"
RULED_OUT = "a class ruled out costs nothing where it is not the target; Keras multiplies 0 by -inf"
NOTHING = "a row of zeros counts as uniform; Keras divides 0 by 0"
FROM_ABOVE = "1 - 1e-7 is 1 - 1.19e-7 in float32, so Keras's clipping is not the same at both ends; here it is from below only"
EMPTY_REGIONS = "two empty regions agree"
COPIES = "here a batch-wide value is repeated for each sample, as under tf.distribute it must be"
OWN_SCALE = "squares of large numbers overflow in Keras; here vectors are scaled first"
BATCH_OF_NUMBERS = "a rank-1 pair is a batch of single numbers; Keras takes it for one sample"
LEFT_TO_RIGHT = (
    "a weight for each sample extends from the left; Keras broadcasts it along the last axis of the result"
)
FROM_THE_LEFT = "where the sizes differ, Keras cannot broadcast it"
KINK = "at a kink one choice for all backends: `max(0, x)` and `abs(x)` have derivative 0 at 0"
OUTSIDE = (
    "what is no probability is never a finite wrong number: an error where it can be seen, else NaN; the cause is "
    "mostly a forgotten `from_logits=True`"
)
OPTION = "options are checked when the loss is made"

ROWS = (
    # Values
    Row(
        "LogCosh()([[0.0]], [[1e-3]])",
        by_backend(4.7684e-7, 5.3644e-7, 4.7684e-7),
        5.0e-7,
        "`x + softplus(-2x) - log 2` loses its digits near 0",
    ),
    Row("LogCosh()([[0.0]], [[1e-4]])", 0.0, 5.0e-9, "as above"),
    Row("BinaryCrossentropy()([[0.0]], [[1.0]])", 15.942, 16.118, FROM_ABOVE),
    Row("BinaryCrossentropy()([[1.0]], [[1.0]])", 1.1921e-7, 0.0, "certain and right costs exactly 0"),
    Row(
        "gradient(BinaryCrossentropy(), [[1.0]], [[1.0]])", [[0.0]], [[-1.0]], "the derivative of -log p at 1"
    ),
    Row("BinaryCrossentropy(from_logits=True)([[0.0]], [[-inf]])", NAN, 0.0, RULED_OUT),
    Row(
        "CategoricalCrossentropy()([[1, 0]], [[1.0, 0.0]])",
        1.1921e-7,
        0.0,
        "certain and right costs exactly 0",
    ),
    Row("CategoricalCrossentropy(from_logits=True)([[1, 0]], [[1.0, -inf]])", NAN, 0.0, RULED_OUT),
    Row("CategoricalCrossentropy()([[1, 0]], [[0.0, 0.0]])", NAN, 0.69315, NOTHING),
    Row(
        f"CategoricalCrossentropy(label_smoothing=0.5, axis=1)({SECOND})",
        0.71393,
        0.87023,
        SMOOTHING,
        newer=0.87023,
    ),
    Row(
        "SparseCategoricalCrossentropy(from_logits=True)(array([0]), array([[1.0, -inf]]))",
        by_backend(0.0, NAN, 0.0),
        0.0,
        "as with `CategoricalCrossentropy`",
    ),
    Row(
        "SparseCategoricalCrossentropy()(array([0]), array([[0.0, 0.0]]))",
        by_backend(0.69315, NAN, NAN),
        0.69315,
        NOTHING,
    ),
    Row(
        "SparseCategoricalCrossentropy()(array([0]), array([[1e-8, 1e-3]]))",
        by_backend(9.2104, 11.513, 11.513),
        11.513,
        "Keras on TensorFlow clips before it divides by the sum; elsewhere, and here, after",
    ),
    Row(
        "SparseCategoricalCrossentropy(axis=1)(array([[0, 1, 0]]), array([[[0.5, 0.25, 1.0], [0.5, 0.75, 0.0]]]))",
        by_backend("raises", "raises", 0.32694),
        0.32694,
        "Keras's kernels want the classes last",
    ),
    Row(
        'SparseCategoricalCrossentropy(from_logits=True, dtype="bfloat16")(array([257]), 100 * np.eye(1, 300, 257))',
        100.0,
        0.0,
        "Keras casts labels to the dtype of the loss, and bfloat16 has no 257; here labels stay integers",
    ),
    Row(
        'SparseCategoricalCrossentropy(from_logits=True, dtype="bfloat16")(array([511]), 100 * np.eye(1, 512))',
        by_backend("raises", 0.0, "raises"),
        100.0,
        "as above; there 511 becomes 512, which is out of range",
    ),
    Row(
        "SparseCategoricalCrossentropy()(array([5]), array([[0.25, 0.25, 0.5]]))",
        by_backend("raises", 0.0, "raises"),
        "raises",
        "a label out of range is never a finite wrong number: an error where it can be seen, else NaN",
    ),
    Row(
        "CategoricalGeneralizedCrossEntropy()(array([5]), array([[0.25, 0.25, 0.5]]))",
        by_backend(2.0, 2.0, "raises"),
        "raises",
        "as above",
    ),
    Row(
        "CategoricalGeneralizedCrossEntropy()(array([[1.0, 0.0]]), array([[0.5, 0.5]]))",
        0.58579,
        "raises",
        "y_true holds class indices; Keras takes a one-hot row for several labels of one sample",
    ),
    Row("BinaryCrossentropy()([[1.0]], [[5.0]])", 1.1921e-7, "raises", OUTSIDE),
    Row(
        "BinaryCrossentropy()([[-1.0, 1.0]], [[0.5, 0.5]])",
        by_backend(0.69315, 0.69315, "raises"),
        "raises",
        "a label of -1 for what is not known is no target; here `ignore_class=-1` takes it out of the mean",
    ),
    Row(
        "BinaryFocalCrossentropy()([[-1.0]], [[0.5]])",
        by_backend(0.17329, 0.17329, "raises"),
        "raises",
        "as above",
    ),
    Row(
        "BinaryCrossentropy()([[255.0]], [[0.75]])",
        by_backend(-278.76, -278.76, "raises"),
        "raises",
        "a mask of 0 and 255 is no target: as above",
    ),
    Row("CategoricalCrossentropy()([[0, 1]], [[-2.0, 3.0]])", 1.1921e-7, "raises", OUTSIDE),
    Row(
        "CategoricalGeneralizedCrossEntropy()(array([0]), array([[4.0, 0.5]]))",
        -2.0,
        "raises",
        OUTSIDE,
    ),
    Row("KLDivergence()([[1.0, 0.0]], [[5.0, -4.0]])", 0.0, "raises", OUTSIDE),
    Row("Dice()([[0, 255]], [[0.0, 1.0]])", -0.99219, "raises", "a mask of 0 and 255 is no target: as above"),
    Row("Tversky()([[0, 1]], [[-2.0, 3.0]])", -2.0, "raises", OUTSIDE),
    Row("CategoricalHinge()([[-1.0, 1.0]], [[2.0, 3.0]])", 4.0, "raises", "-1 and 1 is no one-hot row"),
    Row(
        "SparseCategoricalCrossentropy()([0], [[0.25, 0.75]])",
        "raises",
        1.3863,
        "lists are as good as arrays",
    ),
    Row(
        'CategoricalGeneralizedCrossEntropy(reduction="none")(array([[0], [1]]), array([[0.64, 0.36], [0.75, 0.25]]))',
        [[0.4, 0.26795], [0.8, 1.0]],
        [0.4, 1.0],
        "labels of shape (B, 1) are (B,); Keras pairs every sample with every other",
    ),
    Row(
        "gradient(CategoricalGeneralizedCrossEntropy(), array([0]), array([[0.0, 1.0]]))",
        [[-INF, NAN]],
        [[-3162.3, 0.0]],
        "the derivative of p^q takes max(p, 1e-7)",
    ),
    Row("BinaryFocalCrossentropy()([[0.0]], [[1.0]])", 15.942, 16.118, FROM_ABOVE),
    Row(
        "BinaryFocalCrossentropy(from_logits=True)([[1.0]], [[-100.0]])",
        by_backend(100.0, 16.118, 16.118),
        100.0,
        CLIPPED,
    ),
    Row(
        "gradient(BinaryFocalCrossentropy(from_logits=True), [[1.0]], [[-100.0]])",
        by_backend([[-1.0]], [[0.0]], [[0.0]]),
        [[-1.0]],
        "as above",
    ),
    Row(
        "gradient(BinaryFocalCrossentropy(gamma=0.5), [[1.0]], [[1.0]])",
        [[NAN]],
        [[0.0]],
        "the root of `1 - p_t` has no derivative at 0; here it is 0 there",
    ),
    Row("CategoricalFocalCrossentropy(from_logits=True)([[1, 0]], [[-100.0, 100.0]])", 4.0295, 50.0, CLIPPED),
    Row(
        "gradient(CategoricalFocalCrossentropy(from_logits=True), [[1, 0]], [[-100.0, 100.0]])",
        [[0.0, 0.0]],
        [[-0.25, 0.25]],
        "as above",
    ),
    Row("CategoricalFocalCrossentropy()([[1, 0]], [[0.0, 0.0]])", NAN, 0.043322, NOTHING),
    Row(
        f"CategoricalFocalCrossentropy(label_smoothing=0.5, axis=1)({SECOND})",
        0.095345,
        0.11793,
        SMOOTHING,
        newer=0.11793,
    ),
    Row(
        "CategoricalFocalCrossentropy(alpha=[0.2, 0.8], axis=1)([[[1, 1], [0, 0]]], [[[0.5, 0.5], [0.5, 0.5]]])",
        0.086643,
        0.034657,
        "Keras lays a list `alpha` along the last axis, not along `axis`",
    ),
    Row(
        "CategoricalFocalCrossentropy(alpha=[0.25])([[1, 0]], [[0.5, 0.5]])",
        0.043322,
        "raises",
        "a list `alpha` has one number for each class; Keras broadcasts it",
    ),
    Row(
        "KLDivergence()(np.eye(1, 1000), np.full((1, 1000), 1e-3))",
        6.9068,
        6.9078,
        "a true probability of 0 costs nothing; Keras takes 1e-7 for it",
    ),
    Row("KLDivergence()([[0.0, 1.0]], [[1.0, 1.0]])", -1.6118e-6, 0.0, "as above"),
    Row("Dice()([[0.0, 0.0]], [[0.0, 0.0]])", 1.0, 0.0, EMPTY_REGIONS),
    Row('Dice(reduction="sum")([[1, 0], [1, 0]], [[1.0, 1.0], [1.0, 1.0]])', 0.33333, 0.66667, COPIES),
    Row(
        'Dice(reduction="none")([[1, 0], [1, 0]], [[1.0, 1.0], [1.0, 1.0]])',
        0.33333,
        [0.33333, 0.33333],
        COPIES,
    ),
    Row(
        "Dice(axis=1)(array([[0, 2]]), array([[[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]]))",
        "raises",
        0.61905,
        "integers of the shape of the pixels are class indices, and become masks",
    ),
    Row("Tversky()([[0.0, 0.0]], [[0.0, 0.0]])", 1.0, 0.0, EMPTY_REGIONS),
    Row(
        "Tversky(alpha=0.9, beta=0.1)([[1, 0]], [[1.0, 1.0]])",
        0.090909,
        0.47368,
        "`alpha` weighs false positives and `beta` false negatives; Keras had them the other way round",
        newer=0.47368,
    ),
    Row("CosineSimilarity()([[1e20, 0.0]], [[1e20, 0.0]])", 0.0, -1.0, OWN_SCALE),
    Row(
        "gradient(CosineSimilarity(), [[3.0, 4.0]], [[0.0, 0.0]])",
        by_backend([[-6e6, -8e6]], [[NAN, NAN]], [[NAN, NAN]]),
        [[0.0, 0.0]],
        "a vector of zeros has no direction",
        newer=[[-6e6, -8e6]],
    ),
    Row("gradient(Hinge(), [[1.0]], [[1.0]])", by_backend([[-1.0]], [[-0.5]], [[-0.5]]), [[0.0]], KINK),
    Row(
        "gradient(CategoricalHinge(), [[1, 0]], [[1.0, 0.0]])",
        by_backend([[-1.0, 0.5]], [[-0.5, 0.25]], [[-0.5, 0.25]]),
        [[0.0, 0.0]],
        "as above",
    ),
    Row(
        "gradient(MeanAbsoluteError(), [[0.0]], [[0.0]])",
        by_backend([[0.0]], [[-1.0]], [[0.0]]),
        [[0.0]],
        KINK,
    ),
    Row(
        "Circle(gamma=1.0)(array([2**24, 2**24 + 1, 5]), array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]))",
        0.78901,
        0.0,
        "Keras casts labels to float32, in which these two are one class",
    ),
    Row(
        "Circle(gamma=1024.0)(array([0, 0, 1, 1]), array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-0.6, 0.8]]))",
        1.0986,
        0.54931,
        "Keras takes a sample whose loss underflows to 0 for one without pairs, and out of the mean",
    ),
    # Shapes and types
    Row(
        "MeanSquaredError()(np.ones((1, 3)), np.zeros((4, 3)))",
        1.0,
        "raises",
        "shapes of equal rank must match",
    ),
    Row('MeanSquaredError(reduction="none")([0.0, 0.0], [1.0, 3.0])', 5.0, [1.0, 9.0], BATCH_OF_NUMBERS),
    Row(
        "MeanSquaredError()([0.0, 0.0], [1.0, 3.0], [1.0, 0.0])", 2.5, 0.5, "so a weight meets its own sample"
    ),
    Row("CosineSimilarity()([3.0, 4.0], [4.0, 3.0])", -0.96, -1.0, BATCH_OF_NUMBERS),
    Row("MeanSquaredError()(np.zeros((0, 3)), np.zeros((0, 3)))", [], 0.0, "the mean of an empty batch is 0"),
    Row(
        "MeanSquaredError()(array([[0, 1]], object), np.array([[0.0, 3.0]]))",
        by_backend(2.0, 2.0, "raises"),
        "raises",
        "a loss reads numbers, not objects: one answer on all backends",
    ),
    Row(
        'mean_squared_error(np.zeros((1, 1), "float16"), np.full((1, 1), 300.0, "float16"))',
        [INF],
        [90000.0],
        "half-precision inputs are computed in float32",
    ),
    Row(
        'MeanSquaredError(dtype="float16")(np.zeros((90_000, 1)), np.ones((90_000, 1)))',
        NAN,
        1.0,
        "reduced in float32, cast last; 90,000 is infinite in float16",
    ),
    Row(
        'deserialize(serialize(Huber(dtype="bfloat16"))).dtype',
        "float32",
        "bfloat16",
        "the config keeps the dtype",
    ),
    # Weights and masks
    Row(
        "MeanSquaredError()([[0.0], [0.0]], [[1e30], [1.0]], [0.0, 1.0])",
        NAN,
        0.5,
        "a weight of 0 takes the value out, infinite or not; Keras multiplies 0 by inf",
    ),
    Row(
        'MeanAbsoluteError(reduction="mean_with_sample_weight")([[0.0], [0.0]], [[1.0], [1.0]], 0.5)',
        2.0,
        1.0,
        "the weights are broadcast to the result before they are summed",
    ),
    Row(
        'MeanAbsoluteError(reduction="mean_with_sample_weight")(np.zeros((2, 3, 1)), np.ones((2, 3, 1)), np.ones((2, 1)))',
        3.0,
        1.0,
        "as above",
    ),
    Row(
        'MeanAbsoluteError(reduction="none")(np.zeros((2, 2, 1)), np.ones((2, 2, 1)), np.array([1.0, 0.0]))',
        [[1.0, 0.0], [1.0, 0.0]],
        [[1.0, 1.0], [0.0, 0.0]],
        LEFT_TO_RIGHT,
    ),
    Row(
        'MeanAbsoluteError(reduction="none")(np.zeros((2, 3, 1)), np.ones((2, 3, 1)), np.array([1.0, 0.0]))',
        "raises",
        [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]],
        FROM_THE_LEFT,
    ),
    Row(
        "MeanAbsoluteError()(np.zeros((2, 2)), masked([[1.0, 9.0], [1.0, 9.0]], [[True, False], [True, False]]))",
        5.0,
        1.0,
        "a mask on the averaged axis takes elements out of that mean; Keras lays it on the samples",
    ),
    Row(
        "MeanAbsoluteError()(np.zeros((2, 3)), masked(np.ones((2, 3)), [[True, True, False], [True, False, False]]))",
        "raises",
        1.0,
        "where the sizes differ, Keras cannot",
    ),
    Row(
        "Dice()([[1.0, 1.0]], [[1.0, 0.5]], [[1.0, 0.0]])",
        0.071429,
        5e-8,
        "a weight with the shape of y_true weighs the pixels in the sums; Keras multiplies the result by all weights",
    ),
    Row(
        "Dice()([[1, 0, 1]], masked([[0.5, 0.5, 0.25]], [[True, True, False]]))",
        "raises",
        0.5,
        "a mask takes pixels out of the sums; Keras lays it on the result",
    ),
    # CTC
    Row(
        "ctc(array([[1, 1]]), np.zeros((1, 2, 3), 'float32'))",
        {"tensorflow": [707.7045], "jax": [100000.01], "torch": [INF]},
        [INF],
        "two frames cannot say a label twice: the loss of what is impossible is inf, with gradient 0",
    ),
    Row(
        "ctc(array([[1, -1]]), np.zeros((1, 3, 3), 'float32'))",
        {"tensorflow": [0.251314], "jax": [0.251314], "torch": [1.686399]},
        [1.504077],
        "negative entries are padding, as the blank is",
    ),
    # Options
    Row("Huber(delta=-1.0)([[0.0]], [[1.0]])", -1.5, "raises", OPTION, newer="raises"),
    Row(
        "BinaryCrossentropy(label_smoothing=2.0)([[1.0]], [[0.5]])", 0.69315, "raises", OPTION, newer="raises"
    ),
    Row("BinaryFocalCrossentropy(gamma=-1.0)([[1.0]], [[0.5]])", 1.3863, "raises", OPTION),
    Row(
        "BinaryFocalCrossentropy(apply_class_balancing=True, alpha=2.0)([[0.0]], [[0.5]])",
        -0.17329,
        "raises",
        OPTION,
    ),
    Row("CategoricalFocalCrossentropy(alpha=-1.0)([[1, 0]], [[0.5, 0.5]])", -0.17329, "raises", OPTION),
    Row("Tversky(alpha=-0.2)([[1.0, 0.0]], [[0.5, 0.5]])", 0.23077, "raises", OPTION),
)

TWO_PIXELS = "([[0, 1]], [[[0.9, 0.1], [0.8, 0.2]]])"
SAMPLES = "([[0, 1, 0], [1, 0, 1]], [[0, 1, 1], [1, 0, 1]], [3, 1])"
METRICS = (
    Row(
        f"MeanIoU(2){TWO_PIXELS}",
        "raises",
        0.25,
        "here floats are probabilities or logits; Keras needs `sparse_y_pred=False`",
        here=f"IoUScore(2){TWO_PIXELS}",
    ),
    Row(
        "MeanIoU(2, sparse_y_pred=False, axis=1)([[0, 1]], [[[0.9, 0.8], [0.1, 0.2]]])",
        "raises",
        0.25,
        "Keras sums the result along the same axis",
        newer=0.25,
        here="IoUScore(2, class_axis=1)([[0, 1]], [[[0.9, 0.8], [0.1, 0.2]]])",
    ),
    Row(
        "MeanIoU(2)([0, 1], [0, 0], [0.9, 0.5])",
        0.0,
        0.32143,
        "the default dtype of Keras is an integer, to which it cuts the weights",
        here="IoUScore(2)([0, 1], [0, 0], [0.9, 0.5])",
    ),
    Row(
        f"MeanIoU(2){SAMPLES}",
        "raises",
        0.59821,
        "here a weight for each sample weighs all its pixels",
        here=f"IoUScore(2){SAMPLES}",
    ),
    Row(
        "MeanIoU(2)([0, 0, 1], [0, 0, 0], [2**30, 2**30, 2**30])",
        by_backend(0.33333, 0.0, 0.0),
        0.33333,
        "on JAX and PyTorch, Keras counts in int32",
        here="IoUScore(2)([0, 0, 1], [0, 0, 0], [2**30, 2**30, 2**30])",
    ),
    Row(
        "MeanIoU(3)([0, 1, 9], [0, 1, 2])",
        1.0,
        "raises",
        "a label out of range is never a finite wrong number; Keras leaves it out",
        here="IoUScore(3)([0, 1, 9], [0, 1, 2])",
    ),
    Row(
        "MeanIoU(2, sparse_y_pred=False)([0, 1], np.full((2, 2), np.nan))",
        0.25,
        NAN,
        "a NaN is no class",
        here="IoUScore(2)([0, 1], np.full((2, 2), np.nan))",
    ),
    Row(
        "MeanIoU(3, ignore_class=0)([0, 1, 1], [0, 1, 0])",
        0.25,
        0.5,
        "a class that is ignored leaves the mean; in Keras it is never right",
        here="IoUScore(3, ignore_class=0)([0, 1, 1], [0, 1, 0])",
    ),
    Row(
        "MeanIoU(2)([[0, 1], [0, 1], [0, 1]], [[0, 1, 0], [1, 0, 1]])",
        1.0,
        "raises",
        "shapes must match",
        here="IoUScore(2)([[0, 1], [0, 1], [0, 1]], [[0, 1, 0], [1, 0, 1]])",
    ),
)

INTRODUCTION = f"""# Differences from keras.losses

- A name that `keras.losses` has means the same here, with the same arguments in the same order. Only the rows below differ.
- Many rows are edge cases: probabilities of exactly 0 or 1, infinite logits, empty regions, kinks, very large numbers.
- These can matter for ordinary inputs: `alpha` and `beta` of `Tversky`, options together with `axis`, predictions of rank 1,
  masks and weights on several axes, padded labels of `ctc`, labels in half precision, labels of -1 in the binary losses, and
  `Dice(reduction="sum")`.
- Inputs that Keras accepts can raise `ValueError` here: logits taken for probabilities, labels out of range, other shapes.
- Where the backends of Keras differ from each other, this package gives one answer on all backends.

Each row is a call that was run with both packages on every backend, with Keras {KERAS}. If Keras's answer depends on the
backend, the row has all answers. If Keras 3.16 answers differently, the row has that answer too. Keras 3.16 also puts
`label_smoothing` among the positional arguments of the sparse cross-entropy; here it is given by keyword. In the calls,
`gradient(loss, y_true, y_pred)` is the gradient by y_pred, `masked(y_pred, mask)` is a y_pred that carries a Keras mask, and
`np` and `array` are NumPy's.

[](numerics.md) says what holds for every loss. It also lists the kinds of tensors: some losses of Keras read ragged tensors of
TensorFlow. No loss of this package does; the error says how to get the same loss.

`python tests/keras_differences.py` makes the table. A test runs every call again.
"""


def shown(value: Any) -> str:
    """A value as the page shows it."""
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, str):
        return value
    return "NaN" if value != value else f"{value:.5g}"


def shown_by_backend(value: Any) -> str:
    """One answer, or each with the backends that give it."""
    if not isinstance(value, dict):
        return shown(value)
    backends: dict[str, list[str]] = {}
    for backend, one in value.items():
        backends.setdefault(shown(one), []).append(BACKENDS[backend])
    return "; ".join(f"{one} ({', '.join(names)})" for one, names in backends.items())


def line(row: Row) -> str:
    of_keras = shown_by_backend(row.keras)
    if row.newer is not None:
        of_keras += f"; 3.16: {shown_by_backend(row.newer)}"
    called = f"`{row.here}`: " if row.here else ""
    return f"| `{row.call}` | {of_keras} | {called}{shown(row.ours)} | {row.why} |"


ON_METRICS = """## Metrics of segmentation

`keras.metrics` has no Dice score of images, and the IoU of each class only as one metric for each. `DiceScore` and
`IoUScore` have both, with `per_class()`. Their means differ from `MeanIoU` as follows. On JAX, `MeanIoU` also warns of int64.
"""


def page() -> str:
    head = f"| call | Keras {KERAS} | keraslosses | why |\n|---|---|---|---|"
    return "\n".join([INTRODUCTION, head, *map(line, ROWS), "", ON_METRICS, head, *map(line, METRICS), ""])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
