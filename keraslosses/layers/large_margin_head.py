"""L-Softmax: a linear classifier whose training asks for a margin between the angles."""

from functools import partial
from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.nonfinite import one_or_nan
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor
from keraslosses.layers.kernel import KernelLayer
from keraslosses.layers.term import kept_samples, labels_of
from keraslosses.losses.angular_margins import multiplied_angle


@saved
class LargeMarginHead(KernelLayer):
    """Large-margin softmax: a last layer without bias that is trained with a margin between the classes.

    A term for `attach`: `per_sample_loss` is the cross-entropy of the logits `features · kernel`, in which
    that of the label's class, with θ the angle between its column w of the kernel and the features x, is

    ```
    ‖w‖ ‖x‖ (λ cos θ + ψ(θ)) / (1 + λ)
    ψ(θ) = (-1)^k cos(margin θ) - 2k       where k π / margin <= θ <= (k + 1) π / margin
    λ = max(lam_min, base (1 + rate step)^-power)
    ```

    λ begins large, as plain softmax, and falls with every training step, which the layer counts.

    Called with features, the layer gives the plain logits: so does `predict` of a model that ends with it.

    Args:
        num_classes: Number of classes, above 0.
        margin: A whole number above 0; 1 is plain softmax.
        base, rate, power: How λ falls, each at least 0.
        lam_min: The least λ, at least 0.
        kernel_initializer, kernel_regularizer, kernel_constraint: As in `keras.layers.Dense`.
        name, and other arguments of a Keras layer.

    Shapes: features `(batch, dim)`; labels `(batch,)`, `(batch, 1)`, or one-hot `(batch, num_classes)`, of
    which the largest entry counts; values `(batch,)`; logits `(batch, num_classes)`, float32 under every
    dtype policy. The kernel `(dim, num_classes)` is trainable; `step`, an integer, is not.

    The gradient is that of the formula, with λ constant. For features of zeros the angle counts as 90
    degrees, and nothing flows back through their length. A frozen layer (`trainable=False`) does not count.

    Raises:
        ValueError: for an option out of range, features or labels of another shape, or a label outside
            [0, num_classes) where it can be seen; in compiled code such a sample's loss is NaN.

    Source: Liu et al., Large-Margin Softmax Loss for Convolutional Neural Networks, 2016, equations 4 to 6,
    and section 4.2 for λ; its values are those of the authors' code.

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

    def build(self, features_shape: Any) -> None:
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
    def lam(self) -> Any:
        """λ of the next training step."""
        steps = ops.cast(self.step, "float32")
        fallen = self.base * (1.0 + self.rate * steps) ** -self.power
        return ops.maximum(fallen, self.lam_min)

    @in_full_precision
    def call(self, features: Tensor) -> Any:
        features = floating(features)
        return ops.matmul(features, ops.cast(self.kernel, features.dtype))

    @in_full_precision
    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`, not weighted but 0 where the weight is 0; training counts a step."""
        features = floating(features)
        self.build_for(features)
        labels, _, broken = labels_of("LargeMarginHead", features, labels, self.outputs)
        kept = kept_samples(labels, sample_weight)
        values = self.cross_entropy(ops.where(kept[:, None], features, 1.0), labels)
        if training and self.trainable:
            self.step.assign_add(1)
        if broken is not None:
            values = values * one_or_nan(broken, values.dtype)
        return ops.where(kept, values, ops.zeros_like(values))

    def cross_entropy(self, features: Tensor, labels: Tensor) -> Any:
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


def lengths(vectors: Tensor, axis: int) -> Any:
    """Their lengths, with derivative 0 where one is 0."""
    return numerics.root(ops.sum(ops.square(vectors), axis=axis))
