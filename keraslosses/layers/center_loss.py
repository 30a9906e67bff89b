"""Center loss: a center for each class, moved towards the features of its samples while training."""

from typing import Any

import keras

from keraslosses.core import backend, checks
from keraslosses.core.backend import ops
from keraslosses.core.loss import saved
from keraslosses.core.nonfinite import one_or_nan
from keraslosses.core.precision import floating
from keraslosses.core.reduction import Entries, reduce
from keraslosses.core.types import Tensor
from keraslosses.layers.term import TermLayer, kept_samples, labels_of, per_sample


def center_distances(features: Tensor, labels: Tensor, centers: Tensor) -> Any:
    """Half the squared distance of each feature to the center of its class.

    Args:
        features: `(batch, dim)`.
        labels: `(batch,)` or `(batch, 1)` class indices, or one-hot `(batch, num_classes)`.
        centers: `(num_classes, dim)`; held constant in the gradient.

    Returns:
        `(batch,)`, `½ ‖x_i - c_y_i‖²`. The gradient by a feature is `x_i - c_y_i`.
    """
    features = floating(features)
    centers = ops.cast(ops.convert_to_tensor(centers), features.dtype)
    labels, _, broken = labels_of("CenterLoss", features, labels, centers.shape[0])
    return half_squares(features - ops.stop_gradient(ops.take(centers, labels, axis=0)), broken)


def updated_centers(features: Tensor, labels: Tensor, centers: Tensor, alpha: float) -> Any:
    """The centers after one update with a batch.

    `c_j - alpha Σ_i [y_i = j] (c_j - x_i) / (1 + n_j)`, n_j the number of samples of class j in the batch.

    Args:
        features, labels, centers: As `center_distances`.
        alpha: Step, between 0 and 1.

    Returns:
        `(num_classes, dim)`. A sample with a feature that is inf or NaN moves no center.
    """
    checks.fraction("alpha", alpha)
    features = floating(features)
    centers = ops.cast(ops.convert_to_tensor(centers), features.dtype)
    labels, _, broken = labels_of("CenterLoss", features, labels, centers.shape[0])
    kept = finite_rows(features) if broken is None else finite_rows(features) & ~broken
    changes = center_changes(features, ops.take(centers, labels, axis=0), labels, kept, alpha)
    return centers + ops.segment_sum(changes, labels, num_segments=centers.shape[0])


def half_squares(differences: Tensor, broken: Tensor) -> Any:
    values = 0.5 * ops.sum(ops.square(differences), axis=-1)
    if broken is None:
        return values
    return values * one_or_nan(broken, values.dtype)


def finite_rows(features: Tensor) -> Any:
    """Which samples can move a center: one feature that overflows would make it NaN for good."""
    return ops.all(ops.isfinite(features), axis=-1)


def center_changes(features: Tensor, own_centers: Tensor, labels: Tensor, kept: Tensor, alpha: float) -> Any:
    """By how much each sample moves the center of its class; nothing where it is not kept.

    The samples of a class are counted by comparing the labels of the batch with each other, so the cost does
    not depend on the number of classes.
    """
    same = ops.logical_and(labels[:, None] == labels[None, :], kept[None, :])
    count = ops.sum(ops.cast(same, features.dtype), axis=1)
    changes = alpha * (features - own_centers) / (1.0 + count)[:, None]
    return ops.where(kept[:, None], changes, ops.zeros_like(changes))


@saved
class CenterLoss(TermLayer):
    """Center loss: pulls the features of a class towards its center, beside a classification loss.

    The value of a sample is `½ ‖x - c_y‖²`, with the centers of before the update. In training, and only
    there, the centers then follow the batch:

    ```
    c_j <- c_j - alpha Σ_i [y_i = j] (c_j - x_i) / (1 + n_j)
    ```

    Called with features and labels the layer adds `weight` times the mean of the values to the model's losses
    and returns the features unchanged. For a model that is trained with `fit(x, y)` use `keraslosses.attach`.

    Args:
        num_classes: Number of classes, above 0.
        alpha: Step of the centers, between 0 and 1.
        weight: Factor of the loss that the layer adds when it is called (`attach` has a weight of its own).
        initializer: Initializer of the centers; zeros by default.
        name, and other arguments of a Keras layer.

    Shapes: features `(batch, dim)`; labels `(batch,)`, `(batch, 1)`, or one-hot `(batch, num_classes)`, of
    which the largest entry counts; sample_weight a scalar, `(batch,)` or `(batch, 1)`.

    The centers `(num_classes, dim)` are non-trainable and float32 under every dtype policy. The gradient
    flows to the features, `x - c_y`, never to the centers. A sample of weight 0 neither moves a center nor
    counts; other weights scale the loss, not the update. A sample with a feature that is inf or NaN moves no
    center; its value shows it. A frozen layer (`trainable=False`) keeps them.
    Under `tf.distribute`, and in a `torch.distributed` group, the samples of all replicas move them together.

    Raises:
        ValueError: for an option out of range, features or labels of another shape, or a label outside
            [0, num_classes) where it can be seen; in compiled code such a sample's loss is NaN and it moves
            no center.

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

    def build(self, features_shape: Any, labels_shape: Any = None) -> None:
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
        """The values `(batch,)`, not weighted but 0 where the weight is 0; moves the centers in training."""
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
    ) -> Any:
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
