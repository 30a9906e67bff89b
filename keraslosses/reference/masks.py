"""Losses of masks that sort the pixels: Lovász extensions of the Jaccard loss."""

from typing import Any

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use


def jaccard_loss(members: Array, wrong: Array) -> float:
    """1 - |intersection| / |union| of the members of a class and of those that a prediction names."""
    named = members ^ wrong
    union = np.sum(members | named)
    return float(1 - np.sum(members & named) / union) if union else 0.0


def lovasz(members: Array, errors: Array) -> float:
    """The Lovász extension: the pixels become wrong one by one, the largest error first."""
    wrong, before, value = np.zeros(members.shape, bool), 0.0, 0.0
    for pixel in np.argsort(-errors, kind="stable"):
        wrong[pixel] = True
        after = jaccard_loss(members, wrong)
        value += (after - before) * errors[pixel] if after != before else 0.0 * np.isnan(errors[pixel])
        before = after
    return value


def of_images(y: Array, pred: Array, per_image: bool, ignore_class: int | None, value: Any) -> Array:
    """The value of each image, or that of all images as one for each image, from the pixels that count.

    y is (batch, pixels), and pred is (batch, pixels, ..). An image in which no pixel counts has the value 0.
    """
    counts = y != ignore_class
    whole = None if per_image else value(y[counts], pred[counts])
    every = zip(y, pred, counts, strict=True)
    values = [value(a[c], b[c]) if per_image else whole for a, b, c in every]
    return np.where(counts.any(1), np.array(values, dtype="float64"), 0.0)


def lovasz_hinge(y: Array, z: Array, per_image: bool = True, ignore_class: int | None = None) -> Array:
    def value(y: Array, z: Array) -> float:
        return lovasz(y == 1, np.maximum(1 - z * (2 * y - 1), 0))

    y, z = (x.reshape(len(x), x[:1].size) for x in (y, z))
    return of_images(y, z, per_image, ignore_class, value)


def lovasz_softmax(
    y: Array,
    p: Array,
    per_image: bool = False,
    classes: str = "present",
    from_logits: bool = False,
    class_axis: int = -1,
    ignore_class: int | None = None,
    class_weights: Any = None,
) -> Array:
    p = np.moveaxis(p, class_axis, -1)
    count = p.shape[-1]
    p = softmax(p) if from_logits else p
    weights = np.ones(count) if class_weights is None else np.asarray(class_weights)

    def value(y: Array, p: Array) -> float:
        counted = [c for c in range(count) if classes == "all" or np.any(y == c)]
        of_each = [weights[c] * lovasz(y == c, np.where(y == c, 1 - p[:, c], p[:, c])) for c in counted]
        return float(np.mean(of_each)) if counted else 0.0

    y, p = y.reshape(len(y), y[:1].size), p.reshape(len(p), y[:1].size, count)
    return of_images(y, p, per_image, ignore_class, value)


def softmax(z: Array) -> Array:
    powers = np.exp(z - z.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


REFERENCES = (
    Reference(
        "LovaszHinge",
        "lovasz_hinge",
        "segmentation",
        kinds.BINARY_PIXELS,
        lovasz_hinge,
        "Berman et al., The Lovász-Softmax loss, 2018, equations 7 and 9",
        task="Segmentation judged by intersection over union",
        purpose="the intersection over union of one class, from logits",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \sum_i g_i \max(0, m_i), \quad m_i = 1 - z_i (2 y_i - 1) \\ "
            r"g_i &= \Delta(W_i) - \Delta(W_i - \{i\}), \quad W_i = \{j : m_j \ge m_i\} "
            r"\end{align*}"
        ),
        symbols=(
            r"$z$: the logits; $y$: 1 for the pixels of the class, 0 for the others; $\Delta(W)$: the "
            r"Jaccard loss if the pixels in $W$ are wrong; $W_i$: the pixels $j$ with an error $m_j$ of at "
            r"least $m_i$; the sum is over an image, or over the batch without `per_image`"
        ),
        paper="https://arxiv.org/abs/1705.08790",
        options=({}, {"per_image": False}, {"ignore_class": 255}),
        bad_options=({"per_image": 1}, {"ignore_class": 0.5}),
        hard=(
            Hard(
                "equal errors: one pixel of the class, two others",
                [[1.0, 0.0, 0.0]],
                [[0.0, 0.0, 0.0]],
                gradient=[[-(1 + 1 / 3) / 2, 1 / 6, 1 / 6]],
            ),
            Hard(
                "equal errors behind a larger one",
                [[1.0, 1.0, 0.0, 0.0, 1.0]],
                [[-2.0, 0.0, 0.0, 1.0, 9.0]],
                gradient=[[-1 / 3, -(1 / 4 + 1 / 5) / 2, 1.5 / 4 / 5, 1 / 6, 0.0]],
            ),
            Hard("all right", [[1.0, 0.0]], [[2.0, -2.0]], gradient=[[0.0, 0.0]]),
            Hard("errors of 0", [[1.0, 0.0]], [[1.0, -1.0]], gradient=[[0.0, 0.0]]),
            Hard("no pixel of the class", [[0.0, 0.0]], [[0.5, -0.25]], gradient=[[1.0, 0.0]]),
            Hard("no pixel of the class, equal errors", [[0.0, 0.0]], [[0.5, 0.5]], gradient=[[0.5, 0.5]]),
            Hard("only pixels of the class", [[1.0, 1.0]], [[0.5, -3.0]]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Segmentation judged by intersection over union",
                "There is one class of interest, or each class has an output of its own.",
                "You need probabilities: the logits of this loss are scores with a margin, not log-odds.",
            ),
        ),
    ),
    Reference(
        "LovaszSoftmax",
        "lovasz_softmax",
        "segmentation",
        kinds.PIXELS,
        lovasz_softmax,
        "Berman et al., The Lovász-Softmax loss, 2018, equations 8, 9 and 11",
        task="Segmentation judged by intersection over union",
        purpose="the mean intersection over union of several classes",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{|C|} \sum_{c \in C} w_c \sum_i g_i(c) \, m_i(c) \\ "
            r"m_i(c) &= 1 - p_i(c) \text{ if } y_i = c, \text{ else } p_i(c) \\ "
            r"g_i(c) &= \Delta_c(W_i) - \Delta_c(W_i - \{i\}), \quad "
            r"W_i = \{j : m_j(c) \ge m_i(c)\} "
            r"\end{align*}"
        ),
        symbols=(
            r"$p$: the probabilities; $y$: the class of each pixel; $C$: the classes that `classes` names; "
            r"$w$: `class_weights`; $\Delta_c(W)$: the Jaccard loss of class $c$ if the pixels in $W$ are "
            r"wrong; $W_i$: the pixels $j$ with an error of at least that of $i$; `from_logits`: $p$ is a "
            r"softmax; the sum is over the batch, or over an image with `per_image`"
        ),
        paper="https://arxiv.org/abs/1705.08790",
        options=(
            {},
            {"per_image": True, "classes": "all"},
            {"from_logits": True, "ignore_class": -1},
            {"class_axis": 1, "class_weights": [1.0, 0.5, 2.0, 0.0, 1.0, 3.0, 0.25]},
        ),
        bad_options=(
            {"per_image": 1},
            {"classes": "some"},
            {"from_logits": "yes"},
            {"class_axis": 0.5},
            {"ignore_class": "void"},
            {"class_weights": [1.0, -1.0]},
        ),
        hard=(
            Hard(
                "equal errors",
                [[0, 0, 1]],
                [[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]],
                gradient=[[[-5 / 24, 1 / 12], [-5 / 24, 1 / 12], [1 / 12, -1 / 3]]],
            ),
            Hard(
                "an absent class",
                [[0, 0]],
                [[[0.75, 0.25], [0.5, 0.5]]],
                gradient=[[[-0.5, 0.0], [-0.5, 0.0]]],
            ),
            Hard(
                "an absent class that counts",
                [[0, 0]],
                [[[0.75, 0.25], [0.5, 0.5]]],
                {"classes": "all"},
                gradient=[[[-0.25, 0.0], [-0.25, 0.5]]],
            ),
            Hard(
                "nothing that counts",
                [[7, 7]],
                [[[0.75, 0.25], [0.5, 0.5]]],
                {"ignore_class": 7},
                [[[0.0, 0.0]] * 2],
            ),
            Hard("all right", [[0, 1]], [[[1.0, 0.0], [0.0, 1.0]]], gradient=[[[0.0, 0.0]] * 2]),
        ),
        laws=frozenset({"non_negative"}),
        uses=(
            Use(
                "Segmentation judged by intersection over union",
                "There are several classes: each counts the same, however few pixels it has.",
                "Training starts from nothing: begin with a cross-entropy, then add this loss.",
                {"from_logits": True},
            ),
        ),
    ),
)
