"""Center loss: each class has a center. Training moves the center towards the features of the class."""

from typing import Any

import keras

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.loss import saved
from keraslosses.core.precision import floating
from keraslosses.core.reduction import Entries, reduce
from keraslosses.core.types import Shape, Tensor
from keraslosses.layers.term import TermLayer, kept_samples, labels_of, per_sample


def center_distances(features: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    """Half the squared distance between each feature and the center of its class.

    Args:
        features: The features x, `(batch, dim)`.
        labels: Class indices `(batch,)` or `(batch, 1)`, or one-hot rows `(batch, num_classes)`.
        centers: The centers c, `(num_classes, dim)`. They are constant in the gradient.

    Returns:
        `½ ‖x_i - c_y_i‖²` for each sample, `(batch,)`. The gradient with respect to a feature is
        `x_i - c_y_i`. In compiled code the value is NaN for a label out of range.

    Raises:
        ValueError: If features or labels have another shape, or if a label is outside [0, num_classes). In
            compiled code the labels have no values yet, so there they are not checked.

    Example:

    >>> centers = [[0.0, 0.0], [1.0, 1.0]]
    >>> values = keraslosses.center_distances([[1.0, 2.0], [1.0, 1.0]], [0, 1], centers)
    >>> print(keras.ops.convert_to_numpy(values).tolist())
    [2.5, 0.0]
    """
    features = floating(features)
    centers = ops.cast(ops.convert_to_tensor(centers), features.dtype)
    labels, _, broken = labels_of("CenterLoss", features, labels, centers.shape[0])
    return half_squares(features - ops.stop_gradient(ops.take(centers, labels, axis=0)), broken)


def updated_centers(features: Tensor, labels: Tensor, centers: Tensor, alpha: float) -> Tensor:
    """The centers after one update with a batch.

    The new center of class j is `c_j - alpha Σ_i [y_i = j] (c_j - x_i) / (1 + n_j)`. n_j is the number of
    samples of class j in the batch.

    Args:
        features: The features x, `(batch, dim)`.
        labels: Class indices `(batch,)` or `(batch, 1)`, or one-hot rows `(batch, num_classes)`.
        centers: The centers c before the update, `(num_classes, dim)`.
        alpha: Step size, from 0 to 1.

    Returns:
        The new centers, `(num_classes, dim)`. A sample with a feature that is inf or NaN moves no center.
        In compiled code, a sample whose label is out of range moves no center either.

    Raises:
        ValueError: If `alpha` is out of range, if features or labels have another shape, or if a label is
            outside [0, num_classes). In compiled code the labels have no values yet, so there they are not
            checked.

    Example:

    >>> centers = [[0.0, 0.0], [1.0, 1.0]]
    >>> moved = keraslosses.updated_centers([[2.0, 4.0]], [0], centers, alpha=0.5)
    >>> print(keras.ops.convert_to_numpy(moved).tolist())
    [[0.5, 1.0], [1.0, 1.0]]
    """
    checks.fraction("alpha", alpha)
    features = floating(features)
    centers = ops.cast(ops.convert_to_tensor(centers), features.dtype)
    labels, _, broken = labels_of("CenterLoss", features, labels, centers.shape[0])
    kept = finite_rows(features) if broken is None else finite_rows(features) & ~broken
    changes = center_changes(features, ops.take(centers, labels, axis=0), labels, kept, alpha)
    return centers + ops.segment_sum(changes, labels, num_segments=centers.shape[0])


def half_squares(differences: Tensor, broken: Tensor) -> Tensor:
    values = 0.5 * ops.sum(ops.square(differences), axis=-1)
    if broken is None:
        return values
    return values * backend.one_or_nan(broken, values.dtype)


def finite_rows(features: Tensor) -> Tensor:
    """Which samples may move a center: a feature that is not finite would make the center NaN forever."""
    return ops.all(ops.isfinite(features), axis=-1)


def center_changes(
    features: Tensor, own_centers: Tensor, labels: Tensor, kept: Tensor, alpha: float
) -> Tensor:
    """How far each sample moves the center of its class; 0 for a sample that is not kept.

    The labels of the batch are compared with each other to count the samples of a class. So the cost does not
    depend on the number of classes.
    """
    same = ops.logical_and(labels[:, None] == labels[None, :], kept[None, :])
    count = ops.sum(ops.cast(same, features.dtype), axis=1)
    changes = alpha * (features - own_centers) / (1.0 + count)[:, None]
    return ops.where(kept[:, None], changes, ops.zeros_like(changes))


@saved
class CenterLoss(TermLayer):
    """Center loss: makes the features of a class similar. Use it together with a classification loss.

    The value of a sample is `½ ‖x - c_y‖²`. Then, in training only, the batch moves the centers:

    ```
    c_j <- c_j - alpha Σ_i [y_i = j] (c_j - x_i) / (1 + n_j)
    ```

    n_j is the number of samples of class j in the batch. Call the layer with features and labels: it adds
    `weight` times the mean of the values to the losses of the model, and returns the features unchanged. For
    a model that is trained with `fit(x, y)`, use `keraslosses.attach` instead.

    Args:
        num_classes: Number of classes, an integer above 0.
        alpha: Step size of the centers, from 0 to 1. Default: 0.5.
        weight: Factor of the loss that the layer adds when it is called, at least 0. Default: 1. `attach`
            does not use it: `attach` has its own `weight`.
        initializer: Initializer of the centers. Default: zeros.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: features `(batch, dim)`. Labels are class indices `(batch,)` or `(batch, 1)`, or one-hot rows
    `(batch, num_classes)`; the largest entry of a row is its class. The sample weight is a scalar, `(batch,)`
    or `(batch, 1)`.

    The centers `(num_classes, dim)` are not trainable, and float32 under every dtype policy. The gradient
    with respect to the features is `x - c_y`. No gradient flows to the centers. A sample of weight 0 has no
    loss and moves no center; other weights scale the loss, but not the update. A sample with a feature that
    is inf or NaN moves no center, but its value is inf or NaN. A frozen layer (`trainable=False`) does not
    move its centers. Under `tf.distribute` and in a `torch.distributed` group, the samples of all replicas
    move the centers.

    Raises:
        ValueError: If an option is out of range, if features or labels have another shape, or if a label is
            outside [0, num_classes). Compiled code cannot raise for a label: the loss of the sample is NaN,
            and the sample moves no center.

    Source: Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, 2016, equations
    2 to 4.

    Example:

    >>> layer = keraslosses.CenterLoss(num_classes=3)
    >>> values = layer.per_sample_loss([[1.0, 2.0], [3.0, 0.0]], [0, 1])
    >>> print([float(value) for value in values])
    [2.5, 4.5]
    """

    def __init__(
        self,
        num_classes: int,
        alpha: float = 0.5,
        weight: float = 1.0,
        initializer: Any = "zeros",
        **kwargs: Any,
    ):
        checks.positive_integer("num_classes", num_classes)
        checks.fraction("alpha", alpha)
        checks.non_negative("weight", weight)
        super().__init__(**kwargs)
        self.num_classes = int(num_classes)
        self.alpha = float(alpha)
        self.weight = float(weight)
        self.initializer = keras.initializers.get(initializer)

    def build(self, features_shape: Shape, labels_shape: Any = None) -> None:
        if len(features_shape) != 2 or features_shape[-1] is None:
            raise ValueError(
                "`features` must have shape (batch, dim) with a known dim in CenterLoss. "
                f"Received: features.shape={tuple(features_shape)}"
            )
        self.centers = self.add_weight(
            name="centers",
            shape=(self.num_classes, features_shape[-1]),
            initializer=self.initializer,
            dtype="float32",
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def per_sample_loss(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Any:
        """The values `(batch,)`. In training, the batch moves the centers.

        The values are not multiplied by `sample_weight`. A sample of weight 0 has the value 0.
        """
        features = floating(features)
        if not hasattr(self, "centers"):
            self.build(features.shape)
            self.built = True
        labels, _, broken = labels_of("CenterLoss", features, labels, self.num_classes)
        kept = kept_samples(labels, sample_weight)
        own_centers = ops.cast(ops.stop_gradient(backend.take_rows(self.centers, labels)), features.dtype)
        values = half_squares(ops.where(kept[:, None], features - own_centers, 0.0), broken)
        if training and self.trainable:
            self.move_centers(features, labels, kept if broken is None else kept & ~broken)
        return ops.where(kept, values, ops.zeros_like(values))

    def move_centers(self, features: Tensor, labels: Tensor, kept: Tensor) -> None:
        features = ops.cast(ops.stop_gradient(features), "float32")
        features, labels, counted = map(
            backend.gather_over_replicas, (features, labels, ops.cast(kept, "int32"))
        )
        kept = ops.logical_and(counted > 0, finite_rows(features))
        own_centers = backend.take_rows(self.centers, labels)
        backend.add_to_rows(
            self.centers, labels, center_changes(features, own_centers, labels, kept, self.alpha)
        )

    def call(
        self, features: Tensor, labels: Tensor, sample_weight: Tensor = None, training: bool | None = None
    ) -> Tensor:
        values = self.per_sample_loss(features, labels, sample_weight, training)
        if sample_weight is not None:
            sample_weight = per_sample(sample_weight, values)
        self.add_loss(self.weight * reduce(Entries(values, None, sample_weight), "mean"))
        return features

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "alpha": self.alpha,
            "weight": self.weight,
            "initializer": keras.initializers.serialize(self.initializer),
        }
