"""`attach`: a training term on an inner tensor of a model that is still trained with `fit(x, y)`.

A *term* is a layer with `per_sample_loss(features, labels, sample_weight=None, training=None)`, which returns
one value for each sample, or values and validity.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import tree

from keraslosses.core import checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.loss import saved
from keraslosses.core.reduction import Entries, extend_to, reduce, share_of_replica

FEATURES = "_keraslosses_features"


@dataclass(frozen=True)
class Attachment:
    """A term, the name of the layer whose output it reads, its weight, and which y it takes."""

    term: Any
    at: str
    weight: float
    target: str | int | None


class Graphs:
    """The plain model, and a model over the same layers that gives the terms' features too.

    A holder of its own keeps both out of Keras's tracking, so that no layer is saved or counted twice.
    """

    def __init__(self, plain: keras.Model, attachments: Sequence[Attachment]):
        inputs, outputs = keras_internals.graph_of(plain)
        features = [features_of(plain, attachment.at) for attachment in attachments]
        self.plain = plain
        with keras_internals.untracked():
            self.with_features = keras_internals.Functional(inputs, [outputs, features])


def attach(
    model: keras.Model, term: Any, at: str, weight: float = 1.0, target: str | int | None = None
) -> "ModelWithTerms":
    """A model that is trained with a term on one of its inner tensors, beside its own loss.

    The result has the same inputs, outputs and layers: `fit(x, y)` takes labels only, `predict(x)` and
    `export` are those of the plain model. The term's loss is reduced over the batch with the sample weights,
    multiplied by `weight`, added to the loss (in validation too), and logged under the term's name. Saving
    and loading keep the term. Compile the result; `compile(loss=None)` trains on the terms alone.

    Args:
        model: A functional or built Sequential model, or one that has terms already.
        term: A layer with `per_sample_loss(features, labels, sample_weight=None, training=None)`, such as
            `CenterLoss`. Only `weight` here counts, not a weight of its own.
        at: Name of the layer whose output the term reads.
        weight: Factor of the term's loss, at least 0.
        target: For a model of several outputs, the key or index of the y that holds the labels.

    Raises:
        ValueError: if the model has no layer `at`, has no graph of layers, or an argument is out of range.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="embedding"),
    ...                           keras.layers.Dense(3)])
    >>> model = keraslosses.attach(model, keraslosses.CenterLoss(3), at="embedding", weight=0.01)
    >>> print(model.output_shape)
    (None, 3)
    """
    checks.non_negative("weight", weight)
    if not callable(getattr(term, "per_sample_loss", None)):
        raise checks.invalid("term", "be a layer with a method `per_sample_loss`", term)
    if target is not None and not isinstance(target, str) and not checks.is_integer(target):
        raise checks.invalid("target", "be None, a key or an index of y", target)
    attachments = list(getattr(model, "attachments", []))
    attachments.append(Attachment(term, at, float(weight), target))
    return ModelWithTerms(detach(model), attachments, name=model.name)


def detach(model: keras.Model) -> keras.Model:
    """The plain model under the terms, sharing its layers and weights; a model without terms is itself."""
    return model.graphs.plain if isinstance(model, ModelWithTerms) else model


@saved
class ModelWithTerms(keras_internals.Functional):
    """A functional model with training terms; made by `attach`."""

    def __init__(self, plain: keras.Model, attachments: Sequence[Attachment], name: str | None = None):
        check_plain(plain)
        graphs = Graphs(plain, attachments)
        inputs, outputs = keras_internals.graph_of(plain)
        super().__init__(inputs=inputs, outputs=outputs, name=name, trainable=plain.trainable)
        self.graphs = graphs
        self.attachments = tuple(attachments)
        self.terms = [attachment.term for attachment in attachments]
        self.term_trackers = [keras.metrics.Mean(name=term.name) for term in self.terms]
        for term, features in zip(self.terms, graphs.with_features.outputs[-len(self.terms) :], strict=True):
            if not term.built:
                build_term(term, features.shape)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        outputs, features = self.graphs.with_features(inputs, training=training, mask=mask)
        keras_internals.set_attribute(tree.flatten(outputs)[0], FEATURES, features)
        return outputs

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        if y is None:
            raise ValueError(f"`y` must hold the labels that {self.terms[0].name!r} needs. Received: y=None")
        features = keras_internals.get_attribute(tree.flatten(y_pred)[0], FEATURES)
        if features is None:
            features = self.graphs.with_features(x, training=training)[1]
        parts = []
        if keras_internals.has_compiled_loss(self) or self.losses:
            parts.append(super().compute_loss(x, y, y_pred, sample_weight, training))
        for attachment, tracker, tensor in zip(self.attachments, self.term_trackers, features, strict=True):
            value = term_loss(attachment, tensor, y, sample_weight, training)
            tracker.update_state(value, sample_weight=ops.shape(tensor)[0])
            parts.append(attachment.weight * share_of_replica(value, "mean"))
        return sum(parts[1:], start=parts[0])

    def export(self, *args: Any, **kwargs: Any) -> Any:
        return self.graphs.plain.export(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": keras.saving.serialize_keras_object(self.graphs.plain),
            "attachments": [
                {**vars(attachment), "term": keras.saving.serialize_keras_object(attachment.term)}
                for attachment in self.attachments
            ],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ModelWithTerms":
        def revive(thing: Any) -> Any:
            return keras.saving.deserialize_keras_object(thing, custom_objects=custom_objects)

        attachments = [
            Attachment(**{**attachment, "term": revive(attachment["term"])})
            for attachment in config["attachments"]
        ]
        return cls(revive(config["model"]), attachments, name=config["name"])


def build_term(term: Any, features_shape: Any) -> None:
    """Makes the term's state before the model exists; its `build` may take the shape of the labels too."""
    shapes = (features_shape, (None,))
    term.build(*shapes[: len(inspect.signature(term.build).parameters)])
    term.built = True


def term_loss(attachment: Attachment, features: Any, y: Any, sample_weight: Any, training: bool) -> Any:
    """The mean of a term's values over the batch, weighted as Keras weighs a loss."""
    labels = chosen("y", y, attachment.target)
    if tree.is_nested(sample_weight):
        sample_weight = chosen("sample_weight", sample_weight, attachment.target)
    result = attachment.term.per_sample_loss(features, labels, sample_weight=sample_weight, training=training)
    values, valid = result if isinstance(result, tuple) else (result, None)
    if valid is not None:
        values = ops.where(valid, values, ops.zeros_like(values))
    if sample_weight is not None:
        sample_weight = ops.cast(ops.convert_to_tensor(sample_weight), values.dtype)
        sample_weight = extend_to(sample_weight, 1, "sample_weight", values.shape)
    return reduce(Entries(values, valid, sample_weight), "mean")


def chosen(argument: str, structure: Any, target: str | int | None) -> Any:
    """The part of y or of the sample weights that a term takes."""
    if not tree.is_nested(structure):
        return structure
    try:
        if target is not None:
            return structure[target]
    except (KeyError, IndexError, TypeError):
        pass
    parts = list(structure) if isinstance(structure, dict) else f"indices below {len(structure)}"
    raise ValueError(
        f"`target` must say which part of {argument} holds the labels: {parts}. Received: target={target!r}"
    )


def features_of(model: keras.Model, at: str) -> Any:
    """The output of a layer of the model."""
    names = [layer.name for layer in model.layers]
    if at not in names:
        raise ValueError(f"`at` must name a layer of the model: {', '.join(names)}. Received: at={at!r}")
    outputs = keras_internals.outputs_in_graph(model, model.get_layer(at))
    if len(outputs) != 1:
        raise ValueError(
            f"`at` must name a layer that is called once and gives one tensor. Received: at={at!r}, "
            f"which gives {len(outputs)}"
        )
    return outputs[0]


def check_plain(model: Any) -> None:
    """Only a model that is nothing but its graph of layers can be rebuilt with a term."""
    plain = isinstance(model, keras_internals.Functional) or (
        isinstance(model, keras.Sequential) and model.built
    )
    if not plain:
        raise checks.invalid("model", "be a functional model or a Sequential model that is built", model)
    for method in ("call", "train_step", "test_step", "compute_loss"):
        own = getattr(type(model), method)
        if own is not getattr(keras_internals.Functional, method) and type(model) is not keras.Sequential:
            raise ValueError(
                f"`model` must not override `{method}`, which the model with the term would lose. "
                f"Received: model of class {type(model).__name__}"
            )
