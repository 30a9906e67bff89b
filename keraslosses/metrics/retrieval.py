"""How well the embeddings of a class are found among all embeddings."""

from typing import Any

import numpy as np

from keraslosses.core import checks, keras_internals
from keraslosses.core.saving import saved
from keraslosses.core.types import DType
from keraslosses.metrics.embedding_set import Array, EmbeddingSet, blocks
from keraslosses.metrics.neighbours import Neighbours


class Retrieval(EmbeddingSet):
    """The base class of metrics that search each embedding in a set: the mean over the queries."""

    def __init__(self, distance: str, name: str, dtype: DType):
        super().__init__(distance, name, dtype)
        keras_internals.rise_is_better(self)

    def value(self) -> float:
        queries, references = self.collected.joined(), self.others.joined()
        same_set = not self.others.batches
        if same_set:
            references = queries
        if not all(np.isfinite(x.embeddings).all() for x in (queries, references)):
            return float("nan")
        if len(references.labels) <= same_set:
            return float("nan")
        total = weight = 0.0
        for block in blocks(queries, references, self.distance):
            if not np.isfinite(block.scores).all():
                return float("nan")
            found = Neighbours.of(block, same_set, self.depth)
            weights = np.where(found.relevant > 0, queries.weights[block.place :][: len(block.scores)], 0.0)
            total += float(np.sum(weights * self.values(found)))
            weight += float(np.sum(weights))
        return total / weight if weight else float("nan")

    def depth(self, relevant: Array) -> int:
        """How many nearest references are needed: as many as have the label of a query, at least one."""
        return max(1, int(relevant.max()))

    def values(self, found: Neighbours) -> Array:
        """The value of each query; any finite number if no reference has its label."""
        raise NotImplementedError


@saved
class RecallAtK(Retrieval):
    """Recall at k: the share of the queries that have an embedding of their label among the k nearest.

    Each embedding of the set is a query. It is searched among all others, or in another set, if one is given
    by `update_references`. The value is between 0 and 1.

    Args:
        k: How many nearest embeddings count, at least 1.
        distance: "cosine" (default) or "euclidean".
        name: Name of the metric. Default: "recall_at_k" with the number for k.
        dtype: Dtype of the result. Default: None, `keras.config.floatx()`.

    Shapes: y_true `(batch,)` or `(batch, 1)`, integer labels; y_pred `(batch, D)`; the sample weight is a
    scalar or `(batch,)`. `update_references(y_true, y_pred)` takes the same.

    The result is the weighted mean over the queries that have an embedding of their label in the set at all;
    NaN if there is none. Rows with the label -1 or the weight 0 are left out, as queries and as references.
    NaN or an infinite number in another row makes the result NaN. Embeddings at equal distances come in any
    order: the value is the mean over these orders. A zero vector has the cosine 0 with all others.

    The metric keeps the embeddings on the host and compares them in blocks: a set of N takes the memory of
    its embeddings, and time that grows as N². It cannot run in compiled code. In `fit`, use the callback
    `RetrievalMetrics`.

    Raises:
        ValueError: If an option is out of range, if shapes do not fit, if labels are not integers, if a
            weight is below 0, or in compiled code.

    Source: Musgrave et al., A Metric Learning Reality Check, 2020, section 3.

    Example:

    >>> metric = keraslosses.RecallAtK(1)
    >>> metric.update_state([0, 0, 1, 1], [[1.0, 0.0], [0.9, 0.1], [0.8, 0.3], [0.0, 1.0]])
    >>> print(float(metric.result()))
    0.75
    """

    def __init__(self, k: int, distance: str = "cosine", name: str | None = None, dtype: DType = None):
        checks.positive_integer("k", k)
        super().__init__(distance, name or f"recall_at_{k}", dtype)
        self.k = int(k)

    def depth(self, relevant: Array) -> int:
        return self.k

    def values(self, found: Neighbours) -> Array:
        count = found.begin.shape[1]
        last = found.at(np.full((len(found.counts), 1), count - 1))
        others, none_found = last.size - last.alike, np.ones(last.size.shape)
        for drawn in range(int((count - last.begin).max())):
            inside = drawn < count - last.begin
            share = np.maximum(others - drawn, 0) / np.maximum(last.size - drawn, 1)
            none_found = np.where(inside, none_found * share, none_found)
        return np.where(last.before > 0, 1.0, 1.0 - none_found)[:, 0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


@saved
class PrecisionAtOne(Retrieval):
    """Precision at 1: the share of the queries whose nearest embedding has their label.

    Args:
        distance: "cosine" (default) or "euclidean".
        name: Name of the metric.
        dtype: Dtype of the result. Default: None, `keras.config.floatx()`.

    Shapes: as `RecallAtK`.

    It equals recall at 1. Which rows count, ties, memory and `fit`: see `RecallAtK`.

    Raises:
        ValueError: as `RecallAtK`.

    Source: Musgrave et al., A Metric Learning Reality Check, 2020, section 3.

    Example:

    >>> metric = keraslosses.PrecisionAtOne()
    >>> metric.update_state([0, 0, 1, 1], [[1.0, 0.0], [0.9, 0.1], [0.8, 0.3], [0.0, 1.0]])
    >>> print(float(metric.result()))
    0.75
    """

    def __init__(self, distance: str = "cosine", name: str = "precision_at_1", dtype: DType = None):
        super().__init__(distance, name, dtype)

    def depth(self, relevant: Array) -> int:
        return 1

    def values(self, found: Neighbours) -> Array:
        first = found.at(np.zeros((len(found.counts), 1), int))
        return (first.alike / first.size)[:, 0]


@saved
class RPrecision(Retrieval):
    """R-precision: the share of the query's label among the R nearest, if the set has R of this label.

    ```
    value = mean over queries of (embeddings of the query's label among the R nearest) / R
    ```

    Args:
        distance: "cosine" (default) or "euclidean".
        name: Name of the metric.
        dtype: Dtype of the result. Default: None, `keras.config.floatx()`.

    Shapes: as `RecallAtK`.

    R does not count the query itself. Which rows count, ties, memory and `fit`: see `RecallAtK`.

    Raises:
        ValueError: as `RecallAtK`.

    Source: Musgrave et al., A Metric Learning Reality Check, 2020, section 3.

    Example:

    >>> metric = keraslosses.RPrecision()
    >>> metric.update_state([0, 0, 1, 1], [[1.0, 0.0], [0.9, 0.1], [0.8, 0.3], [0.0, 1.0]])
    >>> print(float(metric.result()))
    0.75
    """

    def __init__(self, distance: str = "cosine", name: str = "r_precision", dtype: DType = None):
        super().__init__(distance, name, dtype)

    def values(self, found: Neighbours) -> Array:
        relevant = np.maximum(found.relevant, 1)[:, None]
        last = found.at(relevant - 1)
        hits = last.before + (relevant - last.begin) * last.alike / last.size
        return (hits / relevant)[:, 0]


@saved
class MeanAveragePrecisionAtR(Retrieval):
    """Mean average precision at R: like R-precision, and the order of the R nearest counts too.

    ```
    value = mean over queries of (1/R) Σ_{i=1..R} precision(i) · [the i-th nearest has the query's label]
    ```

    R is the number of embeddings with the query's label, without the query, and precision(i) is the share of
    this label among the i nearest.

    Args:
        distance: "cosine" (default) or "euclidean".
        name: Name of the metric.
        dtype: Dtype of the result. Default: None, `keras.config.floatx()`.

    Shapes: as `RecallAtK`.

    Which rows count, ties, memory and `fit`: see `RecallAtK`.

    Raises:
        ValueError: as `RecallAtK`.

    Source: Musgrave et al., A Metric Learning Reality Check, 2020, equation 2.

    Example:

    >>> metric = keraslosses.MeanAveragePrecisionAtR()
    >>> metric.update_state([0, 0, 1, 1], [[1.0, 0.0], [0.9, 0.1], [0.8, 0.3], [0.0, 1.0]])
    >>> print(float(metric.result()))
    0.75
    """

    def __init__(self, distance: str = "cosine", name: str = "map_at_r", dtype: DType = None):
        super().__init__(distance, name, dtype)

    def values(self, found: Neighbours) -> Array:
        relevant = np.maximum(found.relevant, 1)[:, None]
        numbers = np.broadcast_to(np.arange(relevant.max()), (len(relevant), relevant.max()))
        place = found.at(numbers)
        in_group = (numbers - place.begin) * (place.alike - 1) / np.maximum(place.size - 1, 1)
        share = place.alike / place.size
        terms = share * (place.before + 1 + in_group) / (numbers + 1)
        return np.where(numbers < relevant, terms, 0.0).sum(axis=1) / relevant[:, 0]
