"""Uncertainty weighting: the weights of several losses are learned with the model."""

from collections.abc import Sequence
from typing import Any

import keras

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.precision import floating
from keraslosses.core.reduction import share_of_replica
from keraslosses.core.saving import saved


@saved
class UncertaintyWeighting(FixedOptions, keras.layers.Layer):
    """Adds several losses with weights that it learns: choose it where the weights are not known.

    ```
    Σ_i exp(-s_i) · L_i + s_i
    ```

    s_i, trainable, is the logarithm of the variance that the model sees in task i. A task with a large loss
    gets a small weight; the term s_i keeps all weights from going to 0. The best s_i is log L_i, so the sum
    may be negative, and a loss that reaches 0 drives its s_i down without end.

    Call it in `compute_loss` of a model that holds it, with losses as `keras.losses.Loss` objects return
    them. Under `tf.distribute` these are a replica's share, and s_i is divided by the number of replicas
    likewise.

    Args:
        num_losses: Number of losses, above 0.
        initializer: Initializer of the s_i; zeros by default, which is weight 1 for every loss.
        name, and other arguments of a Keras layer.

    Shapes: a list of `num_losses` scalars; the result is a scalar. The weights `log_variances`
    `(num_losses,)` are float32 under every dtype policy, and no loss is narrowed. The gradient by s_i is
    `1 - exp(-s_i) · L_i`.

    Raises:
        ValueError: for another number of losses, or a loss that is no scalar.

    Source: Kendall, Gal, Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry
    and Semantics, 2018, section 3.2 with s = log σ². The factor ½ that a Gaussian has there is left out.

    Example:

    >>> weighting = keraslosses.UncertaintyWeighting(2)
    >>> print(keras.ops.convert_to_numpy(weighting([np.array(2.0), np.array(0.5)])))
    2.5

    >>> class TwoTasks(keras.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = keras.layers.Dense(2)
    ...         self.weighting = keraslosses.UncertaintyWeighting(2)
    ...         self.losses_of_tasks = [keraslosses.MeanSquaredError(), keraslosses.Huber()]
    ...
    ...     def call(self, x):
    ...         return self.dense(x)
    ...
    ...     def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
    ...         first, second = self.losses_of_tasks
    ...         return self.weighting([first(y[:, :1], y_pred[:, :1]), second(y[:, 1:], y_pred[:, 1:])])
    >>> model = TwoTasks()
    >>> model.compile("adam")
    >>> history = model.fit(np.ones((8, 3)), np.zeros((8, 2)), verbose=0)
    """

    def __init__(self, num_losses: int, initializer: Any = "zeros", **kwargs: Any):
        checks.positive_integer("num_losses", num_losses)
        super().__init__(autocast=False, **kwargs)
        self.num_losses = int(num_losses)
        self.initializer = keras.initializers.get(initializer)
        # Made here, since a layer that is used in compute_loss alone is not built before training starts.
        self.log_variances = self.add_weight(
            name="log_variances",
            shape=(self.num_losses,),
            initializer=self.initializer,
            dtype="float32",
            autocast=False,
        )
        self.built = True

    def call(self, losses: Sequence[Any]) -> Any:
        if not isinstance(losses, list | tuple) or len(losses) != self.num_losses:
            raise checks.invalid("losses", f"be a list of {self.num_losses} losses", losses)
        shapes = [tuple(loss.shape) for loss in losses]
        if any(shapes):
            raise ValueError(f"`losses` must hold scalars. Received: losses of the shapes {shapes}")
        values = ops.stack([floating(loss) for loss in losses])
        log_variances = ops.cast(self.log_variances, values.dtype)
        weighted = ops.sum(ops.exp(-log_variances) * values)
        return weighted + share_of_replica(ops.sum(log_variances), "mean")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_losses": self.num_losses,
            "initializer": keras.initializers.serialize(self.initializer),
        }
