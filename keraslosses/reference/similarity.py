"""Losses between directions."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use


def cosine_similarity(y: Array, p: Array, axis: int = -1) -> Array:
    def unit(x: Array) -> Array:
        return x / np.maximum(np.linalg.norm(x, axis=axis, keepdims=True), 1e-7)

    return -np.sum(unit(y) * unit(p), axis=axis)


REFERENCES = (
    Reference(
        "CosineSimilarity",
        "cosine_similarity",
        "similarity",
        kinds.VECTORS,
        cosine_similarity,
        "Keras",
        task="Directions of vectors",
        purpose="the direction, whatever the length",
        tex=(
            r"\text{loss} = -\sum_{i=1}^{n} \frac{y_i}{\max(\lVert y \rVert, 10^{-7})} \cdot "
            r"\frac{p_i}{\max(\lVert p \rVert, 10^{-7})}"
        ),
        symbols=(
            "$y$, $p$: the target and the prediction, along `axis`; "
            r"$\lVert y \rVert$: the length of $y$; $n$: the size of the axis"
        ),
        options=({}, {"axis": 1}),
        bad_options=({"axis": 0.5},),
        hard=(
            Hard("equal inputs", [[3.0, 4.0]], [[3.0, 4.0]], gradient=[[0.0, 0.0]]),
            Hard("opposite inputs", [[3.0, 4.0]], [[-3.0, -4.0]], gradient=[[0.0, 0.0]]),
            Hard("a prediction of zeros", [[3.0, 4.0]], [[0.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("a target of zeros", [[0.0, 0.0]], [[3.0, 4.0]], gradient=[[0.0, 0.0]]),
            Hard("vectors of length 1e25", [[3e25, 4e25]], [[4e25, 3e25]], gradient=[[0.0, 0.0]]),
            Hard("vectors of length 1e-5", [[3e-5, 4e-5]], [[4e-5, 3e-5]]),
        ),
        laws=frozenset({"symmetric"}),
        uses=(
            Use(
                "Directions of vectors",
                "Only the direction of a vector matters, such as the direction of an embedding.",
                "The length matters too: it changes nothing here.",
            ),
        ),
    ),
)
