"""How well a threshold on the similarity tells pairs of the same label from other pairs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keraslosses.core import checks, keras_internals
from keraslosses.core.saving import saved
from keraslosses.core.types import DType, Tensor
from keraslosses.metrics.embedding_set import (
    EmbeddingSet,
    Rows,
    blocks,
    on_host,
    ordered,
    weights_of,
    without_last_axis,
)
from keraslosses.metrics.roc import Point, Scored, around

# Sums of weights differ by rounding.
ROUNDING = 1e-9


class Verification(EmbeddingSet):
    """The base class of metrics over the pairs of a set of embeddings, or over given scores of pairs."""

    def __init__(self, distance: str, from_scores: bool, name: str, dtype: DType):
        checks.boolean("from_scores", from_scores)
        super().__init__(distance, name, dtype)
        self.from_scores = bool(from_scores)

    def read(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor) -> Rows:
        if not self.from_scores:
            return super().read(y_true, y_pred, sample_weight)
        given = {"y_true": y_true, "y_pred": y_pred}
        alike, scores = (without_last_axis(on_host(self, *one)) for one in given.items())
        name = type(self).__name__
        if alike.ndim != 1 or alike.shape != scores.shape:
            raise checks.shapes_differ(alike, scores, name, "be 1 or 0 for each score of y_pred")
        if not ((alike == 0) | (alike == 1)).all():
            raise checks.invalid("y_true", f"be 1 for pairs alike and 0 for others in {name}", alike)
        weights = weights_of(self, sample_weight, len(alike))
        return Rows(scores.astype("float64")[:, None], alike.astype("int64"), weights)

    def scored(self) -> Iterator[Scored]:
        """All pairs: those of the set with itself, or those of its rows with the references."""
        rows = self.collected.joined()
        if self.from_scores:
            yield Scored(ordered(rows.embeddings[:, 0] + 0.0), rows.labels == 1, rows.weights)
            return
        same_set = not self.others.batches
        others = rows if same_set else self.others.joined()
        for place, scores, alike in blocks(rows, others, self.distance, half=same_set):
            there = others.weights[place:] if same_set else others.weights
            weights = np.outer(rows.weights[place:][: len(scores)], there)
            # Of one set, a row is compared with those behind it.
            weights = np.triu(weights, 1) if same_set else weights
            yield Scored(ordered(scores).ravel(), alike.ravel(), weights.ravel())

    def points(self, beyond: Any) -> tuple[Point, Point] | None:
        """The two points of the curve around the place that `beyond` tells; None if there is no curve."""
        undefined = np.isnan if self.from_scores else lambda numbers: ~np.isfinite(numbers)
        if any(undefined(rows.joined().embeddings).any() for rows in (self.collected, self.others)):
            return None
        return around(self.scored, 64 if self.from_scores else 32, beyond)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "from_scores": self.from_scores}


@saved
class EqualErrorRate(Verification):
    """The error rate at the threshold where as many pairs are accepted wrongly as are rejected wrongly.

    A pair is accepted if its score is at least the threshold. The false accepts are the share of the pairs of
    different labels that are accepted, and the false rejects are the share of the pairs of one label that are
    not. The equal error rate is the value of both where they are equal. Between the two points of the ROC
    curve around this place, the curve is a straight line. 0 is best; 0.5 is chance.

    Args:
        distance: "cosine" (default) or "euclidean". The score is the cosine, or minus the distance.
        from_scores: False (default): y_pred holds embeddings, and all pairs of the set are compared. True:
            y_pred holds one score for each pair, higher for pairs alike.
        name: Name of the metric.
        dtype: Dtype of the result. Default: None, `keras.config.floatx()`.

    Shapes: y_true `(batch,)` or `(batch, 1)`, integer labels; y_pred `(batch, D)`; the sample weight is a
    scalar or `(batch,)`. With `from_scores`, y_true holds 1 for pairs alike and 0 for others, and y_pred is
    `(batch,)` or `(batch, 1)`. `update_references(y_true, y_pred)` takes embeddings to compare with; without
    it, each pair of the set counts once.

    The result is NaN if there are no pairs of one label, or none of different labels. Rows with the weight 0
    or, of embeddings, with the label -1 are left out. The weight of a pair is the product of those of its
    rows. NaN or an infinite number in another row makes the result NaN; a score may be infinite. Which
    memory the metric takes, and how it is used in `fit`: see `RecallAtK`. It holds no list of the scores: it
    computes them twice, and counts them.

    Raises:
        ValueError: If an option is out of range, if shapes do not fit, if labels are not integers, if a
            weight is below 0, or in compiled code.

    Source: Duda, Hart and Stork, Pattern Classification, 2001, section 2.8.3, for the curve.

    Example:

    >>> metric = keraslosses.EqualErrorRate(from_scores=True)
    >>> metric.update_state([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1])
    >>> print(float(metric.result()))
    0.5
    """

    def __init__(
        self,
        distance: str = "cosine",
        from_scores: bool = False,
        name: str = "equal_error_rate",
        dtype: DType = None,
    ):
        super().__init__(distance, from_scores, name, dtype)
        keras_internals.fall_is_better(self)

    def value(self) -> float:
        found = self.points(lambda false, true: false + true >= 1.0 - ROUNDING)
        if found is None:
            return float("nan")
        below, above = found
        gap, gap_after = (point.false_accepts + point.true_accepts - 1.0 for point in found)
        share = min(1.0, -gap / (gap_after - gap))
        return below.false_accepts + share * (above.false_accepts - below.false_accepts)


@saved
class TrueAcceptAtFalseAccept(Verification):
    """The share of the pairs of one label that are accepted, at a bound for the false accepts.

    A pair is accepted if its score is at least a threshold. Of all thresholds at which at most the share
    `far` of the pairs of different labels is accepted, the lowest counts. 1 is best.

    Args:
        far: The largest share of false accepts, in [0, 1].
        distance: "cosine" (default) or "euclidean". The score is the cosine, or minus the distance.
        from_scores: False (default): y_pred holds embeddings, and all pairs of the set are compared. True:
            y_pred holds one score for each pair, higher for pairs alike.
        name: Name of the metric.
        dtype: Dtype of the result. Default: None, `keras.config.floatx()`.

    Shapes: as `EqualErrorRate`.

    With few pairs of different labels, a small `far` means that none of them is accepted. When the result is
    NaN, which rows count, and `fit`: see `EqualErrorRate`.

    Raises:
        ValueError: as `EqualErrorRate`.

    Source: Huang et al., Labeled Faces in the Wild: Updates and New Reporting Procedures, 2014, for the use.

    Example:

    >>> metric = keraslosses.TrueAcceptAtFalseAccept(0.5, from_scores=True)
    >>> metric.update_state([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1])
    >>> print(float(metric.result()))
    1.0
    """

    def __init__(
        self,
        far: float,
        distance: str = "cosine",
        from_scores: bool = False,
        name: str = "true_accept_at_false_accept",
        dtype: DType = None,
    ):
        checks.fraction("far", far)
        super().__init__(distance, from_scores, name, dtype)
        keras_internals.rise_is_better(self)
        self.far = float(far)

    def value(self) -> float:
        found = self.points(lambda false, true: false > self.far + ROUNDING)
        return float("nan") if found is None else found[0].true_accepts

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "far": self.far}
