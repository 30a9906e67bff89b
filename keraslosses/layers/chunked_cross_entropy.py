"""Cross-entropy over very many classes: one layer for the last layer and the loss, with less memory."""

from typing import Any

import keras

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.backend.class_chunks import Classes
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.reduction import both
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.kernel import KernelLayer
from keraslosses.layers.term import kept_samples, labels_of
from keraslosses.losses.margin_of import is_angular, margin_of


@saved
class ChunkedCrossEntropy(KernelLayer):
    """A linear classifier of very many classes with its exact cross-entropy, in a fraction of the memory.

    It is a term for `attach`. `per_sample_loss` is `SparseCategoricalCrossentropy(from_logits=True)` of the
    logits `features · kernelᵀ + bias`. With `margin`, it is one of the angular losses over cosines. The layer
    computes the logits of at most `chunk_size` classes at a time. It keeps a share of them for the gradient
    and computes the others again. An array of all logits, (batch, num_classes), exists only if `kept` is 1.
    Their softmax and its gradient are never held as a whole.

    ```
    loss = Σ_c class_weights[c] q[c] (logsumexp(logits) - logits[c])
    q[c] = (1 - label_smoothing) [c is the label] + label_smoothing / num_classes
    ```

    For inference, call the layer with features: it returns all logits, or all cosines if there is a margin.

    Args:
        num_classes: Number of classes, an integer above 0.
        chunk_size: The largest number of classes that are computed at a time, an integer above 0. Default:
            4096. The gradient needs three arrays of shape (batch, chunk_size), and the logits that are kept.
        margin: One of the angular losses, such as `ArcFace(scale=30.0)`. Then the features and the rows of
            the kernel are divided by their lengths, and the loss changes the logit of the label. Default:
            None.
        use_bias: Whether the classifier has a bias. Must be False with a margin. Default: False.
        label_smoothing: From 0 to 1, as in `SparseCategoricalCrossentropy`. Default: 0.
        ignore_class: A label that is ignored: its samples have loss 0, and the mean does not count them.
            Default: None.
        class_weights: A number of at least 0 for each class. Default: None, all classes count the same.
        kept: The share of the logits that is kept for the gradient, from 0 to 1, rounded up to whole chunks.
            Default: 0.35. 0 needs the least memory, 1 the least time. Each increase by 0.1 saves about 1/40
            of the time.
        kernel_initializer: As in `keras.layers.Dense`. Default: "glorot_uniform".
        bias_initializer: As in `keras.layers.Dense`. Default: zeros.
        kernel_regularizer: As in `keras.layers.Dense`. Default: None.
        kernel_constraint: As in `keras.layers.Dense`. Default: None.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. Values are `(batch,)`. Logits are
    `(batch, num_classes)`, float32 under every dtype policy. The weights `kernel` `(num_classes, dim)` and
    `bias` `(num_classes,)` are trainable.

    The gradient is exact. There is no second derivative.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            outside [0, num_classes). Compiled code cannot raise for a label: the loss of the sample is NaN.

    Source: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models, 2024, section 4, which also
    recomputes the logits.

    Example:

    >>> head = keraslosses.ChunkedCrossEntropy(3, chunk_size=2, kernel_initializer="identity")
    >>> print(keras.ops.convert_to_numpy(head.per_sample_loss([[1.0, 0.0, 0.0]], [0])).round(4))
    [0.5514]
    """

    def __init__(
        self,
        num_classes: int,
        chunk_size: int = 4096,
        margin: Any = None,
        use_bias: bool = False,
        label_smoothing: float = 0.0,
        ignore_class: int | None = None,
        class_weights: list[float] | None = None,
        kept: float = 0.35,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ):
        checks.positive_integer("num_classes", num_classes)
        checks.positive_integer("chunk_size", chunk_size)
        checks.boolean("use_bias", use_bias)
        checks.fraction("label_smoothing", label_smoothing)
        checks.optional_integer("ignore_class", ignore_class)
        checks.fraction("kept", kept)
        checks.optional_weights("class_weights", class_weights)
        checks.vector_length("class_weights", class_weights, num_classes)
        margin = keras.saving.deserialize_keras_object(margin) if isinstance(margin, dict) else margin
        check_margin(margin, use_bias)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.num_classes = self.outputs
        self.chunk_size = int(chunk_size)
        self.margin = margin
        self.use_bias = use_bias
        self.label_smoothing = float(label_smoothing)
        self.ignore_class = ignore_class
        self.kept = float(kept)
        self.class_weights = checks.plain(class_weights)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias = None

    def kernel_shape(self, dim: int) -> tuple[int, int]:
        return self.outputs, dim

    def build(self, features_shape: Shape) -> None:
        super().build(features_shape)
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.outputs,),
                initializer=self.bias_initializer,
                dtype="float32",
                autocast=False,
            )

    @in_full_precision
    def call(self, features: Tensor) -> Tensor:
        features = floating(features)
        kernel = ops.cast(self.kernel, features.dtype)
        if self.margin is not None:
            features, kernel = numerics.unit(features, -1), numerics.unit(kernel, -1)
        logits = ops.matmul(features, ops.transpose(kernel))
        return logits if self.bias is None else logits + ops.cast(self.bias, features.dtype)

    @in_full_precision
    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`; with `ignore_class`, a tuple: the values, and which of them are valid.

        The values are not multiplied by `sample_weight`. A sample of weight 0 has the value 0.
        """
        features = floating(features)
        self.build_for(features)
        labels, valid, broken = labels_of(
            type(self).__name__, features, labels, self.outputs, self.ignore_class
        )
        kept = both(kept_samples(labels, sample_weight), valid)
        values = self.cross_entropy(ops.where(kept[:, None], features, 1.0), labels, training)
        if broken is not None:
            values = values * backend.one_or_nan(broken, values.dtype)
        values = ops.where(kept, values, ops.zeros_like(values))
        return values if valid is None else (values, valid)

    def cross_entropy(self, features: Tensor, labels: Tensor, training: bool | None) -> Tensor:
        if self.margin is not None:
            features = self.margin.scale * numerics.unit(features, -1)
        sums = self.sums(features, labels, training)
        own = self.moved(sums.own)
        value = ops.softplus(sums.others - own)
        weight = self.weight_of(labels, features)
        if not self.label_smoothing:
            return weight * value
        everyone = self.outputs if self.class_weights is None else sum(self.class_weights)
        of_all = everyone * (own + value) - (sums.weighted + weight * (own - sums.own))
        smoothed = (1.0 - self.label_smoothing) * weight * value
        return smoothed + self.label_smoothing / self.outputs * of_all

    def sums(self, features: Tensor, labels: Tensor, training: bool | None) -> Any:
        """The sums over the logits of all classes that the loss needs."""
        kernel = ops.cast(self.kernel, features.dtype)
        bias = None if self.bias is None else ops.cast(self.bias, features.dtype)
        weights = None
        if self.label_smoothing:
            weights = ops.ones_like(kernel[:, 0])
            if self.class_weights is not None:
                weights = backend.constant(self.class_weights, features.dtype, features)
        # All chunks have this size. It is chosen so that few classes are left over.
        size = self.outputs // -(-self.outputs // self.chunk_size)
        return backend.class_sums(
            features, labels, Classes(kernel, bias, weights, size, self.kept, self.margin is not None)
        )

    def moved(self, own: Tensor) -> Tensor:
        """The logit of the label, changed by the margin."""
        if self.margin is None:
            return own
        cosine = own / self.margin.scale
        return self.margin.scale * backend.explicit(
            margin_of(self.margin), ops.stop_gradient(cosine), cosine, None
        )

    def weight_of(self, labels: Tensor, features: Tensor) -> Any:
        if self.class_weights is None:
            return 1.0
        weights = backend.constant(self.class_weights, features.dtype, features)
        return ops.take(weights, labels, axis=0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.outputs,
            "chunk_size": self.chunk_size,
            "margin": keras.saving.serialize_keras_object(self.margin),
            "use_bias": self.use_bias,
            "label_smoothing": self.label_smoothing,
            "ignore_class": self.ignore_class,
            "class_weights": self.class_weights,
            "kept": self.kept,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


def check_margin(margin: Any, use_bias: bool) -> None:
    if margin is None:
        return
    if not is_angular(margin):
        raise checks.invalid("margin", "be None or an angular loss, such as ArcFace()", margin)
    for option in ("ignore_class", "class_weights"):
        if margin.options[option] is not None:
            expected = f"have no `{option}` of its own: give it to the head instead"
            raise checks.invalid("margin", expected, margin)
    if use_bias:
        raise checks.invalid("use_bias", "be False with a margin, because cosines have no bias", use_bias)
