"""`ordinal_class` finds the class that a model of ordered classes predicts."""

import math

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating
from keraslosses.core.readable import check_readable
from keraslosses.core.symbolic import takes_symbols
from keraslosses.core.types import Tensor

# The logarithm of one half.
HALF = math.log(0.5)
# F(x) = 1/2 at this x, for the distribution F of each link of `CumulativeLink`.
MEDIANS = {"logit": 0.0, "probit": 0.0, "cloglog": math.log(math.log(2.0))}


@takes_symbols
def ordinal_class(y_pred: Tensor, loss: str = "coral", link: str = "logit") -> Tensor:
    """The class that a model with `Coral`, `Corn` or `CumulativeLink` predicts: the median of its classes.

    It is the number of levels k for which the probability of a class above k is more than one half.

    Args:
        y_pred: The output of the model, as the loss reads it.
        loss: The name of the loss function: "coral" (default), "corn" or "cumulative_link".
        link: The `link` of `CumulativeLink`. Default: "logit". The other losses have none.

    Returns:
        Class indices, int32, in the shape of y_pred without its last axis.

    Raises:
        ValueError: If `loss` or `link` is none of these.

    Example:

    >>> classes = keraslosses.ordinal_class([[3.0, 1.0, -2.0], [-1.0, -2.0, -3.0]])
    >>> print(keras.ops.convert_to_numpy(classes).tolist())
    [2, 0]
    """
    checks.one_of("coral", "corn", "cumulative_link")("loss", loss)
    checks.one_of(*MEDIANS)("link", link)
    check_readable("ordinal_class", y_pred=y_pred)
    y_pred = floating(y_pred)
    if loss == "coral":
        above = y_pred > 0
    elif loss == "corn":
        above = ops.cumsum(-ops.softplus(-y_pred), axis=-1) > HALF
    else:
        above = y_pred[..., 1:] - y_pred[..., :1] < MEDIANS[link]
    return ops.sum(ops.cast(above, "int32"), axis=-1)
