"""`attach` adds a term to a model: a loss on one of its inner tensors. `fit(x, y)` still trains the model.

A *term* is a layer with the method `per_sample_loss(features, labels, sample_weight=None, training=None)`.
The method returns one value for each sample, or a tuple: the values, and which of them are valid.
"""

import re
from typing import Any

import keras

from keraslosses.core import checks
from keraslosses.layers.attachment import Attachment
from keraslosses.layers.model_with_terms import ModelWithTerms, check_plain, with_terms
from keraslosses.layers.places import path_of


def attach(
    model: keras.Model,
    term: Any,
    at: Any,
    weight: float = 1.0,
    target: str | int | None = None,
    call: int | None = None,
) -> ModelWithTerms:
    """Adds a term to a model: a loss on one of its inner tensors, beside the model's own loss.

    The result has the same inputs, outputs and layers. `fit(x, y)` takes only labels as y. `predict(x)` and
    `export` work as in the plain model. The values of the term are averaged over the batch with the sample
    weights and multiplied by `weight`. This number is added to the loss, in validation too. The mean before
    `weight` is logged under the name of the term. Saving and loading keep the term. Compile the result;
    with `compile(loss=None)` it is trained on the terms only.

    Args:
        model: A functional model, a built Sequential model, or a model that already has terms.
        term: A layer with `per_sample_loss(features, labels, sample_weight=None, training=None)`, such as
            `CenterLoss`. Only the `weight` of `attach` counts; an option `weight` of the term has no effect.
            A term without a name is named after its class: `center_loss`, `center_loss_1`.
        at: The layer whose output the term reads, or the name of this layer. For a layer in a nested model,
            give the layer or its path, such as "backbone/embedding".
        weight: Factor of the term's loss, a finite number of at least 0. Default: 1.
        target: The key or index of the y that holds the labels, if the model has several outputs. None (the
            default) is for a model with one output.
        call: Which call of the layer the term reads, if the layer is called more than once: 0 is the first.
            None (the default) is for a layer that is called once.

    Returns:
        A new model. It shares its layers and weights with `model`.

    Shapes: The output of the layer is `(batch, dim)`, and y holds the labels `(batch,)`, `(batch, 1)` or
    one-hot `(batch, num_classes)`. Features with more axes, such as `(batch, frames, dim)`, need a label for
    each row: `(batch, frames)`. The terms of this package read them row by row, except `ClipHead` and
    `SigLipHead`, which read `(batch, 2, dim)`. Sample weights are then `(batch,)` or `(batch, frames)`, and
    the mean does not count masked rows. A term of your own gets rows if it has the attribute
    `takes_rows = True`.

    Raises:
        ValueError: If the model has no layer `at` or no graph of layers, if an argument is out of range, if
            the model already has this term, or if the name of the term is taken.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="embedding"),
    ...                           keras.layers.Dense(3)])
    >>> model = keraslosses.attach(model, keraslosses.CenterLoss(3), at="embedding", weight=0.01)
    >>> print(model.output_shape)
    (None, 3)
    """
    plain = detach(model)
    attachments = list(model.attachments) if isinstance(model, ModelWithTerms) else []
    check_plain(plain)
    attachments.append(Attachment(term, path_of(plain, at), weight, target, call))
    name_term(plain, [attachment.term for attachment in attachments])
    return with_terms(plain, attachments, model.name)


def detach(model: keras.Model) -> keras.Model:
    """Gives the plain model, without the terms that `attach` added.

    Args:
        model: A Keras model, with or without terms.

    Returns:
        The model from before the first `attach`. It shares its layers and weights with `model`. A model
        without terms is returned unchanged.

    Example:

    >>> plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="embedding")])
    >>> model = keraslosses.attach(plain, keraslosses.CenterLoss(3), at="embedding")
    >>> print(keraslosses.detach(model) is plain)
    True
    """
    return model.graphs.plain if isinstance(model, ModelWithTerms) else model


def name_term(model: keras.Model, terms: list[Any]) -> None:
    """Gives the last term a name of its own, unless the user gave it one. A name that is taken raises."""
    *others, term = terms
    if any(other is term for other in others):
        raise checks.invalid("term", "be a layer that is not yet a term of the model", term)
    taken = {thing.name for thing in [*model.layers, *others]} | {"loss"}
    name = name_of_class(term)
    if name is None and term.name in taken:
        raise ValueError(
            "`term` must have a name that no layer and no other term of the model has, other than 'loss'. "
            f"Received: a term with the name {term.name!r}"
        )
    if name is not None:
        numbered = (f"{name}_{number}" for number in range(1, len(taken) + 1))
        term.name = next(free for free in (name, *numbered) if free not in taken)


def name_of_class(term: Any) -> str | None:
    """The name that Keras made from the term's class, without its number; None if the user gave the name.

    A term may have no attribute `has_given_name`. Then a name of this form counts as made by Keras.
    """
    if getattr(term, "has_given_name", False):
        return None
    name = re.sub(r"_\d+$", "", term.name)
    return name if name.replace("_", "") == type(term).__name__.lower().replace("_", "") else None
