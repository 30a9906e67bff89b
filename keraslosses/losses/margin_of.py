"""The margin of an angular loss, for a head that computes the cosines itself."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from keraslosses.core.explicit import Explicit
from keraslosses.core.loss import FunctionLoss
from keraslosses.losses.angular import am_softmax, arcface, cosface
from keraslosses.losses.angular_margins import added_to_angle, all_three, multiplied_angle, taken_from_cosine
from keraslosses.losses.angular_multiples import combined_margin, sphereface

MARGINS: dict[Any, Callable[..., Explicit]] = {
    arcface: added_to_angle,
    cosface: taken_from_cosine,
    am_softmax: taken_from_cosine,
    sphereface: multiplied_angle,
    combined_margin: all_three,
}


def is_angular(loss: Any) -> bool:
    """Whether a loss is one of the angular losses of this package."""
    return isinstance(loss, FunctionLoss) and loss.function in MARGINS


def margin_of(loss: FunctionLoss) -> Callable[[Any, Any], Explicit]:
    """The function that applies the margin of an angular loss, with its options, to the label's cosine."""
    function = MARGINS[loss.function]
    named = inspect.signature(function).parameters
    return partial(function, **{name: value for name, value in loss.options.items() if name in named})
