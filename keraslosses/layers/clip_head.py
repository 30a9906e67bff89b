"""`ClipHead`: InfoNCE with a learned temperature, as a term."""

import math
from typing import Any

import keras

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.two_towers import TwoTowers
from keraslosses.losses.towers import contrast


@saved
class ClipHead(TwoTowers):
    """The loss of CLIP: two vectors of a sample find each other in the batch, with a learned temperature.

    It is a term for `attach`. With s(i, j) the cosine of the first vector of sample i and the second vector
    of sample j, times the scale, which is 1 / temperature:

    ```
    forth(i) = -s(i, i) + log(sum(exp(s(i, j)) over all j))
    back(i)  = -s(i, i) + log(sum(exp(s(j, i)) over all j))
    loss(i)  = (forth(i) + back(i)) / 2
    ```

    Args:
        initial: The scale at the start, above 0 and at most `most`. Default: 1 / 0.07.
        most: The largest scale, above 0. Default: 100.
        normalize: Whether to compare directions, by the cosine. Default: True. False: by the scalar product.
        chunk_size: How many anchors are compared with all others at a time. Value and gradient do not depend
            on it. Default: None, all at once for a small batch, else a size that suits the device.
        across_replicas: Whether the samples of all replicas are compared. Default: False, those of each
            replica.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, 2, dim)`: `keras.ops.stack` of the outputs of both towers along axis 1. Labels
    are anything with one row for each sample; they are not read. Values are `(batch,)`. The trainable
    `log_scale` `()` is the logarithm of the scale.

    The layer itself returns the logits s, `(batch, batch)`. `most` is a constraint of `log_scale`, which the
    optimizers of Keras apply after each step: so the scale can fall again. Another optimizer must do that
    itself.

    A sample without a negative costs 0, with gradient 0, and leaves the mean. So does a masked sample and one
    of weight 0: they make no pairs, and may hold anything. Other sample weights multiply the value of the
    sample. A vector of zeros has similarity 0, with gradient 0.

    Raises:
        ValueError: If an option is out of range, or if features or labels have another shape.

    Source: Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021,
    figure 3, and section 2.5 for the largest scale.

    Example:

    >>> head = keraslosses.ClipHead(initial=1.0)
    >>> vectors = [[[1.0, 0.0], [0.6, 0.8]], [[0.0, 1.0], [0.0, 2.0]]]
    >>> values, counted = head.per_sample_loss(vectors, [0, 0])
    >>> print(keras.ops.convert_to_numpy(values).round(4))
    [0.6178 0.4557]
    """

    def __init__(
        self,
        initial: float = 1 / 0.07,
        most: float = 100.0,
        normalize: bool = True,
        chunk_size: int | None = None,
        across_replicas: bool = False,
        **kwargs: Any,
    ):
        checks.positive("initial", initial)
        checks.positive("most", most)
        checks.boolean("normalize", normalize)
        if initial > most:
            raise checks.invalid("initial", f"be at most `most`, {most}", initial)
        super().__init__(chunk_size, across_replicas, **kwargs)
        self.initial, self.most = float(initial), float(most)
        self.normalize = normalize

    def build(self, features_shape: Shape) -> None:
        super().build(features_shape)
        self.log_scale = self.number("log_scale", math.log(self.initial), AtMost(math.log(self.most)))

    def towers(self, features: Tensor) -> tuple[Any, Any]:
        vectors = numerics.unit(features, -1) if self.normalize else features
        return self.scaled(vectors[:, 0]), vectors[:, 1]

    def values(self, labels: Tensor, features: Tensor, across_replicas: bool) -> tuple[Any, Any]:
        return contrast(
            labels, *self.towers(features), chunk_size=self.chunk_size, across_replicas=across_replicas
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial": self.initial,
            "most": self.most,
            "normalize": self.normalize,
        }


class AtMost(keras.constraints.Constraint):
    """Moves a weight down to a limit. A limit in the formula would stop the gradient above it."""

    def __init__(self, limit: float):
        self.limit = limit

    def __call__(self, weight: Any) -> Any:
        return ops.minimum(ops.convert_to_tensor(weight), self.limit)
