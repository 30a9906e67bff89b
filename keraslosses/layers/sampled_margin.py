"""Partial FC: in training the label is set against a random share of the other classes."""

from typing import Any

import keras

from keraslosses.core import checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.backend.class_chunks import NO_LOGIT, Sums
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor
from keraslosses.layers.chunked_cross_entropy import ChunkedCrossEntropy
from keraslosses.losses.angular import ArcFace


@saved
class SampledMargin(ChunkedCrossEntropy):
    """An angular margin over very many classes, of which each training step looks at a random share.

    A term for `attach`. In training the classes of the batch and others drawn at random, together
    `rate · num_classes`, stand for all: the logits of the rest are not computed, and their directions feel
    nothing. Outside of training all classes count, in chunks, as in `ChunkedCrossEntropy`.

    Called with features, the layer gives the cosines of all classes: for inference.

    Args:
        num_classes: Number of classes, above 0.
        rate: Share of the classes that a training step looks at, above 0 and at most 1, where the loss is
            the full one.
        margin: One of the angular losses; `ArcFace()` by default.
        seed: An integer from which the classes are drawn; the state is saved with the model. None is another
            one each time.
        chunk_size, ignore_class, class_weights, kernel_initializer, kernel_regularizer, kernel_constraint:
            As in `ChunkedCrossEntropy`.
        name, and other arguments of a Keras layer.

    Shapes and weights: as `ChunkedCrossEntropy`. The arrays of a training step are (batch, classes looked
    at). The gradient is that of the loss over those classes.

    A class of the batch counts as another class for the other samples. If the batch has more classes than are
    looked at, some of them count for their own samples only.

    Raises:
        ValueError: for an option out of range, and as `ChunkedCrossEntropy`.

    Source: An et al., Killing Two Birds with One Stone: Efficient and Robust Training of Face Recognition
    CNNs by Partial FC, 2022, section 3.

    Example:

    >>> head = keraslosses.SampledMargin(1000, rate=0.1, seed=0)
    >>> print(tuple(head.per_sample_loss(np.ones((2, 8), "float32"), [3, 7], training=True).shape))
    (2,)
    """

    def __init__(
        self,
        num_classes: int,
        rate: float = 0.1,
        margin: Any = None,
        seed: int | None = None,
        chunk_size: int = 4096,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.share("rate", rate)
        checks.optional_integer("seed", seed)
        super().__init__(
            num_classes,
            chunk_size,
            margin=ArcFace() if margin is None else margin,
            ignore_class=ignore_class,
            class_weights=class_weights,
            kept=0.0,
            kernel_initializer=kernel_initializer,
            kernel_regularizer=kernel_regularizer,
            kernel_constraint=kernel_constraint,
            **kwargs,
        )
        self.rate = float(rate)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def sums(self, features: Tensor, labels: Tensor, training: bool | None) -> Any:
        if not training or self.rate == 1.0:
            return super().sums(features, labels, training)
        kernel = ops.cast(self.kernel, features.dtype)
        looked_at = self.drawn(labels)
        logits = ops.matmul(features, ops.transpose(directions(kernel, looked_at)))
        others = ops.where(labels[:, None] == looked_at[None], NO_LOGIT, logits)
        own = ops.sum(features * directions(kernel, labels), axis=1)
        return Sums(ops.logsumexp(others, axis=1), own, None)

    def drawn(self, labels: Tensor) -> Any:
        """The classes of the batch first, then others, each by lot: as many in every step."""
        lots = keras.random.uniform((self.outputs,), seed=self.generator)
        lots = ops.scatter_update(lots, labels[:, None], 1.0 + ops.take(lots, labels, axis=0))
        count = max(round(self.rate * self.outputs), 1)
        return ops.cast(ops.top_k(lots, count, sorted=False)[1], "int32")

    def save_own_variables(self, store: Any) -> None:
        """With the state of the generator, which Keras does not save."""
        super().save_own_variables(store)
        store["generator"] = ops.convert_to_numpy(self.generator.state)

    def load_own_variables(self, store: Any) -> None:
        self.generator.state.assign(store["generator"])
        names = [name for name in store.keys() if name != "generator"]  # noqa: SIM118 (a store of HDF5 is no dict)
        super().load_own_variables({name: store[name] for name in names})

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for option in ("use_bias", "label_smoothing", "kept", "bias_initializer"):
            del config[option]
        return {**config, "rate": self.rate, "seed": self.seed}


def directions(kernel: Any, classes: Any) -> Any:
    return numerics.unit(ops.take(kernel, classes, axis=0), -1)
