"""Terms with one proxy for each class: `ProxyNCA` and `ProxyAnchor`."""

from typing import Any

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor
from keraslosses.layers.proxy import ProxyLayer


@saved
class ProxyNCA(ProxyLayer):
    """Proxy-NCA: an embedding should be nearer to the proxy of its class than to the other proxies.

    It is a term for `attach`. With x the embedding and p_c the proxy of class c, both of length 1:

    ```
    loss = -log(exp(-‖x - p_y‖²) / sum over classes c of exp(-‖x - p_c‖²))
    ```

    Args:
        num_classes: Number of classes, an integer above 0; above 1 if not `all_proxies`.
        all_proxies: Whether the sum has the proxy of the class itself too (default). In the paper it has not.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. Values are `(batch,)`. The proxies are
    the trainable `kernel`, `(num_classes, dim)`.

    A sample with the label -1 costs 0 and leaves the mean.

    The layer itself returns the cosines with the proxies, `(batch, num_classes)`: the class with the largest
    one is the prediction. Without the own proxy in the sum, the loss may fall below 0. A length below 1e-7
    counts as 1e-7. The cosine with a vector of zeros is 0, with gradient 0.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            neither -1 nor in [0, num_classes). Compiled code cannot raise for a label: the loss of the sample
            is NaN.

    Source: Movshovitz-Attias et al., No Fuss Distance Metric Learning using Proxies, 2017, equation 4.

    Example:

    >>> term = keraslosses.ProxyNCA(2, kernel_initializer="identity")
    >>> print(keras.ops.convert_to_numpy(term.per_sample_loss([[3.0, 4.0]], [1])[0]).round(4))
    [0.513]
    """

    def __init__(
        self,
        num_classes: int,
        all_proxies: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.boolean("all_proxies", all_proxies)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        if not all_proxies and self.outputs == 1:
            raise checks.invalid("num_classes", "be above 1 without `all_proxies`", num_classes)
        self.all_proxies = all_proxies

    def values(self, features: Tensor, labels: Tensor, kept: Tensor) -> Any:
        """Of vectors of length 1, the squared distance is 2 less twice the cosine."""
        logits = 2.0 * self.similarities(features)
        if self.all_proxies:
            return backend.negative_log_likelihood(logits, labels)
        own = own_classes(labels, self.outputs)
        others = ops.where(own, ops.cast(backend.FAR_BELOW, logits.dtype), logits)
        return ops.logsumexp(others, axis=-1) - backend.pick(logits, labels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "all_proxies": self.all_proxies}


@saved
class ProxyAnchor(ProxyLayer):
    """Proxy-Anchor: each proxy pulls the samples of its class and pushes the others, the hard ones most.

    It is a term for `attach`. The value belongs to the whole batch. With s the cosine of an embedding x and
    a proxy p, X_p the samples of the class of p in the batch, P the proxies, and Q those with a sample in the
    batch:

    ```
    loss = 1 / |Q| · sum over p in Q of log(1 + sum over x in X_p of exp(-alpha (s(x, p) - margin)))
         + 1 / |P| · sum over p in P of log(1 + sum over x not in X_p of exp(alpha (s(x, p) + margin)))
    ```

    Args:
        num_classes: Number of classes, an integer above 0.
        margin: How far the cosines should be above 0 within a class, and below 0 otherwise, any number.
            Default: 0.1.
        alpha: Scale, above 0. Default: 32.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. Values are `(batch,)`, the same for each
    sample. The proxies are the trainable `kernel`, `(num_classes, dim)`.

    The layer itself returns the cosines with the proxies, `(batch, num_classes)`: the class with the largest
    one is the prediction. A sample with the label -1, a masked one and one of weight 0 take no part in the
    sums; the first two leave the mean. Other sample weights multiply only the value. A length below 1e-7
    counts as 1e-7. The cosine with a vector of zeros is 0, with gradient 0.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            neither -1 nor in [0, num_classes). Compiled code cannot raise for a label: the loss of the batch
            is NaN.

    Source: Kim et al., Proxy Anchor Loss for Deep Metric Learning, 2020, equation 4.

    Example:

    >>> term = keraslosses.ProxyAnchor(2, alpha=2.0, kernel_initializer="identity")
    >>> print(keras.ops.convert_to_numpy(term.per_sample_loss([[3.0, 4.0]], [1])[0]).round(4))
    [1.0306]
    """

    of_batch = True

    def __init__(
        self,
        num_classes: int,
        margin: float = 0.1,
        alpha: float = 32.0,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.number("margin", margin)
        checks.positive("alpha", alpha)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.margin, self.alpha = float(margin), float(alpha)

    def values(self, features: Tensor, labels: Tensor, kept: Tensor) -> Any:
        cosines = self.similarities(features)
        own = own_classes(labels, self.outputs)
        positive = ops.logical_and(own, kept[:, None])
        negative = ops.logical_and(ops.logical_not(own), kept[:, None])
        pull = log_of_one_and(positive, self.alpha * (self.margin - cosines))
        push = log_of_one_and(negative, self.alpha * (self.margin + cosines))
        present = ops.cast(ops.any(positive, axis=0), pull.dtype)
        count = ops.maximum(ops.sum(present), ops.ones((), dtype=pull.dtype))
        # Without a sample, a pull is log(1) = 0.
        value = ops.sum(pull) / count + ops.sum(push / self.outputs)
        return ops.broadcast_to(value, ops.shape(features)[:1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin, "alpha": self.alpha}


def own_classes(labels: Tensor, num_classes: int) -> Any:
    """Whether a class is that of the label, (batch, num_classes)."""
    return labels[:, None] == ops.arange(num_classes, dtype=backend.dtype_name(labels))[None]


def log_of_one_and(condition: Tensor, exponents: Tensor) -> Any:
    """log(1 + sum(exp(exponents))) of each class, over the samples for which the condition holds."""
    shown = ops.where(condition, exponents, ops.cast(backend.FAR_BELOW, exponents.dtype))
    return ops.logsumexp(ops.concatenate([ops.zeros_like(shown[:1]), shown], axis=0), axis=0)
