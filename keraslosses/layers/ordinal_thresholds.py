"""The last layer of a model for `CumulativeLink`: puts learned thresholds beside the score."""

import math
from typing import Any

import keras

from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.precision import floating
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.ordinal_dense import check_num_classes

# softplus of this number is 1.
GAP_OF_ONE = math.log(math.expm1(1.0))


@saved
class OrdinalThresholds(FixedOptions, keras.layers.Layer):
    """Puts the thresholds between ordered classes beside a score: the last layer before `CumulativeLink`.

    All samples share the thresholds. They are learned, and increase by construction:

    ```
    outputs = [score, θ[0], .., θ[num_classes - 2]]
    θ[k] = first + sum over j < k of softplus(gaps[j])
    ```

    `ordinal_class` finds the predicted class.

    Args:
        num_classes: Number of classes K, an integer of at least 2.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: scores `(batch, .., 1)`, outputs `(batch, .., K)`.

    The weights `first` `(1,)` and, with more than two classes, `gaps` `(K - 2,)` are trainable. At the start,
    neighbours are 1 apart, and the middle of all thresholds is 0. Outputs are float32 under every dtype
    policy.

    Raises:
        ValueError: If `num_classes` is out of range, or if the last axis of the scores is not of size 1.

    Example:

    >>> layer = keraslosses.OrdinalThresholds(3)
    >>> print(keras.ops.convert_to_numpy(layer(np.array([[0.25]]))).tolist())
    [[0.25, -0.5, 0.5]]
    """

    def __init__(self, num_classes: int, **kwargs: Any):
        check_num_classes(num_classes)
        super().__init__(autocast=False, **kwargs)
        self.num_classes = int(num_classes)
        self.supports_masking = True

    def build(self, scores_shape: Shape) -> None:
        if len(scores_shape) < 2 or scores_shape[-1] != 1:
            raise ValueError(
                "`scores` must have shape (batch, .., 1) in OrdinalThresholds. "
                f"Received: scores.shape={tuple(scores_shape)}"
            )
        between = self.num_classes - 2
        self.first = self.weight("first", 1, -between / 2.0)
        self.gaps = self.weight("gaps", between, GAP_OF_ONE) if between else None

    def weight(self, name: str, size: int, start: float) -> Any:
        initializer = keras.initializers.Constant(start)
        return self.add_weight(
            name=name, shape=(size,), initializer=initializer, dtype="float32", autocast=False
        )

    def call(self, scores: Tensor) -> Tensor:
        scores = floating(scores)
        thresholds = ops.convert_to_tensor(self.first)
        if self.gaps is not None:
            steps = ops.softplus(ops.convert_to_tensor(self.gaps))
            thresholds = ops.cumsum(ops.concatenate([thresholds, steps]), axis=0)
        thresholds = ops.cast(thresholds, scores.dtype)
        shape = (*ops.shape(scores)[:-1], self.num_classes - 1)
        return ops.concatenate([scores, ops.broadcast_to(thresholds, shape)], axis=-1)

    def compute_output_shape(self, scores_shape: Shape) -> Shape:
        return (*scores_shape[:-1], self.num_classes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.num_classes}
