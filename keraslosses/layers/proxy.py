"""The base class of the terms that compare embeddings with proxies, the trainable vectors of the classes."""

from typing import Any

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.embedding_pairs import NO_CLASS
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.reduction import both
from keraslosses.core.types import Tensor
from keraslosses.layers.kernel import KernelLayer
from keraslosses.layers.term import kept_samples, labels_of


class ProxyLayer(KernelLayer):
    """A term with a `kernel` of proxies, `(num_classes, .., dim)`, of which only the directions matter.

    A subclass defines `values`, and sets `of_batch` if they depend on the whole batch. The layer itself
    returns the similarities to the classes.
    """

    of_batch = False

    def __init__(
        self,
        num_classes: int,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ):
        checks.positive_integer("num_classes", num_classes)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.num_classes = self.outputs

    def kernel_shape(self, dim: int) -> tuple[int, ...]:
        return self.outputs, dim

    def proxies(self, features: Tensor) -> Any:
        """The proxies with length 1, in the dtype of the features."""
        return numerics.unit(ops.cast(self.kernel, features.dtype), -1)

    def similarities(self, features: Tensor) -> Any:
        """The cosine of each feature with the proxy of each class."""
        return ops.matmul(numerics.unit(features, -1), ops.transpose(self.proxies(features)))

    @in_full_precision
    def call(self, features: Tensor) -> Tensor:
        return self.similarities(floating(features))

    def values(self, features: Tensor, labels: Tensor, kept: Tensor) -> Any:
        """The value of each sample. What it is for a sample that is not kept does not matter."""
        raise NotImplementedError

    @in_full_precision
    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`, and which samples the mean counts: those with a label other than -1.

        The values are not multiplied by `sample_weight`. A sample of weight 0 has the value 0.
        """
        features = floating(features)
        self.build_for(features)
        labels, valid, broken = labels_of(type(self).__name__, features, labels, self.outputs, NO_CLASS)
        kept = both(kept_samples(labels, sample_weight), valid)
        values = self.values(ops.where(kept[:, None], features, 1.0), labels, kept)
        if broken is not None:
            broken = ops.logical_and(broken, kept)
            broken = ops.any(broken) if self.of_batch else broken
            values = values * backend.one_or_nan(broken, values.dtype)
        return ops.where(kept, values, ops.zeros_like(values)), valid

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_classes": self.outputs}
