"""The worked examples of the source articles, each once: the tests check these rows, and the docs show them.

`python tests/worked_examples.py` writes the tables of docs/worked-examples.md again.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).parent.parent / "docs" / "worked-examples.md"
BEGIN, END = "<!-- tables: made by python tests/worked_examples.py -->\n", "<!-- end of the tables -->\n"

# What is read off the entries of a loss: the loss's reduction, and what is done with its result.
READINGS = {
    "mean": ("mean", lambda result, y_pred: result),
    "sum": ("sum", lambda result, y_pred: result),
    "root of the mean": ("mean", lambda result, y_pred: result**0.5),
    "mean in bits": ("mean", lambda result, y_pred: result / np.log(2)),
    "mean, summed over the classes": ("mean", lambda result, y_pred: result * y_pred.shape[-1]),
    "entries": ("none", lambda result, y_pred: result),
    "ratio of the entries": ("none", lambda result, y_pred: result[0] / result[1]),
    "gradient": ("sum", None),
}


@dataclass(frozen=True)
class Example:
    """What an article computes with a loss, and what comes out.

    `given` is one number for each of the result, to the digits of the article: rounded where there is a
    decimal point, exact where there is none (`16/3`). `rtol` is what float32 leaves of the value.
    """

    topic: str
    what: str
    loss: str
    y_true: Any
    y_pred: Any
    given: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    reading: str = "mean"
    activation: str = ""
    note: str = ""
    rtol: float = 5e-7

    @property
    def id(self) -> str:
        return f"{self.what}, {self.loss}, {shown_options(self.options)}, {self.reading}"

    def arrays(self, dtype: str) -> tuple[np.ndarray, np.ndarray]:
        y_true = np.asarray(self.y_true)
        return y_true.astype("int32" if y_true.dtype.kind == "i" else dtype), np.asarray(self.y_pred, dtype)


LOGITS = [[0.8, 0.1, 0.4], [0.1, 0.9, 0.2], [0.5, 0.4, 0.6]]
# Two classifiers that are right on two of three samples of classes 2, 1, 0.
CLASSES, ONE_HOT = [2, 1, 0], [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
HESITANT = [[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]]
SURE = [[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]]
# An outlier that is off by a tenth, and three small values that are each off by one.
PRICES, OUTLIER_OFF, SMALL_OFF = [1, 2, 3, 100], [1, 2, 3, 110], [2, 3, 4, 100]
HALVES, QUARTERS = [[0.5, 0.5, 0, 0]], [[0.25, 0.25, 0.25, 0.25]]
SHARES = np.log([[0.34, 0.46, 0.20]])
SCORES = [[0.1, 0.2, 0.4, 0.8]]
OF_LOGITS = {"from_logits": True}
ERRORS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2]

REGRESSION, CLASS, LABELS = "Regression", "One class of several", "Several labels"
MARGIN, FOCAL, INFORMATION, SLOPE = "Margins", "Focal loss", "Information", "Gradients"
# The squared logarithmic error of large numbers is a difference of logarithms, squared.
DIFFERENCE_OF_LOGS = 3e-5


def focal(alpha: float, gamma: float = 2.0) -> dict[str, Any]:
    return {"apply_class_balancing": True, "alpha": alpha, "gamma": gamma}


def regression(what: str, loss: str, y_true: Any, y_pred: Any, *given: str, **more: Any) -> Example:
    return Example(REGRESSION, what, loss, y_true, y_pred, given, **more)


def balanced(beta: float, errors: list[float], *given: str) -> Example:
    return regression(
        "errors of a box coordinate",
        "BalancedL1",
        [0] * len(errors),
        errors,
        *given,
        options={"beta": beta},
        reading="entries",
    )


def classes(what: str, loss: str, y_true: Any, y_pred: Any, *given: str, **more: Any) -> Example:
    return Example(CLASS, what, loss, y_true, y_pred, given, **more)


def margin(what: str, loss: str, y_true: Any, y_pred: Any, *given: str, **more: Any) -> Example:
    return Example(MARGIN, what, loss, y_true, y_pred, given, **more)


def focal_entries(alpha: float, *given: str) -> Example:
    what = "an easy negative and an easier positive"
    options = focal(alpha)
    return Example(
        FOCAL, what, "BinaryFocalCrossentropy", [0, 1], [0.2, 0.9], given, options, "entries", rtol=1e-6
    )


def focal_ratio(p: list[float], gamma: float, given: str) -> Example:
    what = "how much more the negative costs"
    options, reading = focal(0.25, gamma), "ratio of the entries"
    return Example(FOCAL, what, "BinaryFocalCrossentropy", [0, 1], p, (given,), options, reading, rtol=1e-6)


def slope(what: str, loss: str, y_true: Any, y_pred: Any, *given: str, **more: Any) -> Example:
    return Example(SLOPE, what, loss, y_true, y_pred, given, reading="gradient", **more)


EXAMPLES = (
    regression("ones against zeros", "MeanAbsoluteError", np.zeros((4, 5)), np.ones((4, 5)), "1"),
    regression("twos against zeros", "MeanSquaredError", np.zeros((4, 5)), np.full((4, 5), 2.0), "4"),
    regression("three outputs", "MeanAbsoluteError", [30, 60, 90], [25, 55, 96], "16/3"),
    regression("two sides of a box", "SmoothL1", [[1.0, 1.0]], [[0.8, 0.1]], "0.2125"),
    regression(
        "an outlier is off by a tenth", "MeanSquaredError", PRICES, OUTLIER_OFF, "100", reading="sum",
        note="The article calls this sum MSE.",
    ),
    regression(
        "three small ones are off by 1", "MeanSquaredError", PRICES, SMALL_OFF, "3", reading="sum",
        note="The article calls this sum MSE.",
    ),
    regression("an outlier is off by a tenth", "MeanSquaredError", PRICES, OUTLIER_OFF, "25"),
    regression("three small ones are off by 1", "MeanSquaredError", PRICES, SMALL_OFF, "0.75"),
    regression(
        "an outlier is off by a tenth", "MeanSquaredLogarithmicError", PRICES, OUTLIER_OFF, "0.0022283",
        rtol=DIFFERENCE_OF_LOGS,
    ),
    regression(
        "three small ones are off by 1", "MeanSquaredLogarithmicError", PRICES, SMALL_OFF, "0.0742390",
    ),
    regression(
        "an outlier is off by a tenth", "MeanSquaredLogarithmicError", PRICES, OUTLIER_OFF, "0.047",
        reading="root of the mean", rtol=DIFFERENCE_OF_LOGS,
    ),
    regression(
        "three small ones are off by 1", "MeanSquaredLogarithmicError", PRICES, SMALL_OFF, "0.27",
        reading="root of the mean",
    ),
    balanced(
        1.0, ERRORS, "0.0093036", "0.0313531", "0.1400365", "0.4005675", "0.7197796", "1.0785935",
        "1.8285935", "2.5785935",
    ),
    balanced(0.5, [0.25, 0.5, 1], "0.2002838", "0.5392968", "1.2892968"),
    balanced(2.0, [0.5, 1, 2], "0.2800730", "0.8011350", "2.1571871"),
    classes(
        "the largest logit is the label's", "SparseCategoricalCrossentropy", [0, 1, 2], LOGITS,
        "0.8136582730", options=OF_LOGITS,
    ),
    classes(
        "log-probabilities, used as they come", "NegativeLogLikelihood", [1, 2],
        [[0.1, 0.8, 0.2], [0.4, 0.5, 0.6]], "-0.7",
    ),
    classes("right twice of three, hesitant", "SparseCategoricalCrossentropy", CLASSES, HESITANT, "1.3783888522"),
    classes("right twice of three, sure", "SparseCategoricalCrossentropy", CLASSES, SURE, "0.6391075641"),
    classes(
        "right twice of three, hesitant", "MeanSquaredError", ONE_HOT, HESITANT, "0.8066667",
        reading="mean, summed over the classes", note="Both losses see what the error rate, 1/3 twice, cannot.",
    ),
    classes(
        "right twice of three, sure", "MeanSquaredError", ONE_HOT, SURE, "0.34",
        reading="mean, summed over the classes",
    ),
    *(
        classes(
            f"logits (3.1, 3, 3) times {scale}", "SparseCategoricalCrossentropy", [0],
            np.array([[3.1, 3.0, 3.0]]) * scale, given, options=OF_LOGITS,
        )
        for scale, given in ((1, "1.0330688"), (2, "0.9698169"), (5, "0.7943768"), (10, "0.5514447"))
    ),
    Example(
        LABELS, "three labels, two samples", "BinaryCrossentropy", [[0, 1, 1], [0, 1, 0]],
        [[0.1, 0.9, 0.8], [0, 1, 0]], ("0.0723107638",),
        note="Mean over the classes, then over the samples; with Keras's clipping 0.07231082.",
    ),
    margin("class 3 of four", "MultiMargin", [3], SCORES, "0.325"),
    margin("class 3 of four", "MultiMargin", [3], SCORES, "0.1525", options={"p": 2}),
    margin("labels 3 and 0", "MultiLabelMargin", [[3, 0, -1, 1]], SCORES, "0.85"),
    margin("label 3 alone", "MultiLabelMargin", [[3, -1, 0, 0]], SCORES, "0.325"),
    margin("without a -1, label 0 counts three times", "MultiLabelMargin", [[3, 0, 0, 0]], SCORES, "2.05"),
    margin("class 0 of three", "SoftMarginSoftmax", [0], [[2.0, 1.0, 0.1]], "0.5506003", options={"margin": 0.35}),
    margin("class 0 of three", "SoftMarginSoftmax", [0], [[2.0, 1.0, 0.1]], "0.8782024", options={"margin": 1.0}),
    Example(
        FOCAL, "three outputs, two samples", "BinaryFocalCrossentropy", [[0, 1, 0], [0, 0, 1]],
        [[-0.1, 0.9, 0.23], [-0.12, -0.34, 0.6]], ("0.0824291690",), {**focal(0.25), **OF_LOGITS},
        note="The article's figure by hand, 0.0824111, comes of rounding on the way.",
    ),
    focal_entries(0.25, "0.0066943065", "0.0002634013"),
    focal_entries(0.75, "0.0022314355", "0.0007902039"),
    focal_entries(1.0, "0", "0.0010536052"),
    focal_entries(0.0, "0.0089257421", "0"),
    *(focal_ratio([0.2, 0.9], gamma, given) for gamma, given in ((2.0, "25.41"), (1.0, "12.71"), (0.0, "6.35"))),
    *(focal_ratio([0.4, 0.5], gamma, given) for gamma, given in ((2.0, "1.415"), (1.0, "1.769"), (0.0, "2.211"))),
    Example(
        INFORMATION, "entropy", "CategoricalCrossentropy", HALVES, HALVES, ("1",), reading="mean in bits",
    ),
    Example(
        INFORMATION, "in the code of another", "CategoricalCrossentropy", HALVES, QUARTERS, ("2",),
        reading="mean in bits",
    ),
    Example(
        INFORMATION, "what the other code costs", "KLDivergence", HALVES, QUARTERS, ("0.6931471806",),
        note="ln 2 nats: 1 bit.",
    ),
    slope(
        "softmax (0.34, 0.46, 0.20)", "SparseCategoricalCrossentropy", [0], SHARES, "-0.66", "0.46", "0.20",
        options=OF_LOGITS, note="By the logits: softmax minus target.",
    ),
    slope(
        "softmax (0.34, 0.46, 0.20)", "CategoricalCrossentropy", [[1, 0, 0]], SHARES, "-0.66", "0.46", "0.20",
        options=OF_LOGITS,
    ),
    slope(
        "a saturated unit that is wrong", "MeanSquaredError", [[1]], [[-8.0]], "-0.00067025",
        activation="sigmoid", note="By the logit.", rtol=1e-6,
    ),
    slope(
        "a saturated unit that is wrong", "BinaryCrossentropy", [[1]], [[-8.0]], "-0.99966465",
        activation="sigmoid", note="By the logit: p - y.", rtol=1e-6,
    ),
    slope(
        "a saturated unit that is wrong", "BinaryCrossentropy", [[1]], [[-8.0]], "-0.99966465",
        options=OF_LOGITS,
    ),
)  # fmt: skip


def agrees(number: float, given: str) -> bool:
    """Whether a number, computed in float64, reads as it is given."""
    if "." not in given:
        return bool(np.isclose(number, float(Fraction(given)), rtol=1e-12, atol=1e-15))
    return f"{number:.{len(given.partition('.')[2])}f}" == given


def tables() -> str:
    """The rows as Markdown, a table for each topic."""
    topics = dict.fromkeys(example.topic for example in EXAMPLES)
    return "\n".join(table(topic, [e for e in EXAMPLES if e.topic == topic]) for topic in topics)


def table(topic: str, examples: list[Example]) -> str:
    head = ["| example | loss | y_true | y_pred | value |", "|---|---|---|---|---|"]
    return "\n".join([f"## {topic}", "", *head, *map(line, examples), ""])


def line(example: Example) -> str:
    prediction = shown(example.y_pred)
    if example.activation:
        prediction = f"{example.activation}({prediction})"
    value = ", ".join(example.given)
    value = value if example.reading == "mean" else f"{example.reading}: {value}"
    loss = f"`{example.loss}({shown_options(example.options)})`"
    what = f"{example.what}. {example.note}" if example.note else example.what
    return f"| {what} | {loss} | `{shown(example.y_true)}` | `{prediction}` | {value} |"


def shown(numbers: Any) -> str:
    array = np.asarray(numbers)
    if array.ndim > 1 and array.size > 9:
        return f"{array.flat[0]:g}, shape {array.shape}"
    return str(np.vectorize(lambda x: f"{x:.4g}", otypes=[object])(array).tolist()).replace("'", "")


def shown_options(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def filled_page(text: str) -> str:
    """The page with its tables made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(filled_page(PAGE.read_text("utf-8")), "utf-8")
