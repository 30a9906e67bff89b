"""Partial FC: training compares the label with a random share of the other classes."""

from typing import Any

import keras

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.backend.class_chunks import Classes
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor
from keraslosses.layers.chunked_cross_entropy import ChunkedCrossEntropy
from keraslosses.losses.angular import ArcFace


@saved
class SampledMargin(ChunkedCrossEntropy):
    """An angular margin loss over very many classes. Each training step uses a random share of the classes.

    It is a term for `attach`. A training step uses the classes of the batch and other classes drawn at
    random, together `rate · num_classes`. The logits of the remaining classes are not computed, and these
    classes get no gradient. Outside of training all classes are used, in chunks, as in `ChunkedCrossEntropy`.

    For inference, call the layer with features: it returns the cosines of all classes.

    Args:
        num_classes: Number of classes, an integer above 0.
        rate: Share of the classes that a training step uses, above 0 and at most 1. Default: 0.1. With 1 the
            loss is the full one.
        margin: One of the angular losses. Default: None, which is `ArcFace()`.
        seed: An integer: the seed for the draw of the classes. Its state is saved with the model. Default:
            None, a different seed each time.
        chunk_size: As in `ChunkedCrossEntropy`. Default: None.
        ignore_class: As in `ChunkedCrossEntropy`. Default: None.
        class_weights: As in `ChunkedCrossEntropy`. Default: None.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: as in `ChunkedCrossEntropy`, and so are the weights. The arrays of a training step have the shape
    (batch, classes used). The gradient is that of the loss over these classes.

    For each sample, the classes of the other samples in the batch are among the other classes. If the batch
    has more classes than the step uses, some of them are used for their own samples only.

    Raises:
        ValueError: If an option is out of range, and in the cases of `ChunkedCrossEntropy`.

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
        chunk_size: int | None = None,
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
        looked_at = self.drawn(labels)
        kernel = ops.cast(self.kernel, self.kernel.dtype)
        classes = Classes(
            kernel=ops.take(kernel, looked_at, axis=0),
            bias=None,
            weights=None,
            size=looked_at.shape[0],
            kept=1.0,
            scale=self.margin.scale,
            own=ops.take(kernel, labels, axis=0),
        )
        return backend.class_sums(features, places_of(labels, looked_at, self.outputs), classes)

    def drawn(self, labels: Tensor) -> Tensor:
        """Draws the classes of a step, the same number in each: first from the batch, then from the rest."""
        lots = backend.uniform(self.outputs, self.generator)
        lots = ops.scatter_update(lots, labels[:, None], 1.0 + ops.take(lots, labels, axis=0))
        count = max(round(self.rate * self.outputs), 1)
        return ops.cast(ops.top_k(lots, count, sorted=False)[1], "int32")

    def save_own_variables(self, store: Any) -> None:
        """Saves the state of the generator too: Keras does not save it."""
        super().save_own_variables(store)
        store["generator"] = ops.convert_to_numpy(self.generator.state)

    def load_own_variables(self, store: Any) -> None:
        self.generator.state.assign(store["generator"])
        names = [name for name in store.keys() if name != "generator"]  # noqa: SIM118 (an HDF5 store is not a dict)
        super().load_own_variables({name: store[name] for name in names})

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for option in ("use_bias", "label_smoothing", "kept", "bias_initializer", "soft_cap", "z_loss"):
            del config[option]
        return {**config, "rate": self.rate, "seed": self.seed}


def places_of(labels: Tensor, looked_at: Tensor, num_classes: int) -> Tensor:
    """The place of each label among the classes that a step uses; -1 for one that is not among them."""
    nowhere = -ops.ones((num_classes,), dtype="int32")
    places = ops.scatter_update(nowhere, looked_at[:, None], ops.arange(looked_at.shape[0], dtype="int32"))
    return ops.take(places, labels, axis=0)
