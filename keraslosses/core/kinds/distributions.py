"""The kind `Distributions`: a target for each class, and probabilities or logits of the classes."""

from dataclasses import replace

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.kind import Pair, without_classes
from keraslosses.core.kinds.vectors import Vectors
from keraslosses.core.types import Options, Tensor


class Distributions(Vectors):
    """Targets and predictions for each class: y_true holds probabilities or one-hot rows along `axis`.

    y_pred holds probabilities or logits. The axis is the option `axis` of the loss function; the last axis if
    it has no such option. If the loss function has an option `class_weights`, it holds one number for each
    class. The formula itself must apply these weights. For the reduction `"mean_with_sample_weight"`, the
    weight of an entry is the sum over its classes of target times class weight.

    Args:
        explicit: Whether the formula returns its values with their derivatives, as an `Explicit` of this
            package. Default: False.
        true: The `Range` in which the numbers of y_true must lie. Default: None, all numbers are allowed.
        pred: The `Range` in which the numbers of y_pred must lie, unless the loss has the option
            `from_logits` and it is True. Default: None, all numbers are allowed.
        clipped: Whether the formula itself counts a number just outside its range as the bound. Then compiled
            code moves no numbers. It only finds the rows that become NaN, which is faster. Default: False.

    Shapes: y_true must have the shape of y_pred, `(batch, .., classes)`, or with the classes in another axis.
    The formula returns the shape of y_pred without the class axis.

    The formula must be finite if all inputs are 1, because ones replace a sample of weight 0. A masked class
    gets the target 0, and the probability 0 or the logit -inf.
    """

    def read(self, name: str, y_true: Tensor, y_pred: Tensor, options: Options) -> Pair:
        pair = super().read(name, y_true, y_pred, options)
        weights = options.get("class_weights")
        if weights is None:
            return pair
        checks.vector_length("class_weights", weights, pair.y_pred.shape[pair.axis])
        laid = numerics.along(pair.axis, weights, pair.y_pred)
        return replace(pair, class_weight=ops.sum(pair.y_true * laid, axis=pair.axis))

    def hide(self, pair: Pair, seen: Tensor, options: Options) -> Pair:
        return replace(super().hide(pair, seen, options), y_pred=without_classes(pair, seen, options))
