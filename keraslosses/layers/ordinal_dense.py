"""The last layer of a model for `Coral`: the logits of all levels, from one direction of the features."""

from typing import Any

import numpy as np

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.kernel import KernelLayer


def check_num_classes(num_classes: Any) -> None:
    """Raises unless there are at least two classes to put in order."""
    if not (checks.is_integer(num_classes) and num_classes >= 2):
        raise checks.invalid("num_classes", "be an integer of at least 2", num_classes)


@saved
class OrdinalDense(KernelLayer):
    """A dense layer for ordered classes: the levels share one column of weights, and each has its own bias.

    It is the last layer of a model with the loss `Coral`. The logit of level k answers "is the class above
    k?":

    ```
    outputs[.., k] = features · kernel + bias[k], for k from 0 to num_classes - 2
    ```

    All logits rise and fall together. If the biases fall with k, the answers never contradict each other:
    who is above 3 is above 2. The biases start evenly spaced from 1 down to 1 / (num_classes - 1), and the
    optimum of `Coral` has them in falling order. `ordinal_class` finds the predicted class.

    Args:
        num_classes: Number of classes K, an integer of at least 2.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, .., dim)`, outputs `(batch, .., K - 1)`.

    The weights `kernel` `(dim, 1)` and `bias` `(K - 1,)` are trainable. Outputs are float32 under every dtype
    policy.

    Raises:
        ValueError: If `num_classes` is out of range, or if the size of the last axis of the features is not
            known.

    Source: Cao et al., Rank Consistent Ordinal Regression for Neural Networks with Application to Age
    Estimation, 2020, section 3.3.

    Example:

    >>> layer = keraslosses.OrdinalDense(3, kernel_initializer="ones")
    >>> print(keras.ops.convert_to_numpy(layer(np.array([[2.0, -1.0]]))).tolist())
    [[2.0, 1.5]]
    """

    def __init__(
        self,
        num_classes: int,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        check_num_classes(num_classes)
        levels = num_classes - 1
        super().__init__(levels, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.num_classes = int(num_classes)
        self.supports_masking = True

    def kernel_shape(self, dim: int) -> tuple[int, int]:
        return dim, 1

    def build(self, features_shape: Shape) -> None:
        super().build(features_shape)
        falling = np.arange(self.outputs, 0, -1) / self.outputs
        self.bias = self.add_weight(
            name="bias",
            shape=(self.outputs,),
            initializer=lambda shape, dtype: ops.convert_to_tensor(falling, dtype=dtype),
            dtype=self.kernel_dtype(),
            autocast=False,
        )

    @in_full_precision
    def call(self, features: Tensor) -> Tensor:
        features = floating(features)
        kernel, bias = (ops.cast(x, features.dtype) for x in (self.kernel, self.bias))
        return ops.add(ops.matmul(features, kernel), bias)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.num_classes}
