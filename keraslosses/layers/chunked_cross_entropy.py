"""Cross-entropy over very many classes: one layer for the last layer and the loss, with less memory."""

from typing import Any

import keras
import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.backend.class_chunks import Classes
from keraslosses.core.backend.wide_products import dtype_of_sums, is_half
from keraslosses.core.precision import floating, in_full_precision
from keraslosses.core.readable import check_readable
from keraslosses.core.reduction import both
from keraslosses.core.saving import saved
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.kernel import KernelLayer
from keraslosses.layers.term import kept_samples, labels_of, rows
from keraslosses.losses.margin_of import is_angular, margin_of


@saved
class ChunkedCrossEntropy(KernelLayer):
    """A linear classifier of very many classes with its exact cross-entropy, in a fraction of the memory.

    It is a term for `attach`. `per_sample_loss` is `SparseCategoricalCrossentropy(from_logits=True)` of the
    logits `features · kernelᵀ + bias`. With `margin`, it is one of the angular losses over cosines. The layer
    computes the logits of at most `chunk_size` classes at a time. It keeps a share of them for the gradient
    and computes the others again. An array of all logits, (batch, num_classes), exists only if `kept` is 1,
    or if all classes fit into one chunk. Their softmax and its gradient are never held as a whole.

    ```
    loss = Σ_c class_weights[c] q[c] (logsumexp(logits) - logits[c]) + z_loss logsumexp(logits)²
    q[c] = (1 - label_smoothing) [c is the label] + label_smoothing / num_classes
    logits = soft_cap tanh((features · kernelᵀ + bias) / soft_cap), if there is a soft_cap
    ```

    For inference, call the layer with features: it returns all logits, or all cosines if there is a margin.

    Under a dtype policy of half precision, such as "mixed_bfloat16", the features and the rows of the kernel
    are multiplied in half precision. All sums are float32: logits, values, and gradients until they are
    complete. Give `dtype="float32"` to multiply in float32. Features of float64 stay float64.

    Args:
        num_classes: Number of classes, an integer above 0.
        chunk_size: The largest number of classes that are computed at a time, an integer above 0. The
            gradient needs three arrays of shape (batch, chunk_size), and the logits that are kept. Default:
            None, which is 4096 on a CPU and with TensorFlow. On an accelerator, the three arrays then take
            1/32 of the memory, with at least 4096 and at most 65536 classes.
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
        soft_cap: A number above 0 that no logit exceeds, such as 30 in Gemma 2. Must be None with a margin.
            Default: None, the logits have no bound.
        z_loss: The weight of the square of logsumexp(logits), a number of at least 0, such as 1e-4 in PaLM.
            It keeps the logits small. Class weights do not change it. Must be 0 with a margin. Default: 0.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. Values are `(batch,)`. Logits are
    `(batch, num_classes)`, float32 under every dtype policy. For features `(batch, frames, dim)`, there is a
    label and a value for each frame. The weights `kernel` `(num_classes, dim)` and `bias` `(num_classes,)`
    are trainable. They are float32, but under the policies "bfloat16" and "float16" the kernel has their
    dtype.

    The gradient is exact. There is no second derivative.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            outside [0, num_classes). Compiled code cannot raise for a label: the loss of the sample is NaN.

    Sources: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models, 2024, section 4, which also
    recomputes the logits. Gemma Team, Gemma 2: Improving Open Language Models at a Practical Size, 2024,
    section 2, "Logit soft-capping". Chowdhery et al., PaLM: Scaling Language Modeling with Pathways, 2022,
    section 5 (the z-loss).

    Example:

    >>> head = keraslosses.ChunkedCrossEntropy(3, chunk_size=2, kernel_initializer="identity")
    >>> print(keras.ops.convert_to_numpy(head.per_sample_loss([[1.0, 0.0, 0.0]], [0])).round(4))
    [0.5514]
    """

    def __init__(
        self,
        num_classes: int,
        chunk_size: int | None = None,
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
        soft_cap: float | None = None,
        z_loss: float = 0.0,
        **kwargs: Any,
    ):
        checks.positive_integer("num_classes", num_classes)
        if chunk_size is not None:
            checks.positive_integer("chunk_size", chunk_size)
        checks.boolean("use_bias", use_bias)
        checks.fraction("label_smoothing", label_smoothing)
        checks.optional_integer("ignore_class", ignore_class)
        checks.fraction("kept", kept)
        if soft_cap is not None:
            checks.positive("soft_cap", soft_cap)
        checks.non_negative("z_loss", z_loss)
        checks.optional_weights("class_weights", class_weights)
        checks.vector_length("class_weights", class_weights, num_classes)
        margin = keras.saving.deserialize_keras_object(margin) if isinstance(margin, dict) else margin
        check_margin(margin, use_bias, soft_cap, z_loss)
        super().__init__(num_classes, kernel_initializer, kernel_regularizer, kernel_constraint, **kwargs)
        self.num_classes = self.outputs
        self.chunk_size = None if chunk_size is None else int(chunk_size)
        self.margin = margin
        self.use_bias = use_bias
        self.label_smoothing = float(label_smoothing)
        self.ignore_class = ignore_class
        self.kept = float(kept)
        self.soft_cap = None if soft_cap is None else float(soft_cap)
        self.z_loss = float(z_loss)
        self.class_weights = checks.plain(class_weights)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias = None

    def kernel_shape(self, dim: int) -> tuple[int, int]:
        return self.outputs, dim

    def kernel_dtype(self) -> str:
        return self.variable_dtype if is_half(self.variable_dtype) else "float32"

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
        features = self.factors(features)
        logits = self.products(features, ops.cast(self.kernel, features.dtype))
        if self.bias is not None:
            logits = logits + ops.cast(self.bias, logits.dtype)
        return logits if self.soft_cap is None else self.soft_cap * ops.tanh(logits / self.soft_cap)

    def products(self, features: Tensor, kernel: Any) -> Any:
        if is_half(features.dtype):
            flat = ops.reshape(features, (-1, features.shape[-1]))
            found = backend.products_of_all(flat, kernel, None if self.margin is None else 1.0)
            return ops.reshape(found, (*ops.shape(features)[:-1], self.outputs))
        if self.margin is not None:
            features, kernel = numerics.unit(features, -1), numerics.unit(kernel, -1)
        return ops.matmul(features, ops.transpose(kernel))

    @in_full_precision
    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`; with `ignore_class` or a Keras mask, a tuple with which of them are valid.

        Features `(batch, frames, dim)` with labels `(batch, frames)` give values `(batch, frames)`. A frame
        that the Keras mask hides is not valid. The values are not multiplied by `sample_weight`. A sample of
        weight 0 has the value 0.
        """
        check_readable(type(self).__name__, features=features, labels=labels)
        features = ops.convert_to_tensor(features)
        if len(features.shape) < 3:
            return self.loss_of_rows(features, labels, sample_weight, training)
        shape = ops.shape(features)[:-1]
        features, labels, sample_weight, seen = rows("labels", features, labels, sample_weight)
        found = self.loss_of_rows(features, labels, sample_weight, training)
        values, valid = found if isinstance(found, tuple) else (found, None)
        valid = both(valid, seen)
        values = ops.reshape(values, shape)
        return values if valid is None else (values, ops.reshape(valid, shape))

    def loss_of_rows(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor, training: bool | None
    ) -> Any:
        """As `per_sample_loss`, for features `(batch, dim)`."""
        features = self.factors(features)
        self.build_for(features)
        labels, valid, broken = labels_of(
            type(self).__name__, features, labels, self.outputs, self.ignore_class
        )
        kept = both(kept_samples(labels, sample_weight), valid)
        # With a number in place of the ones, TensorFlow would copy the gradient to sum it in float32.
        features = ops.where(kept[:, None], features, ops.ones_like(features))
        values = self.cross_entropy(features, labels, training)
        if broken is not None:
            values = values * backend.one_or_nan(ops.logical_and(broken, kept), values.dtype)
        values = ops.where(kept, values, ops.zeros_like(values))
        return values if valid is None else (values, valid)

    def factors(self, features: Any) -> Tensor:
        """The features in the dtype of the products: half precision under such a policy, unless float64."""
        features = ops.convert_to_tensor(features)
        if is_half(self.compute_dtype) and standardize_dtype(features.dtype) != "float64":
            return ops.cast(features, self.compute_dtype)
        return floating(features)

    def cross_entropy(self, features: Tensor, labels: Tensor, training: bool | None) -> Tensor:
        if self.margin is not None and not is_half(features.dtype):
            features = self.margin.scale * numerics.unit(features, -1)
        sums = self.sums(features, labels, training)
        own = self.moved(sums.own)
        value = ops.softplus(sums.others - own)
        weight = self.weight_of(labels, own)
        if not (self.label_smoothing or self.z_loss):
            return weight * value
        of_every = ops.logaddexp(sums.others, own)  # own + value loses digits where own is far below.
        penalty = self.z_loss * ops.square(of_every)
        if not self.label_smoothing:
            return weight * value + penalty
        everyone = self.outputs if self.class_weights is None else sum(self.class_weights)
        of_all = everyone * of_every - (sums.weighted + weight * (own - sums.own))
        smoothed = (1.0 - self.label_smoothing) * weight * value
        return smoothed + self.label_smoothing / self.outputs * of_all + penalty

    def sums(self, features: Tensor, labels: Tensor, training: bool | None) -> Any:
        """The sums over the logits of all classes that the loss needs."""
        dtype = dtype_of_sums(features)
        bias = None if self.bias is None else ops.cast(self.bias, dtype)
        weights = None
        if self.label_smoothing:
            numbers = np.ones(self.outputs) if self.class_weights is None else self.class_weights
            weights = backend.constant(numbers, dtype, features)
        # All chunks have this size. It is chosen so that few classes are left over.
        size = self.outputs // -(-self.outputs // (self.chunk_size or default_chunk_size(features)))
        scale = None if self.margin is None else self.margin.scale
        kernel = ops.cast(self.kernel, self.kernel.dtype)
        classes = Classes(kernel, bias, weights, size, self.kept, scale, self.soft_cap)
        return backend.class_sums(features, labels, classes)

    def moved(self, own: Tensor) -> Tensor:
        """The logit of the label, changed by the margin."""
        if self.margin is None:
            return own
        cosine = own / self.margin.scale
        return self.margin.scale * backend.explicit(
            margin_of(self.margin), ops.stop_gradient(cosine), cosine, None
        )

    def weight_of(self, labels: Tensor, values: Tensor) -> Any:
        if self.class_weights is None:
            return 1.0
        weights = backend.constant(self.class_weights, values.dtype, values)
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
            "soft_cap": self.soft_cap,
            "z_loss": self.z_loss,
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


# On a CPU, larger chunks leave the cache. On an accelerator, the three arrays of a chunk take this share.
CHUNK_ON_CPU, LARGEST_CHUNK, SHARE_OF_MEMORY = 4096, 65536, 1 / 32


def default_chunk_size(features: Tensor) -> int:
    """The number of classes in a chunk that suits the memory of the device."""
    memory, batch = backend.memory_of_device(features), features.shape[0]
    if memory is None or not isinstance(batch, int):
        return CHUNK_ON_CPU
    three_numbers = 3 * np.dtype(standardize_dtype(dtype_of_sums(features))).itemsize
    fitting = int(SHARE_OF_MEMORY * memory / (three_numbers * max(batch, 1)))
    return min(max(fitting, CHUNK_ON_CPU), LARGEST_CHUNK)


def check_margin(margin: Any, use_bias: bool, soft_cap: float | None, z_loss: float) -> None:
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
    if soft_cap is not None:
        expected = "be None with a margin, because the scale of the margin already bounds the logits"
        raise checks.invalid("soft_cap", expected, soft_cap)
    if z_loss:
        expected = "be 0 with a margin, because no weight could move the logits of cosines to a small sum"
        raise checks.invalid("z_loss", expected, z_loss)
