"""The kind of sequences: sequences of labels, and the frames in which the labels appear."""

import numpy as np

from keraslosses.reference.kinds.draws import Leading, Options, Pair, Rng, scores, width
from keraslosses.reference.kinds.example import HIDDEN, Example, sequential
from keraslosses.reference.kinds.kind import CLASSES, InputKind, Named, activation
from keraslosses.reference.kinds.path import CLASSES as DRAWN_CLASSES
from keraslosses.reference.kinds.path import PROBABILITIES, Case, Path, case, shared
from keraslosses.reference.kinds.sizes import Shape, Sizes, normal

# The shapes are (batch, frames, classes). There are at most a fifth as many labels as frames.
SHAPES = {"small": (8, 50, 30), "middle": (32, 200, 100), "large": (8, 1000, 5000)}


def draw(rng: Rng, options: Options, leading: Leading) -> Pair:
    """The leading shape is (batch, frames), or (batch,) for 6 frames.

    y_true has the shape (batch, 4), with 0 to 4 labels that have an alignment. y_pred has the shape
    (batch, frames, classes).
    """
    leading = leading if len(leading) == 2 else (*leading, 6)
    blank = options.get("blank_index", 0) % width(options)
    others = [label for label in range(width(options)) if label != blank]
    y_true = np.full((leading[0], 4), -1, "int32")
    for row in y_true:
        labels = rng.choice(others, rng.integers(0, 5))
        while len(labels) + np.sum(labels[1:] == labels[:-1]) > leading[1]:
            labels = labels[:-1]
        row[: len(labels)] = labels
    return y_true, scores(rng, {"from_logits": True, **options}, leading)


def sized(rng: Rng, shape: Shape, options: Options) -> Pair:
    """Labels that are padded with the blank 0, against logits."""
    batch, frames, classes = shape
    y_true = rng.integers(1, classes, (batch, frames // 5))
    lengths = rng.integers(frames // 10, frames // 5 + 1, (batch, 1))
    return np.where(np.arange(frames // 5) < lengths, y_true, 0).astype("int32"), normal(rng, shape)


def without_labels(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    return np.full_like(y_true, -1), y_pred


def label_twice(y_true: np.ndarray, y_pred: np.ndarray) -> Pair:
    twice = np.full_like(y_true, -1)
    twice[:, :2] = 1
    return twice, y_pred


def three_frames(options: Options) -> Path:
    """Two labels in three frames: the first, blank, the second."""
    blank = options.get("blank_index", 0) % DRAWN_CLASSES
    first, second = [label for label in range(DRAWN_CLASSES) if label != blank][:2]

    def case_of(label: str, *labels: int) -> Case:
        right = np.eye(DRAWN_CLASSES)[[labels[0], blank, labels[1]]]

        def y_pred(x: np.ndarray) -> np.ndarray:
            frames = shared(x, right)
            return np.log(frames) if options.get("from_logits", True) else frames

        return case(label, np.array(labels, "int32"), y_pred)

    cases = case_of("two labels", first, second), case_of("the same label twice", first, first)
    axis = "probability of each frame's class, the rest shared evenly"
    return Path(axis, "gradient by this probability", PROBABILITIES, cases)


SEQUENCES = InputKind(
    "sequences",
    "Sequences of labels, ended by -1",
    "the frames in which they appear",
    draw=draw,
    smallest=([[1]], [[[0.0, 1.0]]]),
    layer=activation("linear"),
    path=three_frames,
    sizes=Sizes(sized, SHAPES),
    named=(Named("sequences", {"no label to say": without_labels, "a label said twice": label_twice}),),
    shape=(5, 6, CLASSES),
    probabilities=True,
    from_logits=True,
    example=Example(
        "\n".join(
            [
                "y = rng.integers(1, 5, size=(128, 4))  # four labels for each sample; 0 is the blank",
                "x = np.eye(5)[np.repeat(y, 5, axis=1)]  # 20 frames, in which the labels appear",
                'x = (x + rng.normal(scale=0.1, size=x.shape)).astype("float32")',
            ]
        ),
        sequential(HIDDEN, "keras.layers.Dense(5)"),
    ),
)
