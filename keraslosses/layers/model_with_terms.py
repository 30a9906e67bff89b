"""The model that `attach` makes: a functional model that is trained with terms beside its loss."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import keras
from keras import tree

from keraslosses.core import keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.precision import floating
from keraslosses.core.reduction import share_of_replica
from keraslosses.core.saving import saved
from keraslosses.layers.attachment import Attachment
from keraslosses.layers.places import graph_with_features, has_graph

FEATURES = "_keraslosses_features"
ATTACHMENTS = "_keraslosses_attachments"


class Graphs:
    """The plain model, and a graph over the same layers that also outputs the features of the terms.

    Keras does not track the attributes of this class. So no layer is saved or counted twice.
    """

    def __init__(self, plain: keras.Model, attachments: Sequence[Attachment]):
        self.plain = plain
        self.with_features = graph_with_features(plain, [(each.at, each.call) for each in attachments])


@saved
class ModelWithTerms(keras_internals.ToldOfClones):
    """A functional model with training terms, made by `attach`.

    When Keras clones a model, it makes the clone from inputs and outputs only. Then the outputs carry copies
    of the terms.
    """

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        *,
        plain: keras.Model | None = None,
        attachments: Sequence[Attachment] = (),
    ):
        if plain is None:
            attachments = getattr(tree.flatten(outputs)[0], ATTACHMENTS)
            plain = keras_internals.Functional(inputs, outputs, name=name)
        graphs = Graphs(plain, attachments)
        super().__init__(inputs=inputs, outputs=outputs, name=name, trainable=plain.trainable)
        for attachment, features in zip(
            attachments, graphs.with_features.outputs[-len(attachments) :], strict=True
        ):
            build_term(attachment, features.shape)
        self.graphs = graphs
        self.attachments = tuple(attachments)
        # A tuple, because TensorFlow's checkpoints do not look into Keras's lists.
        self.terms = tuple(attachment.term for attachment in attachments)
        # Build again, so that torch lists the parameters of the terms.
        self.build(None)
        self.term_trackers = [keras.metrics.Mean(name=term.name) for term in self.terms]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if keras_internals.called_inside_another(self):
            raise self.inside_another()
        outputs, features = self.graphs.with_features(inputs, training=training, mask=mask)
        keras_internals.set_attribute(tree.flatten(outputs)[0], FEATURES, features)
        return outputs

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        raise self.inside_another()

    def inside_another(self) -> ValueError:
        places = ", ".join(f"'{self.name}/{attachment.at}'" for attachment in self.attachments)
        return ValueError(
            "A model with terms must not be part of another model, which would train without the terms. Use "
            f"keraslosses.detach(model) there, and attach the terms to the outer model, at {places}. "
            f"Received: a call of {self.name!r} inside another model"
        )

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The compiled loss of the model, if there is one, plus the terms. Training updates their state.

        `y_pred` is the output of the model for `x`. It carries the features that the terms read. If it does
        not carry them, they are computed from `x`.
        """
        if y is None:
            raise ValueError(f"`y` must hold the labels that {self.terms[0].name!r} needs. Received: y=None")
        features = keras_internals.get_attribute(tree.flatten(y_pred)[0], FEATURES)
        if features is None:
            features = self.graphs.with_features(x, training=training)[1]
        parts = []
        if keras_internals.has_compiled_loss(self) or self.losses:
            parts.append(super().compute_loss(x, y, y_pred, sample_weight, training))
        for attachment, tracker, tensor in zip(self.attachments, self.term_trackers, features, strict=True):
            value = attachment.value(tensor, y, sample_weight, training)
            tracker.update_state(value, sample_weight=ops.shape(tensor)[0])
            parts.append(attachment.weight * share_of_replica(value, "mean"))
        return summed(parts)

    def export(self, *args: Any, **kwargs: Any) -> Any:
        return self.graphs.plain.export(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        if keras_internals.saving_as_h5():
            raise ValueError(
                "A model with terms must be saved as a `.keras` file, or its weights as `.weights.h5`. "
                f"Received: {self.name!r} to be saved as a `.h5` file"
            )
        return {
            "name": self.name,
            "model": keras.saving.serialize_keras_object(self.graphs.plain),
            "attachments": [attachment.config() for attachment in self.attachments],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ModelWithTerms":
        def revive(thing: Any) -> Any:
            return keras.saving.deserialize_keras_object(thing, custom_objects=custom_objects)

        attachments = [
            Attachment(**{**attachment, "term": revive(attachment["term"])})
            for attachment in config["attachments"]
        ]
        return with_terms(revive(config["model"]), attachments, config["name"])

    def cloned(self, outputs: Any) -> None:
        """Attaches copies of the terms to the outputs of a clone."""
        copies = [type(term).from_config(term.get_config()) for term in self.terms]
        attachments = [replace(each, term=term) for each, term in zip(self.attachments, copies, strict=True)]
        setattr(tree.flatten(outputs)[0], ATTACHMENTS, attachments)


def summed(parts: Sequence[Any]) -> Any:
    """The sum of scalars: in float64 if one of them is float64, else in float32."""
    parts = [floating(part) for part in parts]
    wide = any(keras.backend.standardize_dtype(part.dtype) == "float64" for part in parts)
    return reduce(ops.add, [ops.cast(part, "float64") if wide else part for part in parts])


def with_terms(plain: keras.Model, attachments: Sequence[Attachment], name: str | None) -> ModelWithTerms:
    """Makes a model with terms from a plain model."""
    check_plain(plain)
    inputs, outputs = keras_internals.graph_of(plain)
    return ModelWithTerms(inputs, outputs, name, plain=plain, attachments=attachments)


def build_term(attachment: Attachment, shape: Any) -> None:
    """Builds the term before the model exists. Its `build` may take the shape of the labels too."""
    term = attachment.term
    if term.built:
        return
    if attachment.takes_rows and len(shape) > 2:
        shape = (None, shape[-1])
    term.build(*(shape, (None,))[: len(inspect.signature(term.build).parameters)])
    term.built = True


def not_plain(model: Any) -> ValueError:
    return ValueError(
        "`model` must be a functional model or a built Sequential model. A subclassed model with its own "
        "`call` has no graph of layers: make a functional model of its layers, or call the term in its "
        f"`compute_loss`. Received: model={model!r}"
    )


def check_plain(model: Any) -> None:
    """Raises unless the model consists of its graph of layers only: no other model can get a term."""
    if not has_graph(model):
        raise not_plain(model)
    for method in ("call", "train_step", "test_step", "compute_loss"):
        own = getattr(type(model), method)
        if own is not getattr(keras_internals.Functional, method) and type(model) is not keras.Sequential:
            raise ValueError(
                f"`model` must not override `{method}`: the model with the term would not use it. "
                f"Received: model of class {type(model).__name__}"
            )
