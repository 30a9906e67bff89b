"""Uncertainty weighting: the model learns the weights of several losses."""

from collections.abc import Sequence
from typing import Any

import keras

from keraslosses.core import checks
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.precision import floating
from keraslosses.core.reduction import share_of_replica
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor


@saved
class UncertaintyWeighting(FixedOptions, keras.layers.Layer):
    """Adds several losses with learned weights. Use it if you do not know good weights.

    ```
    Σ_i exp(-s_i) · L_i + s_i
    ```

    s_i is trainable: the logarithm of the variance that the model estimates for task i. A task with a large
    loss gets a small weight. The summand s_i prevents that all weights go to 0. The best s_i is log L_i, so
    the sum may be negative. If a loss reaches 0, its s_i falls without limit.

    Make the layer an attribute of a model, and call it in `compute_loss` of this model. Give it the losses
    that `keras.losses.Loss` objects return. Under `tf.distribute` each of them is divided by the number of
    replicas; the layer divides s_i by this number too.

    Args:
        num_losses: Number of losses, an integer above 0.
        initializer: Initializer of the s_i. Default: zeros, which is weight 1 for every loss.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: the input is a list of `num_losses` scalars, the result is a scalar. The weights `log_variances`
    `(num_losses,)` are float32 under every dtype policy. Losses in float64 stay in float64. The gradient with
    respect to s_i is `1 - exp(-s_i) · L_i`.

    Raises:
        ValueError: If `num_losses` is out of range, if the number of losses differs from it, or if a loss is
            not a scalar.

    Source: Kendall, Gal, Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry
    and Semantics, 2018, section 3.2 with s = log σ². The paper has a factor ½ for a Gaussian; it is left out.

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
        # Made here: a layer that is used only in compute_loss is not built before training starts.
        self.log_variances = self.add_weight(
            name="log_variances",
            shape=(self.num_losses,),
            initializer=self.initializer,
            dtype="float32",
            autocast=False,
        )
        self.built = True

    def call(self, losses: Sequence[Tensor]) -> Tensor:
        if not isinstance(losses, list | tuple) or len(losses) != self.num_losses:
            raise checks.invalid("losses", f"be a list of {self.num_losses} losses", losses)
        shapes = [tuple(loss.shape) for loss in losses]
        if any(shapes):
            raise ValueError(f"`losses` must hold scalars. Received: losses with the shapes {shapes}")
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
