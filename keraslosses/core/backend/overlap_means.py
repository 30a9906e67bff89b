"""Mean Dice and Tversky losses in compiled code, from sums that check the ranges too.

A number out of its range makes a sum NaN. Only then a second pass moves the numbers into their ranges. So masks
and probabilities that are in range are read for their sums alone.
"""

from collections.abc import Callable
from typing import Any

from keras.backend import standardize_dtype

from keraslosses.core.backend import ops
from keraslosses.core.domain import ROUNDING
from keraslosses.core.limits import EPSILON
from keraslosses.core.types import Options, Tensor

# The options under which a loss is that of masks and probabilities alone, over all pixels of the batch.
PLAIN: Options = {
    "axis": None,
    "squared": False,
    "smooth": 0.0,
    "from_logits": False,
    "class_weights": None,
    "ignore_class": None,
    "absent": "count",
}

# The sums of y p, of y and of p over all pixels. NaN if a number is out of its range by more than a rounding error.
Sums = Callable[[Tensor, Tensor], tuple[Any, Any, Any]]


def plain(y_true: Tensor, y_pred: Tensor, options: Options) -> bool:
    """Whether the loss is that of masks and probabilities alone, with one shape and precision."""
    if any(options.get(option, usual) != usual for option, usual in PLAIN.items()):
        return False
    dtypes = {standardize_dtype(getattr(x, "dtype", "int32")) for x in (y_true, y_pred)}
    return dtypes <= {"float32", "float64"} and len(dtypes) == 1 and y_true.shape == y_pred.shape
