"""`attach`: a training term on an inner tensor of a model that is still trained with `fit(x, y)`.

A *term* is a layer with `per_sample_loss(features, labels, sample_weight=None, training=None)`, which returns
one value for each sample, or values and validity.
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
    """A model that is trained with a term on one of its inner tensors, beside its own loss.

    The result has the same inputs, outputs and layers: `fit(x, y)` takes labels only, `predict(x)` and
    `export` are those of the plain model. The term's loss is reduced over the batch with the sample weights,
    multiplied by `weight`, added to the loss (in validation too), and logged under the term's name. Saving
    and loading keep the term. Compile the result; `compile(loss=None)` trains on the terms alone.

    Args:
        model: A functional or built Sequential model, or one that has terms already.
        term: A layer with `per_sample_loss(features, labels, sample_weight=None, training=None)`, such as
            `CenterLoss`. Only `weight` here counts, not a weight of its own. A term without a name is named
            after its class: `center_loss`, `center_loss_1`.
        at: The layer whose output the term reads, or its name; of a layer in a nested model the path,
            "backbone/embedding".
        weight: Factor of the term's loss, at least 0.
        target: For a model of several outputs, the key or index of the y that holds the labels.
        call: For a layer that is called more than once, which call the term reads: 0 is the first.

    Features of more axes, such as `(batch, frames, dim)` with labels `(batch, frames)`, count row by row for
    the terms of this package. Sample weights are `(batch,)` or `(batch, frames)`, and masked rows leave the
    mean. A term of your own is given rows if it has the attribute `takes_rows = True`.

    Raises:
        ValueError: if the model has no layer `at`, has no graph of layers, or an argument is out of range;
            for a term that the model has already, or whose name is taken.

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
    """The plain model under the terms, sharing its layers and weights; a model without terms is itself."""
    return model.graphs.plain if isinstance(model, ModelWithTerms) else model


def name_term(model: keras.Model, terms: list[Any]) -> None:
    """Gives the last of the terms a name, if it has none, that nothing else in the model has."""
    *others, term = terms
    if any(other is term for other in others):
        raise checks.invalid("term", "be another layer than the terms that the model has", term)
    taken = {thing.name for thing in [*model.layers, *others]} | {"loss"}
    name = name_of_class(term)
    if name is None and term.name in taken:
        raise ValueError(
            "`term` must have a name that no layer and no other term of the model has, and not 'loss'. "
            f"Received: a term with the name {term.name!r}"
        )
    if name is not None:
        numbered = (f"{name}_{number}" for number in range(1, len(taken) + 1))
        term.name = next(free for free in (name, *numbered) if free not in taken)


def name_of_class(term: Any) -> str | None:
    """The name that Keras made of the term's class, without its number; None for a name that was given.

    Of a term that does not say so itself, a name of that form counts as made.
    """
    if getattr(term, "has_given_name", False):
        return None
    name = re.sub(r"_\d+$", "", term.name)
    return name if name.replace("_", "") == type(term).__name__.lower().replace("_", "") else None
