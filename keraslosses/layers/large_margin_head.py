"""L-Softmax: a linear classifier that is trained with a margin between the angles of the classes."""

from functools import partial
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.kernel import KernelLayer
from keraslosses.layers.term import kept_samples, labels_of
from keraslosses.losses.angular_margins import multiplied_angle


@saved
class LargeMarginHead(KernelLayer):
    """Large-margin softmax: a last layer without bias that is trained with a margin between the classes.

    It is a term for `attach`. `per_sample_loss` is the cross-entropy of the logits `features · kernel`, with
    another logit for the class of the label. Let w be the column of this class in the kernel, x the features,
    and θ the angle between w and x. The logit of the label is

    ```
    ‖w‖ ‖x‖ (λ cos θ + ψ(θ)) / (1 + λ)
    ψ(θ) = (-1)^k cos(margin θ) - 2k       where k π / margin <= θ <= (k + 1) π / margin
    λ = max(lam_min, base (1 + rate step)^-power)
    ```

    λ starts large: the loss is then close to plain softmax. λ falls with each training step. The layer counts
    the steps in its weight `step`.

    Call the layer with features: it returns the plain logits. `predict` gives them too, if the layer is the
    last one of the model.

    Args:
        num_classes: Number of classes, an integer above 0.
        margin: An integer above 0; 1 is plain softmax. Default: 4.
        base: The first λ, at least 0. Default: 1000.
        rate: How fast λ falls with the steps, at least 0. Default: 0.12.
        power: The exponent with which λ falls, at least 0. Default: 1.
        lam_min: The smallest λ, at least 0. Default: 5.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. Values are `(batch,)`. Logits are
    `(batch, num_classes)`, float32 under every dtype policy. The kernel `(dim, num_classes)` is trainable.
    The integer `step` is not trainable.

    The gradient is that of the formula, with λ constant. If all features of a sample are 0, the angle is 90
    degrees, and no gradient flows through their length. A frozen layer (`trainable=False`) does not count
    steps.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            outside [0, num_classes). Compiled code cannot raise for a label: the loss of the sample is NaN.

    Source: Liu et al., Large-Margin Softmax Loss for Convolutional Neural Networks, 2016, equations 4 to 6,
    and section 4.2 for λ. The default values for λ are those of the authors' code.

    Example:

    >>> head = keraslosses.LargeMarginHead(2, margin=2, base=0.0, lam_min=0.0, kernel_initializer="identity")
    >>> print(keras.ops.convert_to_numpy(head.per_sample_loss([[0.6, 0.8]], [0])).round(4))
    [1.3724]
    """

    def __init__(
        self,
        num_classes: int,
        margin: int = 4,
        base: float = 1000.0,
        rate: float = 0.12,
        power: float = 1.0,
        lam_min: float = 5.0,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.positive_integer("num_classes", num_classes)
        checks.positive_integer("margin", margin)
        for name, value in {"base": base, "rate": rate, "power": power, "lam_min": lam_min}.items():
            checks.non_negative(name, value)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.margin = int(margin)
        self.num_classes = self.outputs
        self.base, self.rate = float(base), float(rate)
        self.power, self.lam_min = float(power), float(lam_min)

    def build(self, features_shape: Shape) -> None:
        super().build(features_shape)
        self.step = self.add_weight(
            name="step",
            shape=(),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            aggregation="only_first_replica",
        )

    @property
    def lam(self) -> Tensor:
        """λ of the next training step."""
        steps = ops.cast(self.step, "float32")
        fallen = self.base * (1.0 + self.rate * steps) ** -self.power
        return ops.maximum(fallen, self.lam_min)

    @in_full_precision
    def call(self, features: Tensor) -> Tensor:
        features = floating(features)
        return ops.matmul(features, ops.cast(self.kernel, features.dtype))

    @in_full_precision
    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`. In training, the layer counts a step.

        The values are not multiplied by `sample_weight`. A sample of weight 0 has the value 0.
        """
        features = floating(features)
        self.build_for(features)
        labels, _, broken = labels_of("LargeMarginHead", features, labels, self.outputs)
        kept = kept_samples(labels, sample_weight)
        values = self.cross_entropy(ops.where(kept[:, None], features, 1.0), labels)
        if training and self.trainable:
            self.step.assign_add(1)
        if broken is not None:
            values = values * backend.one_or_nan(ops.logical_and(broken, kept), values.dtype)
        return ops.where(kept, values, ops.zeros_like(values))

    def cross_entropy(self, features: Tensor, labels: Tensor) -> Tensor:
        logits = self.call(features)
        own = backend.pick(logits, labels)
        of_classes = lengths(ops.cast(self.kernel, features.dtype), 0)
        length = lengths(features, 1) * ops.take(of_classes, labels, axis=0)
        cosine = numerics.divide(own, length)
        moved = partial(multiplied_angle, margin=self.margin, lam=ops.cast(self.lam, features.dtype))
        change = length * backend.explicit(moved, ops.stop_gradient(cosine), cosine, None) - own
        return backend.negative_log_likelihood(backend.add_to_picked(logits, labels, change), labels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.outputs,
            "margin": self.margin,
            "base": self.base,
            "rate": self.rate,
            "power": self.power,
            "lam_min": self.lam_min,
        }


def lengths(vectors: Tensor, axis: int) -> Tensor:
    """The lengths of vectors along an axis; a length of 0 has derivative 0."""
    return numerics.root(ops.sum(ops.square(vectors), axis=axis))
