"""Paths of boxes: one that slides past a unit box, alone or as that of an anchor or a location."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from keraslosses.cli.plot.path import Case, Options, Path, case, tensor
from keraslosses.losses.boxes import convert_boxes

# Width, height, and how far above the true box, which is the unit box.
SLID_BOXES = {"same size": (1.0, 1.0, 0.0), "twice as wide, half as high, ¼ higher": (2.0, 0.5, 0.25)}


def corners(x: Any, width: float, height: float, up: float) -> Any:
    """Boxes with their centers at x, `xyxy`."""
    level = 0.0 * x + up
    sides = [x - width / 2, level - height / 2, x + width / 2, level + height / 2]
    return ops.stack(sides, axis=-1)


def unit_box(box_format: str) -> np.ndarray:
    return ops.convert_to_numpy(convert_boxes([-0.5, -0.5, 0.5, 0.5], "xyxy", box_format))


def sliding(options: Options, target: Callable[[np.ndarray], Any], prediction: Callable[[Any], Any]) -> Path:
    """A box that slides past the unit box."""
    box_format = options.get("box_format", "xyxy")

    def case_of(label: str, shape: tuple[float, float, float]) -> Case:
        def y_pred(x: Any) -> Any:
            return prediction(convert_boxes(corners(x, *shape), "xyxy", box_format))

        return case(label, target(unit_box(box_format)), y_pred)

    cases = tuple(case_of(label, shape) for label, shape in SLID_BOXES.items())
    axis = "offset of the box (widths of the true box)"
    return Path(axis, "gradient by the offset", (-2.0, 2.0), cases)


def boxes(options: Options) -> Path:
    return sliding(options, lambda box: box, lambda box: box)


def anchors(options: Options) -> Path:
    """One anchor of class 1, every logit 0, its box sliding."""
    logits = [0.0] * (options["num_classes"] + 1)
    return sliding(options, lambda box: [[1, *box]], lambda box: rows(box.shape[0], logits, box)[:, None])


def rows(size: int, *parts: Any) -> Any:
    """Parts of predictions side by side; a list of numbers is the same for all of them."""
    wide = [tensor(np.tile(part, (size, 1))) if isinstance(part, list) else part for part in parts]
    return ops.concatenate(wide, axis=-1)


def locations(options: Options) -> Path:
    """One location: its box where the user asks about boxes, else the logit of its class."""
    return location_boxes(options) if "box_loss" in options else location_logits(options)


def location_boxes(options: Options) -> Path:
    """The location in the middle of the true box; every logit 0."""
    to_sides, logits = np.array([-1.0, -1.0, 1.0, 1.0]), [0.0] * options["num_classes"]

    def y_pred(box: Any) -> Any:
        return rows(box.shape[0], logits, tensor(to_sides) * box, [0.0])[:, None]

    return sliding(options, lambda box: [[1, *(to_sides * box)]], y_pred)


def location_logits(options: Options) -> Path:
    half, rest = [0.5] * 4, [0.0] * (options["num_classes"] - 1)

    def y_pred(x: Any) -> Any:
        return rows(x.shape[0], x[:, None], rest, half, [0.0])[:, None]

    cases = (
        case("inside an object of this class", [[1, *half]], y_pred),
        case("background", [[0, *half]], y_pred),
    )
    return Path("logit of the first class, 0 for the others", "gradient by the logit", (-6.0, 6.0), cases)
