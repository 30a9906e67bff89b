"""`SoftTriple`: a term with several centers for each class."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor
from keraslosses.layers.proxies import own_classes
from keraslosses.layers.proxy import ProxyLayer


@saved
class SoftTriple(ProxyLayer):
    """SoftTriple: a softmax with several centers for each class, for classes that look different inside.

    It is a term for `attach`. With x the embedding and w_ck center k of class c, all divided by their length,
    K the centers of a class, and C the classes:

    ```
    S_c  = sum over k of q_ck (x · w_ck)        q_c = softmax over k of (x · w_ck) / gamma
    loss = cross-entropy of the logits la · S, less la · margin at the class of the label
         + tau / (C K (K - 1)) · sum over c, t, s > t of ‖w_ct - w_cs‖
    ```

    Args:
        num_classes: Number of classes, an integer above 0.
        centers: Number of centers of a class, an integer above 0. Default: 10.
        la: Scale of the similarities, above 0. Default: 20.
        gamma: Width of the softmax over the centers, above 0. Default: 0.1.
        margin: How much larger the similarity to the own class should be, any number. Default: 0.01.
        tau: Weight of the distances between the centers of a class, at least 0. Default: 0.2.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. Values are `(batch,)`. The trainable
    `kernel` is `(num_classes, centers, dim)`.

    A sample with the label -1 costs 0 and leaves the mean.

    The layer itself returns the similarities S, `(batch, num_classes)`: the class with the largest one is the
    prediction. The last part of the loss draws centers together that are not needed; the value of each sample
    has it. Two equal centers have distance 0, with gradient 0. A length below 1e-7 counts as 1e-7. The cosine
    with a vector of zeros is 0, with gradient 0.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            neither -1 nor in [0, num_classes). Compiled code cannot raise for a label: the loss of the sample
            is NaN.

    Source: Qian et al., SoftTriple Loss: Deep Metric Learning Without Triplet Sampling, 2019, equations 6, 7
    and 10.

    Example:

    >>> term = keraslosses.SoftTriple(2, centers=1, kernel_initializer="ones")
    >>> print(keras.ops.convert_to_numpy(term.per_sample_loss([[3.0, 4.0]], [1])[0]).round(4))
    [0.7981]
    """

    def __init__(
        self,
        num_classes: int,
        centers: int = 10,
        la: float = 20.0,
        gamma: float = 0.1,
        margin: float = 0.01,
        tau: float = 0.2,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.positive_integer("centers", centers)
        checks.positive("la", la)
        checks.positive("gamma", gamma)
        checks.number("margin", margin)
        checks.non_negative("tau", tau)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.centers = int(centers)
        self.la, self.gamma, self.margin, self.tau = map(float, (la, gamma, margin, tau))

    def kernel_shape(self, dim: int) -> tuple[int, ...]:
        return self.outputs, self.centers, dim

    def similarities(self, features: Tensor) -> Any:
        centers = ops.reshape(self.proxies(features), (-1, features.shape[-1]))
        cosines = ops.matmul(numerics.unit(features, -1), ops.transpose(centers))
        cosines = ops.reshape(cosines, (-1, self.outputs, self.centers))
        if self.centers == 1:
            return cosines[..., 0]
        return ops.sum(ops.softmax(cosines / self.gamma, axis=-1) * cosines, axis=-1)

    def values(self, features: Tensor, labels: Tensor, kept: Tensor) -> Any:
        own = ops.cast(own_classes(labels, self.outputs), features.dtype)
        logits = self.la * (self.similarities(features) - self.margin * own)
        return backend.negative_log_likelihood(logits, labels) + self.spread(features)

    def spread(self, features: Tensor) -> Any:
        """tau times half the mean distance of two centers of a class. Each pair is seen twice."""
        if self.centers == 1 or not self.tau:
            return ops.zeros((), dtype=features.dtype)
        centers = self.proxies(features)
        gram = ops.matmul(centers, ops.transpose(centers, (0, 2, 1)))
        apart = 1.0 - ops.eye(self.centers, dtype=gram.dtype)[None]
        squares = backend.at_least(2.0 * (1.0 - gram), 0.0) * apart
        factor = self.tau / (2 * self.outputs * self.centers * (self.centers - 1))
        return ops.sum(factor * numerics.root(squares))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "centers": self.centers,
            "la": self.la,
            "gamma": self.gamma,
            "margin": self.margin,
            "tau": self.tau,
        }
