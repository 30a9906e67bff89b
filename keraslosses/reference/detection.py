"""Losses of detectors, anchor by anchor."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keraslosses.reference import boxes, kinds
from keraslosses.reference.entry import Array, Hard, Measured, Reference
from keraslosses.reference.uses import Use

INF, NAN = np.inf, np.nan


def smooth_l1_sum(true: Array, pred: Array) -> float:
    size = np.abs(pred - true)
    return float(np.sum(np.where(size < 1, size**2 / 2, size - 0.5)))


def box_loss_of(name: str | None, box_format: str) -> Callable[[Array, Array], float]:
    if name is None:
        return smooth_l1_sum
    formulas: dict[str, Any] = {
        "iou": boxes.iou,
        "giou": boxes.giou,
        "diou": boxes.diou,
        "ciou": boxes.ciou,
    }
    formula = formulas[name]
    return lambda true, pred: float(formula(true[None], pred[None], box_format=box_format)[0])


def multi_task_detection(
    y: Array,
    p: Array,
    num_classes: int,
    box_loss: str | None = None,
    box_weight: float = 1.0,
    normalizer: str = "anchors",
    box_format: str = "xyxy",
    weights: Array | None = None,
) -> Array:
    """L_cls + λ [u >= 1] L_loc, over the anchors of each image that are not ignored."""
    of_box = box_loss_of(box_loss, box_format)
    values = np.zeros(len(p))
    weights = np.ones(p.shape[:2]) if weights is None else weights
    for image, (targets, rows) in enumerate(zip(y, p, strict=True)):
        total, anchors, positives = 0.0, 0, 0
        for target, row, w in zip(targets, rows, weights[image], strict=True):
            u = int(target[0])
            if u == -1:
                continue
            anchors += 1
            logits = row[: num_classes + 1]
            total += w * (np.logaddexp.reduce(logits) - logits[u])
            if u >= 1:
                positives += 1
                total += w * box_weight * of_box(target[1:], row[num_classes + 1 :])
        values[image] = total / max(1, anchors if normalizer == "anchors" else positives)
    return values


def fcos(
    y: Array,
    p: Array,
    num_classes: int,
    alpha: float = 0.25,
    gamma: float = 2.0,
    box_loss: str | None = None,
    weights: Array | None = None,
) -> Array:
    """The focal loss, the box loss weighted by centerness, and the centerness loss, for each image."""
    values = np.zeros(len(p))
    weights = np.ones(p.shape[:2]) if weights is None else weights
    for image, (targets, rows) in enumerate(zip(y, p, strict=True)):
        focal, boxed, centers, share, positives = 0.0, 0.0, 0.0, 0.0, 0
        for target, row, w in zip(targets, rows, weights[image], strict=True):
            u = int(target[0])
            if u == -1:
                continue
            focal += w * sum(sigmoid_focal(row[c], c + 1 == u, alpha, gamma) for c in range(num_classes))
            if u >= 1:
                center = centerness(*target[1:])
                positives += 1
                share += center
                boxed += w * center * on_distances(box_loss, target[1:], row[num_classes : num_classes + 4])
                centers += w * (np.logaddexp(0, row[-1]) - center * row[-1])
        values[image] = (focal + centers) / max(1, positives) + (boxed / share if share else 0.0)
    return values


def sigmoid_focal(x: float, true: bool, alpha: float, gamma: float) -> float:
    """-α_t (1 - p_t)^γ log p_t."""
    x = x if true else -x
    p, log_p = 1 / (1 + np.exp(-x)), -np.logaddexp(0, -x)
    return float(-(alpha if true else 1 - alpha) * (1 - p) ** gamma * log_p)


def centerness(left: float, top: float, right: float, bottom: float) -> float:
    return float(np.sqrt(min(left, right) / max(left, right) * min(top, bottom) / max(top, bottom)))


def on_distances(name: str | None, true: Array, pred: Array) -> float:
    """The box loss of two boxes around one location. Default: -ln(I / U) of UnitBox."""
    if name is not None:
        signs = np.array([-1.0, -1.0, 1.0, 1.0])
        return box_loss_of(name, "xyxy")(signs * true, signs * pred)
    width = min(true[0], pred[0]) + min(true[2], pred[2])
    height = min(true[1], pred[1]) + min(true[3], pred[3])
    shared = max(width, 0.0) * max(height, 0.0)
    area = [max(d[0] + d[2], 0.0) * max(d[1] + d[3], 0.0) for d in (true, pred)]
    return float(-np.log(np.maximum(shared / (sum(area) - shared), 1e-6)))


C = {"num_classes": 2}
BAD: tuple[dict[str, Any], ...] = (
    {"num_classes": 0},
    {"num_classes": 2.5},
    {"num_classes": None},
    {"box_loss": "mean_squared_error"},
    {"box_loss": object()},
)
BOX, OTHER = [0.0, 0.0, 2.0, 4.0], [1.0, 1.0, 4.0, 3.0]
NOWHERE, FAR = [NAN, INF, -INF, 0.0], [INF, -INF, INF, 0.0]
LOGITS = [0.5, -1.0, 2.0]
DISTANCES, NEAR = [1.0, 2.0, 3.0, 4.0], [1.5, 1.0, 3.0, 5.0]
NO_SLOPE = np.zeros((1, 3, 7))

MULTI_TASK_HARD = (
    Hard(
        "an image without positives",
        [[[0, *BOX], [-1, *BOX], [0, *OTHER]]],
        [[[*LOGITS, *OTHER], [*LOGITS, *OTHER], [0.0, 1.0, 2.0, *BOX]]],
        C,
    ),
    Hard("all anchors ignored", [[[-1, *BOX]] * 3], [[[*LOGITS, *OTHER]] * 3], C, NO_SLOPE),
    Hard(
        "boxes of background and logits of ignored anchors that are infinite",
        [[[0, *NOWHERE], [-1, *NOWHERE], [1, *BOX]]],
        [[[*LOGITS, *FAR], [INF, INF, -INF, *FAR], [*LOGITS, *OTHER]]],
        C,
    ),
    Hard(
        "logits of 1e4",
        [[[1, *BOX], [0, *BOX], [2, *BOX]]],
        [[[1e4, -1e4, 0.0, *OTHER], [1e4, -1e4, 0.0, *OTHER], [0.0, -1e4, 1e4, *OTHER]]],
        C,
    ),
)
FCOS_HARD = (
    Hard(
        "an image without positives",
        [[[0, *DISTANCES], [-1, *DISTANCES], [0, *NEAR]]],
        [[[0.5, -1.0, *NEAR, 1.0], [2.0, 0.0, *NEAR, -1.0], [0.0, 1.0, *NEAR, 0.5]]],
        C,
    ),
    Hard("all locations ignored", [[[-1, *DISTANCES]] * 3], [[[0.5, -1.0, *NEAR, 1.0]] * 3], C, NO_SLOPE),
    Hard(
        "boxes of background and logits of ignored locations that are infinite",
        [[[0, *NOWHERE], [-1, *NOWHERE], [2, *DISTANCES]]],
        [[[0.5, -1.0, *FAR, INF], [INF, -INF, *FAR, INF], [2.0, 0.0, *NEAR, -1.0]]],
        C,
    ),
    Hard(
        "the one positive location on the edge of its box",
        [[[1, 0.0, 2.0, 3.0, 4.0], [0, *NEAR], [-1, *NEAR]]],
        [[[0.5, -1.0, *NEAR, 1.0]] * 3],
        C,
    ),
    Hard(
        "logits of 1e4",
        [[[1, *DISTANCES], [0, *DISTANCES], [2, *DISTANCES]]],
        [[[-1e4, 1e4, *NEAR, 1e4], [-1e4, -1e4, *NEAR, -1e4], [1e4, 1e4, *NEAR, -1e4]]],
        C,
    ),
)

REFERENCES = (
    Reference(
        "MultiTaskDetection",
        "multi_task_detection",
        "detection",
        kinds.ANCHORS,
        multi_task_detection,
        "Girshick, Fast R-CNN, 2015, equation 1",
        task="Detectors: classes and boxes",
        purpose="class and box of each anchor or proposal",
        tex=(
            r"\text{loss} = \frac{1}{N} \left(\sum_{a} -\log q_a + \lambda \sum_{a: \, u_a \ge 1} "
            r"B_a\right)"
        ),
        symbols=(
            r"$a$: an anchor that is not ignored; $u_a$: its true class, 0 for background; $q_a$: the "
            r"predicted probability of that class; $B_a$: the `box_loss` of its box; $\lambda$: "
            r"`box_weight`; $N$: the number of anchors or of positive anchors, as `normalizer` says, at "
            r"least 1"
        ),
        paper="https://arxiv.org/abs/1504.08083",
        options=(
            C,
            {**C, "normalizer": "positives", "box_weight": 2.5},
            {**C, "box_loss": "giou"},
            {**C, "box_loss": "diou", "box_format": "center_xywh"},
        ),
        bad_options=(*BAD, {"box_weight": -1.0}, {"normalizer": "images"}, {"box_format": "ltrb"}),
        hard=MULTI_TASK_HARD,
        laws=frozenset({"non_negative"}),
        measured=(Measured(options={"num_classes": 20, "box_loss": "giou"}),),
        uses=(
            Use(
                "Detectors: classes and boxes",
                "You have anchors or proposals, each with a class and a box.",
                "There are no anchors: use `FCOS`.",
                {"num_classes": 20, "box_loss": "ciou"},
            ),
        ),
    ),
    Reference(
        "FCOS",
        "fcos",
        "detection",
        kinds.LOCATIONS,
        fcos,
        "Tian et al., FCOS, 2019, equations 2 and 3",
        task="Detectors: classes and boxes",
        purpose="class, box and centerness of each location",
        tex=(
            r"\begin{align*} "
            r"\text{loss} &= \frac{1}{P} \sum_{a} \sum_{j} F_{aj} + \frac{\sum_{a: \, u_a \ge 1} c_a "
            r"B_a}{\sum_{a: \, u_a \ge 1} c_a} + \frac{1}{P} \sum_{a: \, u_a \ge 1} H_a \\ "
            r"F_{aj} &= \begin{cases} "
            r"-\alpha (1 - p_{aj})^{\gamma} \log p_{aj} & \text{if } j = u_a \\ "
            r"-(1 - \alpha) p_{aj}^{\gamma} \log(1 - p_{aj}) & \text{otherwise} "
            r"\end{cases} \\ "
            r"c_a &= \sqrt{\frac{\min(l, r)}{\max(l, r)} \cdot \frac{\min(t, b)}{\max(t, b)}} "
            r"\end{align*}"
        ),
        symbols=(
            r"$a$: a location that is not ignored; $u_a$: its true class, 0 for background; $p_{aj}$: the "
            r"predicted probability of class $j$; $B_a$: the `box_loss`; $c_a$: the centerness, from the "
            r"distances $l$, $t$, $r$, $b$ to the edges of the true box; $H_a$: the binary cross-entropy "
            r"of the predicted centerness against $c_a$; $P$: the number of locations with $u_a \ge 1$, "
            r"at least 1; $\alpha$, $\gamma$: `alpha`, `gamma`"
        ),
        paper="https://arxiv.org/abs/1904.01355",
        options=(C, {**C, "alpha": 0.4, "gamma": 1.0}, {**C, "box_loss": "diou"}),
        bad_options=(*BAD, {"alpha": 1.5}, {"gamma": -1.0}),
        hard=FCOS_HARD,
        laws=frozenset({"non_negative"}),
        measured=(Measured(options={"num_classes": 20}),),
        uses=(
            Use(
                "Detectors: classes and boxes",
                "There are no anchors: each place of a feature map predicts a class and four distances.",
                "You have anchors: use `MultiTaskDetection`.",
                {"num_classes": 20, "box_loss": "giou"},
            ),
        ),
    ),
)
