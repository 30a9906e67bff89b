"""`SigLipHead`: each pair of two towers is a yes or a no, as a term with learned scale and bias."""

import math
from typing import Any

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import NO_CLASS
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.two_towers import TwoTowers
from keraslosses.losses.pair_chunks import of_anchors
from keraslosses.losses.pair_distances import products
from keraslosses.losses.pair_sets import sets_of
from keraslosses.losses.pairs import Pairs, sum_where


@saved
class SigLipHead(TwoTowers):
    """The loss of SigLIP: each pair of a first and a second vector is told to be of one sample or of two.

    It is a term for `attach`. With c(i, j) the cosine of the first vector of sample i and the second vector
    of sample j, and t and b trained:

    ```
    s(i, j) = t c(i, j) + b
    loss(i) = softplus(-s(i, i)) + sum(softplus(s(i, j)) over j ≠ i)
    ```

    Args:
        scale: The factor t at the start, above 0. Default: 10.
        bias: The summand b at the start, any number. Default: -10.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, 2, dim)`: `keras.ops.stack` of the outputs of both towers along axis 1. Labels
    are anything with one row for each sample; they are not read. Values are `(batch,)`, whose mean is the
    loss of the paper. The trainable `log_scale` `()` is log t, the trainable `logit_bias` `()` is b.

    The layer itself returns the logits s, `(batch, batch)`. A masked sample and one of weight 0 leave the
    mean: they make no pairs, and may hold anything. Other sample weights multiply the value of the sample. A
    vector of zeros has similarity 0, with gradient 0.

    Raises:
        ValueError: If an option is out of range, or if features or labels have another shape.

    Source: Zhai et al., Sigmoid Loss for Language Image Pre-Training, 2023, section 3.2 and algorithm 1.

    Example:

    >>> head = keraslosses.SigLipHead(scale=1.0, bias=0.0)
    >>> vectors = [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]]
    >>> values, counted = head.per_sample_loss(vectors, [0, 0])
    >>> print(keras.ops.convert_to_numpy(values).round(4))
    [1.1306 1.4844]
    """

    def __init__(
        self,
        scale: float = 10.0,
        bias: float = -10.0,
        chunk_size: int | None = None,
        across_replicas: bool = False,
        **kwargs: Any,
    ):
        checks.positive("scale", scale)
        checks.number("bias", bias)
        super().__init__(chunk_size, across_replicas, **kwargs)
        self.scale, self.bias = float(scale), float(bias)

    def build(self, features_shape: Shape) -> None:
        super().build(features_shape)
        self.log_scale = self.number("log_scale", math.log(self.scale))
        self.logit_bias = self.number("logit_bias", self.bias)

    def towers(self, features: Tensor) -> tuple[Any, Any]:
        """The bias is one more coordinate, at which the second vectors are 1."""
        vectors = numerics.unit(features, -1)
        first, second = self.scaled(vectors[:, 0]), vectors[:, 1]
        ones = ops.ones_like(first[:, :1])
        bias = ops.cast(self.logit_bias, first.dtype) * ones
        return ops.concatenate([first, bias], axis=1), ops.concatenate([second, ones], axis=1)

    def values(self, labels: Tensor, features: Tensor, across_replicas: bool) -> tuple[Any, Any]:
        first, second = self.towers(features)
        sets = sets_of(labels, first, second, labels, across_replicas)
        (values,) = of_anchors(costs, sets, chunk_size=self.chunk_size)
        return values, labels != NO_CLASS

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "bias": self.bias}


def costs(pairs: Pairs, anchors: Tensor, references: Tensor) -> tuple[Any]:
    """The cross-entropy of yes or no for all pairs of each anchor."""
    logits = products(anchors, references)
    wrong = ops.where(pairs.positive, -logits, logits)
    return (sum_where(ops.logical_or(*pairs), ops.softplus(wrong)),)
