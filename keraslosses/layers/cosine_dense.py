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
    """A dense layer that gives cosines, for the losses that read cosines: `ArcFace`, `CosFace`, `SphereFace`.

    It is the last layer of the model. Its kernel holds a vector for each class. An output is the cosine of
    the angle between the features and this vector:

    ```
    outputs[.., j] = features · kernel[:, j] / (‖features‖ ‖kernel[:, j]‖)
    ```

    The model does not read labels. `predict` gives cosines; the class with the largest one is the prediction.

    Args:
        units: Number of classes, an integer above 0.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, .., dim)`, outputs `(batch, .., units)`. Outputs lie between -1 and 1.

    The weights `kernel` `(dim, units)` are trainable. The lengths of its columns do not change the outputs.
    Outputs are float32 under every dtype policy, because a loss multiplies them by a scale of about 64. A
    length below 1e-7 counts as 1e-7. The cosine with a vector of zeros is 0, with gradient 0.

    Raises:
        ValueError: If `units` is out of range, or if the size of the last axis of the features is not known.

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
    def call(self, features: Tensor) -> Tensor:
        features = numerics.unit(floating(features), -1)
        directions = numerics.unit(ops.cast(self.kernel, features.dtype), 0)
        return ops.matmul(features, directions)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.outputs}
