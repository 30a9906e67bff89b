"""`RetrievalMetrics`: metrics over held-out embeddings after each epoch of `fit`."""

from collections.abc import Sequence
from typing import Any

import keras

from keraslosses.core import checks
from keraslosses.metrics.embedding_set import EmbeddingSet
from keraslosses.metrics.retrieval import MeanAveragePrecisionAtR, RecallAtK


class RetrievalMetrics(keras.callbacks.Callback):
    """A callback of `fit` that embeds held-out data after an epoch, and logs how well they are found.

    Such metrics compare all embeddings of a set, so they cannot be computed batch by batch in `fit`. The logs
    have the names of the metrics. Callbacks behind this one in the list can use them, such as
    `EarlyStopping(monitor="recall_at_1", mode="max")`.

    Args:
        data: What the model embeds: arrays or a dataset without targets, as `model.predict` takes it.
        labels: The integer label of each sample of `data`, in the same order.
        query: None (default): each sample is searched among the others. Or a pair (data, labels): each of
            these is searched in the first set.
        metrics: Metrics such as `RecallAtK`, a list. Default: `[RecallAtK(1), MeanAveragePrecisionAtR()]`.
        embedder: The model that embeds, such as one without its head. Default: the model that is trained.
        batch_size: Samples in one step of `predict`. Default: None, 32.
        every: After how many epochs the metrics are computed. Default: 1. Epochs between log nothing.

    Shapes: the embedder makes `(N, D)`; labels `(N,)` or `(N, 1)`.

    Raises:
        ValueError: If an argument is out of range, or if there are not as many labels as embeddings.

    Example:

    >>> import keras, numpy as np
    >>> x, y = np.eye(4, dtype="float32"), np.array([0, 0, 1, 1])
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> model.compile("sgd", "mse")
    >>> watch = keraslosses.RetrievalMetrics(x, y)
    >>> print([*model.fit(x, np.zeros((4, 2)), callbacks=[watch], verbose=0).history])
    ['loss', 'recall_at_1', 'map_at_r']
    """

    def __init__(
        self,
        data: Any,
        labels: Any,
        query: tuple[Any, Any] | None = None,
        metrics: Sequence[EmbeddingSet] | None = None,
        embedder: keras.Model | None = None,
        batch_size: int | None = None,
        every: int = 1,
    ):
        super().__init__()
        checks.positive_integer("every", every)
        if query is not None and not (isinstance(query, tuple | list) and len(query) == 2):
            raise checks.invalid("query", "be None or a pair (data, labels)", type(query).__name__)
        self.metrics = [RecallAtK(1), MeanAveragePrecisionAtR()] if metrics is None else [*metrics]
        for metric in self.metrics:
            if not isinstance(metric, EmbeddingSet):
                raise checks.invalid("metrics", "hold metrics such as keraslosses.RecallAtK", metric)
        names = [metric.name for metric in self.metrics]
        if len({*names}) < len(names):
            raise checks.invalid("metrics", "have different names, because they are logged by name", names)
        self.reference = data, labels
        self.query, self.embedder, self.batch_size, self.every = query, embedder, batch_size, every

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is None or (epoch + 1) % self.every:
            return
        logs.update(self.values())

    def values(self) -> dict[str, float]:
        """The metrics of the model as it is now, by name."""
        reference = self.embedded(*self.reference)
        query = None if self.query is None else self.embedded(*self.query)
        found = {}
        for metric in self.metrics:
            metric.reset_state()
            metric.update_state(*(query or reference))
            if query is not None:
                metric.update_references(*reference)
            found[metric.name] = float(metric.result())
            metric.reset_state()
        return found

    def embedded(self, data: Any, labels: Any) -> tuple[Any, Any]:
        model = self.embedder or self.model
        return labels, model.predict(data, batch_size=self.batch_size, verbose=0)
