"""Losses of two views of each sample, without labels: the views should agree, and not all be the same."""

from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, checks, numerics
from keraslosses.core.backend import ops
from keraslosses.core.kinds.stacks import Stacks, Views
from keraslosses.core.loss import FunctionLoss, loss_function, saved
from keraslosses.core.types import DType, Tensor
from keraslosses.losses.stacking import cosine

# Added to the variance under the root of `VICReg`, as in the code of the authors.
EPSILON = 1e-4


@loss_function(Stacks(2), stop=checks.one_of("second", "first", None))
def negative_cosine(y_true: Tensor, y_pred: Tensor, *, stop: str | None = "second") -> Any:
    """Minus the cosine of the two views of each sample, one of them constant in the gradient.

    See `NegativeCosine` for the formula and the choices.

    Args:
        y_true: Anything with a row for each sample. It is not read.
        y_pred: The two views of each sample.
        stop: Which view is constant in the gradient: "second" (default), "first" or None.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size, result `(batch,)`.

    Raises:
        ValueError: for another `stop`, or shapes that do not fit.

    Example:

    >>> views = [[1.0, 0.0], [3.0, 4.0]]
    >>> print(round(float(keraslosses.negative_cosine([0], [views])[0]), 4))
    -0.6
    """
    first, second = ops.unstack(numerics.unit(y_pred, -1), 2, axis=1)
    if stop == "first":
        first = ops.stop_gradient(first)
    if stop == "second":
        second = ops.stop_gradient(second)
    return -cosine(first, second)


@loss_function(Views(), lambda_=checks.non_negative)
def barlow_twins(y_true: Tensor, y_pred: Tensor, *, lambda_: float = 0.005) -> Any:
    """How far the correlations between the features of two views are from the identity matrix.

    See `BarlowTwins` for the formula and the choices.

    Args:
        y_true: Anything with a row for each sample. It is not read.
        y_pred: The two views of each sample.
        lambda_: Weight of the correlations of different features, at least 0. Default: 0.005.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size. The result is `(batch,)`: the
    same value for each sample.

    Raises:
        ValueError: for a `lambda_` out of range, shapes that do not fit, or a batch of one.

    Example:

    >>> views = [[[1.0, 0.0], [2.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]], [[2.0, 2.0], [2.0, 2.0]]]
    >>> print(round(float(keraslosses.barlow_twins([0, 0, 0], views)[0]), 4))
    0.2692
    """
    weight = y_true  # From the kind: the weight of each sample.
    first, second = (standard_scores(y_pred[:, view], weight) for view in range(2))
    correlations = divided(ops.matmul(ops.transpose(first * weight[:, None]), second), ops.sum(weight))
    identity = identity_like(correlations)
    return ops.sum(ops.square(correlations - identity) * (lambda_ + (1.0 - lambda_) * identity))


@loss_function(
    Views(), invariance=checks.non_negative, variance=checks.non_negative, covariance=checks.non_negative
)
def vicreg(
    y_true: Tensor,
    y_pred: Tensor,
    *,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
) -> Any:
    """The distance of two views, small deviations of their features, and the covariances of these.

    See `VICReg` for the formula and the choices.

    Args:
        y_true: Anything with a row for each sample. It is not read.
        y_pred: The two views of each sample.
        invariance: Weight of the distance of the views, at least 0. Default: 25.
        variance: Weight of what the deviation of a feature lacks of 1, at least 0. Default: 25.
        covariance: Weight of the covariances of different features, at least 0. Default: 1.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size. The result is `(batch,)`: the
    same value for each sample.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or a batch of one.

    Example:

    >>> views = [[[1.0, 0.0], [2.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]], [[2.0, 2.0], [2.0, 2.0]]]
    >>> print(round(float(keraslosses.vicreg([0, 0, 0], views)[0]), 4))
    26.25
    """
    weight = y_true  # From the kind: the weight of each sample.
    errors = ops.square(y_pred[:, 0] - y_pred[:, 1])
    total = divided(ops.sum(invariance * numerics.mean(errors, -1) * weight), ops.sum(weight))
    for view in range(2):
        covariances = covariance_matrix(y_pred[:, view], weight)
        deviations = ops.sqrt(ops.diagonal(covariances) + EPSILON)
        total = total + numerics.mean(variance / 2.0 * backend.at_least(1.0 - deviations, 0.0), -1)
        others = ops.square(covariances * (1.0 - identity_like(covariances)))
        total = total + ops.sum(covariance * numerics.mean(others, -1))
    return total


def divided(sums: Tensor, weight: Tensor) -> Any:
    """Sums over the samples, divided by a weight that depends on no prediction; 0 where it is 0."""
    return sums / ops.where(weight == 0, ops.ones_like(weight), weight)


def weighted_mean(x: Tensor, weight: Tensor) -> Any:
    """The mean of each feature over the samples, `(1, dim)`."""
    return divided(ops.sum(x * weight[:, None], axis=0, keepdims=True), ops.sum(weight))


def centred(x: Tensor, weight: Tensor) -> Any:
    """The rows of x minus their weighted mean.

    The second step takes away what rounding left of the first, so a constant feature becomes 0.
    """
    for _ in range(2):
        x = x - weighted_mean(x, weight)
    return x


def standard_scores(x: Tensor, weight: Tensor) -> Any:
    """Features with mean 0 and variance 1; a feature that is constant up to rounding becomes 0."""
    errors = centred(x, weight)
    spread, size = (weighted_mean(ops.abs(ops.stop_gradient(z)), weight) for z in (errors, x))
    constant = spread <= 8.0 * np.finfo(standardize_dtype(x.dtype)).eps * size
    errors = errors / ops.where(constant, ops.ones_like(spread), spread)
    variance = weighted_mean(ops.square(errors), weight)
    deviation = ops.sqrt(ops.where(constant, ops.ones_like(variance), variance))
    return ops.where(constant, ops.zeros_like(errors), errors / deviation)


def covariance_matrix(x: Tensor, weight: Tensor) -> Any:
    """The covariances of the features; samples of equal weight are divided by their number less 1."""
    total = ops.sum(weight)
    x = centred(x, weight)
    products = ops.matmul(ops.transpose(x * weight[:, None]), x)
    return divided(products, total - divided(ops.sum(ops.square(weight)), total))


def identity_like(matrix: Tensor) -> Any:
    return ops.eye(ops.shape(matrix)[0], dtype=matrix.dtype)


@saved
class NegativeCosine(FunctionLoss):
    """Minus the cosine of two views of each sample: the loss of SimSiam, and of BYOL.

    With a and b the two views:

    ```
    loss = -sum(a b) / (norm(a) norm(b))
    ```

    Args:
        stop: Which view is constant in the gradient: "second" (default), "first" or None.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size, result `(batch,)`.

    y_pred holds the two views of each sample: stack two outputs with `keras.ops.stack(.., axis=1)`. y_true is
    not read. Of the two views, the first is the prediction that a small network makes of one picture, and the
    second is what it predicts: the projection of the other picture. Without a constant view, all embeddings
    may become the same. SimSiam is the mean of two such losses, in which the pictures change places. BYOL's
    loss is 2 plus twice this loss. A vector of zeros gives value 0 and gradient 0; a length below 1e-7 counts
    as 1e-7. The mask of y_pred may be one for each view: a sample with a masked view does not count.

    Raises:
        ValueError: for another `stop`, or shapes that do not fit.

    Source: Chen and He, Exploring Simple Siamese Representation Learning, 2021, equations 1 to 4.

    Example:

    >>> loss = keraslosses.NegativeCosine()
    >>> print(round(float(loss([0], [[[1.0, 0.0], [3.0, 4.0]]])), 4))
    -0.6
    """

    def __init__(
        self,
        stop: str | None = "second",
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "negative_cosine",
        dtype: DType = None,
    ):
        super().__init__(negative_cosine, reduction, name, dtype, stop=stop)


@saved
class BarlowTwins(FunctionLoss):
    """Barlow Twins: each feature of two views should correlate with itself, and with no other feature.

    The value belongs to the whole batch. With C[i, j] the correlation, over the samples, of feature i of the
    first view with feature j of the second:

    ```
    loss = sum over i of (1 - C[i, i])² + lambda_ · sum over i != j of C[i, j]²
    ```

    Args:
        lambda_: Weight of the correlations of different features, at least 0. Default: 0.005.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size. The result is `(batch,)`: the
    same value for each sample.

    y_pred holds the two views of each sample: stack two outputs with `keras.ops.stack(.., axis=1)`. y_true is
    not read. The code of the authors adds 1e-5 to each variance. Here nothing is added: a feature that is the
    same in all samples has correlation 0, with gradient 0. The gradient grows as the variance of a feature
    becomes smaller.

    A batch of one has no correlations: it is an error, and NaN if its size is not known before the step
    runs. Sample weights are weights in the means and in the correlations, and they multiply the result. So a
    sample of weight 0, or a masked one, changes nothing. Under `tf.distribute` the batch is that of one
    replica. Memory: a matrix of `(dim, dim)`.

    Raises:
        ValueError: for a `lambda_` out of range, shapes that do not fit, or a batch of one.

    Source: Zbontar et al., Barlow Twins: Self-Supervised Learning via Redundancy Reduction, 2021, equations 1
    and 2.

    Example:

    >>> loss = keraslosses.BarlowTwins()
    >>> views = [[[1.0, 0.0], [2.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]], [[2.0, 2.0], [2.0, 2.0]]]
    >>> print(round(float(loss([0, 0, 0], views)), 4))
    0.2692
    """

    def __init__(
        self,
        lambda_: float = 0.005,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "barlow_twins",
        dtype: DType = None,
    ):
        super().__init__(barlow_twins, reduction, name, dtype, lambda_=lambda_)


@saved
class VICReg(FunctionLoss):
    """VICReg: two views should agree, their features should vary, and different features should not covary.

    The value belongs to the whole batch. With the views a and b of n samples, d features, and V(z) the
    covariance matrix of the features of z, divided by n - 1:

    ```
    loss = invariance · mean((a - b)²) + variance / 2 · (v(a) + v(b)) + covariance · (c(a) + c(b))
    v(z) = 1 / d · sum over i of max(1 - sqrt(V(z)[i, i] + 1e-4), 0)
    c(z) = 1 / d · sum over i != j of V(z)[i, j]²
    ```

    Args:
        invariance: Weight of the distance of the views, at least 0. Default: 25.
        variance: Weight of what the deviation of a feature lacks of 1, at least 0. Default: 25.
        covariance: Weight of the covariances of different features, at least 0. Default: 1.
        reduction: How the values are reduced: `"sum_over_batch_size"` (default), `"mean"`, `"sum"`,
            `"mean_with_sample_weight"` or `"none"` (the same as None).
        name: Name of the loss.
        dtype: Dtype of the result. Default: `keras.config.floatx()`. The loss computes in float32 at least.

    Shapes: y_pred `(batch, 2, dim)`, y_true any shape with this batch size. The result is `(batch,)`: the
    same value for each sample.

    y_pred holds the two views of each sample: stack two outputs with `keras.ops.stack(.., axis=1)`. y_true is
    not read. The formula is that of the authors' code. Equation 5 of their paper has the sum over the
    features in place of the mean in the first part, and equation 6 does not halve the second part. The
    gradient is 0 if a deviation exactly reaches 1.

    A batch of one has no variance: it is an error, and NaN if its size is not known before the step runs.
    Sample weights are weights in the means and in the covariances, and they multiply the result. So a sample
    of weight 0, or a masked one, changes nothing. In place of n - 1 stands then sum(w) - sum(w²) / sum(w):
    for equal weights w it is n - 1 of them. Under `tf.distribute` the batch is that of one replica. Memory: a
    matrix of `(dim, dim)`.

    Raises:
        ValueError: for an option out of range, shapes that do not fit, or a batch of one.

    Source: Bardes et al., VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning,
    2022, equations 1 to 6, as in their code.

    Example:

    >>> loss = keraslosses.VICReg()
    >>> views = [[[1.0, 0.0], [2.0, 1.0]], [[0.0, 1.0], [0.0, 3.0]], [[2.0, 2.0], [2.0, 2.0]]]
    >>> print(round(float(loss([0, 0, 0], views)), 4))
    26.25
    """

    def __init__(
        self,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "vicreg",
        dtype: DType = None,
    ):
        super().__init__(
            vicreg,
            reduction,
            name,
            dtype,
            invariance=invariance,
            variance=variance,
            covariance=covariance,
        )
