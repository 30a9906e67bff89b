"""Losses of masks that measure distances or compare skeletons."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.masks import softmax
from keraslosses.reference.uses import Use


def probabilities(z: Array, from_logits: bool, multi_label: bool, class_axis: int) -> Array:
    if not from_logits:
        return z
    if multi_label or z.shape[class_axis] == 1:
        return 1 / (1 + np.exp(-z))
    return np.moveaxis(softmax(np.moveaxis(z, class_axis, -1)), -1, class_axis)


def boundary(
    d: Array, p: Array, from_logits: bool = False, multi_label: bool = False, class_axis: int = -1
) -> Array:
    p = p if p.ndim > 1 else p[:, None]
    return np.mean(d.reshape(p.shape) * probabilities(p, from_logits, multi_label, class_axis), axis=-1)


def neighbours(image: Array, axes: Any, empty: float) -> list[Array]:
    """The image, moved by -1, 0 and 1 along each of the axes; what comes from outside is `empty`."""
    return [image, *(moved(image, axis, step, empty) for axis in axes for step in (1, -1))]


def moved(image: Array, axis: int, step: int, empty: float) -> Array:
    """The image, moved along an axis by one pixel."""
    result = np.full(image.shape, empty)
    to, of = (np.swapaxes(x, 0, axis)[::step] for x in (result, image))
    to[1:] = of[:-1]
    return result


def space(images: Array) -> range:
    """The axes of an image; the first two are of the images and the classes."""
    return range(2, images.ndim)


def soft_erode(image: Array) -> Array:
    return np.min(neighbours(image, space(image), np.inf), axis=0)


def soft_dilate(image: Array) -> Array:
    for axis in space(image):
        image = np.max(neighbours(image, [axis], -np.inf), axis=0)
    return image


def soft_skeleton(image: Array, iterations: int) -> Array:
    def removed(image: Array) -> Array:
        return np.maximum(image - soft_dilate(soft_erode(image)), 0)

    skeleton = removed(image)
    for _ in range(iterations):
        image = soft_erode(image)
        skeleton = skeleton + (1 - skeleton) * removed(image)
    return skeleton


def soft_cl_dice(
    y: Array,
    p: Array,
    iterations: int = 3,
    smooth: float = 1.0,
    from_logits: bool = False,
    multi_label: bool = False,
    class_axis: int = -1,
) -> Array:
    p = probabilities(p, from_logits, multi_label, class_axis)
    y, p = (np.moveaxis(x, class_axis, 1) for x in (y, p))
    axes = tuple(space(p))
    of_true, of_pred = soft_skeleton(y, iterations), soft_skeleton(p, iterations)
    precision = (np.sum(of_pred * y, axis=axes) + smooth) / (np.sum(of_pred, axis=axes) + smooth)
    sensitivity = (np.sum(of_true * p, axis=axes) + smooth) / (np.sum(of_true, axis=axes) + smooth)
    return 1 - 2 * precision * sensitivity / (precision + sensitivity)


LINE = np.zeros((1, 3, 3, 1))
LINE[:, :, 1] = 1.0
CLASS_OPTIONS: tuple[dict[str, Any], ...] = (
    {"from_logits": 1},
    {"multi_label": "yes"},
    {"class_axis": 1.5},
)

REFERENCES = (
    Reference(
        "Boundary",
        "boundary",
        "segmentation",
        kinds.DISTANCES,
        boundary,
        "Kervadec et al., Boundary loss for highly unbalanced segmentation, 2019, equation 5",
        task="Segmentation",
        purpose="how far the predicted pixels are from the true region",
        tex=r"\text{loss} = \frac{1}{N} \sum_i d_i \, p_i",
        symbols=(
            "$d$: the signed distances, below 0 inside the region; $p$: the probabilities; $N$: the size of "
            "the last axis; `from_logits`: $p$ is a softmax, or a sigmoid with `multi_label`"
        ),
        paper="https://arxiv.org/abs/1812.07032",
        options=(
            {},
            {"from_logits": True},
            {"from_logits": True, "class_axis": 1},
            {"from_logits": True, "multi_label": True},
        ),
        bad_options=CLASS_OPTIONS,
        hard=(
            Hard("probabilities of 0 and 1", [[2.0, -1.0]], [[0.0, 1.0]], gradient=[[1.0, -0.5]]),
            Hard("one class, from a logit", [[2.0], [-1.0]], [[0.0], [200.0]], {"from_logits": True}),
            Hard("on the boundary", [[0.0, 0.0]], [[0.25, 0.5]], gradient=[[0.0, 0.0]]),
            Hard("one class of two, from logits", [[2.0, -1.0]], [[200.0, -200.0]], {"from_logits": True}),
        ),
        uses=(
            Use(
                "False alarms lie far from the object",
                "They must cost more than those at its edge.",
                "It is the only loss: add it to another one, with a small weight.",
            ),
        ),
    ),
    Reference(
        "SoftClDice",
        "soft_cl_dice",
        "segmentation",
        kinds.MASKS,
        soft_cl_dice,
        "Shit et al., clDice, 2021, algorithms 1 and 2",
        task="Segmentation",
        purpose="thin structures that must stay connected",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= 1 - \frac{2 \, T_\text{prec} T_\text{sens}}{T_\text{prec} + T_\text{sens}} \\ "
            r"T_\text{prec} &= \frac{\sum_i s_i(p) \, y_i + \epsilon}{\sum_i s_i(p) + \epsilon}, \quad "
            r"T_\text{sens} = \frac{\sum_i s_i(y) \, p_i + \epsilon}{\sum_i s_i(y) + \epsilon} "
            r"\end{align*}"
        ),
        symbols=(
            r"$y$, $p$: the true and the predicted pixels of an image and class; $s$: the soft skeleton "
            r"after `iterations` steps; $\epsilon$: `smooth`; `from_logits`: $p$ is a softmax, or a sigmoid "
            r"with `multi_label`"
        ),
        paper="https://arxiv.org/abs/2003.07311",
        # XLA compiles each step of the thinning for seconds.
        options=(
            {"iterations": 1},
            {"smooth": 0.25, "class_axis": 1},
            {"iterations": 1, "from_logits": True, "class_axis": -2},
            {"iterations": 1, "from_logits": True, "multi_label": True},
        ),
        bad_options=(*CLASS_OPTIONS, {"iterations": 0}, {"iterations": 1.5}, {"smooth": 0.0}),
        hard=(
            Hard("both empty", 0 * LINE, 0 * LINE, gradient=0 * LINE),
            Hard("a line without a prediction", LINE, 0 * LINE + 0.25 * np.arange(9).reshape(LINE.shape) / 9),
            Hard("one pixel", [[[[1.0]]]], [[[[0.5]]]], gradient=[[[[0.0]]]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Thin structures break apart",
                "The objects are vessels, roads or cracks, and a gap of few pixels matters.",
                "The objects are blobs, whose center lines say little: `Dice` is enough.",
            ),
        ),
    ),
)
