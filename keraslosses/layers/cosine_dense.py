"""A dense layer whose outputs are cosines."""

from typing import Any

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor
from keraslosses.layers.kernel import KernelLayer


@saved
class CosineDense(KernelLayer):
    """The cosine of the angle between the features and a direction for each class: the last layer of a model
    that is trained with `ArcFace`, `CosFace`, `SphereFace` or another loss that reads cosines.

    ```
    outputs[.., j] = features · kernel[:, j] / (‖features‖ ‖kernel[:, j]‖)
    ```

    No label enters the model: `predict` gives cosines, of which the largest is the predicted class.

    Args:
        units: Number of classes, above 0.
        kernel_initializer, kernel_regularizer, kernel_constraint: As in `keras.layers.Dense`.
        name, and other arguments of a Keras layer.

    Shapes: features `(batch, .., dim)`, outputs `(batch, .., units)`. Range -1 to 1.

    The weights `kernel` `(dim, units)` are trainable; their lengths change nothing. Outputs are float32 under
    every dtype policy: a loss multiplies them by a scale of 64 or so. Lengths below 1e-7 count as 1e-7; the
    cosine with a vector of zeros is 0, with gradient 0.

    Raises:
        ValueError: for `units` out of range, or features without a known last size.

    Source: Wang et al., NormFace: L2 Hypersphere Embedding for Face Verification, 2017.

    Example:

    >>> layer = keraslosses.CosineDense(2, kernel_initializer="identity")
    >>> print(keras.ops.convert_to_numpy(layer(np.array([[3.0, 4.0]]))).round(4))
    [[0.6 0.8]]
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.positive_integer("units", units)
        super().__init__(units, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.units = self.outputs

    @in_full_precision
    def call(self, features: Tensor) -> Any:
        features = numerics.unit(floating(features), -1)
        directions = numerics.unit(ops.cast(self.kernel, features.dtype), 0)
        return ops.matmul(features, directions)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.outputs}
