"""The base class of `CosineDense` and the heads: a layer with a vector of weights for each class."""

from typing import Any

import keras

from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.term import TermLayer


class KernelLayer(TermLayer):
    """A layer with a trainable `kernel` of shape `(dim, outputs)`, float32 under every dtype policy.

    A class with another shape overrides `kernel_shape`, and one with another dtype `kernel_dtype`.
    """

    def __init__(
        self,
        outputs: int,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.outputs = int(outputs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)

    def kernel_shape(self, dim: int) -> tuple[int, ...]:
        return dim, self.outputs

    def kernel_dtype(self) -> str:
        return "float32"

    def build(self, features_shape: Shape) -> None:
        if len(features_shape) < 2 or features_shape[-1] is None:
            raise ValueError(
                f"`features` must have shape (batch, .., dim) with a known dim in {type(self).__name__}. "
                f"Received: features.shape={tuple(features_shape)}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=self.kernel_shape(features_shape[-1]),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            dtype=self.kernel_dtype(),
            autocast=False,
        )

    def build_for(self, features: Tensor) -> None:
        """Builds the layer for these features, if no model has built it yet."""
        if not hasattr(self, "kernel"):
            self.build(features.shape)
            self.built = True

    def compute_output_shape(self, features_shape: Shape) -> Shape:
        return (*features_shape[:-1], self.outputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
        }
