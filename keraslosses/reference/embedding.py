"""Losses between the embeddings of a batch."""

import numpy as np

from keraslosses.reference import kinds
from keraslosses.reference.entry import Array, Hard, Reference
from keraslosses.reference.uses import Use


def circle(
    y: Array, x: Array, gamma: float = 80.0, margin: float = 0.4, remove_diagonal: bool = True
) -> Array:
    values = np.zeros(len(x))
    for i in range(len(x)):
        pull, push = [], []
        for j in range(len(x)):
            distance = max(1 - x[i] @ x[j], 0.0)
            if y[i] != y[j]:
                push.append(gamma * max(1 + margin - distance, 0.0) * (1 - margin - distance))
            elif i != j or not remove_diagonal:
                pull.append(gamma * max(margin + distance, 0.0) * (distance - margin))
        if pull and push:
            values[i] = np.logaddexp(0, np.logaddexp.reduce(pull) + np.logaddexp.reduce(push))
    return values


REFERENCES = (
    Reference(
        "Circle",
        "circle",
        "embedding",
        kinds.EMBEDDINGS,
        circle,
        "Sun et al., Circle Loss, 2020, equations 6 and 8",
        task="Retrieval and embeddings",
        purpose="one class close together, other classes apart",
        tex=(
            r"\begin{align*} "
            r"\text{loss}_i &= \log\left(1 + \sum_{j \in P_i} e^{a(d_{ij})} \sum_{j \in N_i} "
            r"e^{b(d_{ij})}\right) \\ "
            r"a(d) &= \gamma \max(m + d, 0) (d - m) \\ "
            r"b(d) &= \gamma \max(1 + m - d, 0) (1 - m - d) \\ "
            r"d_{ij} &= \max(1 - x_i \cdot x_j, 0) "
            r"\end{align*}"
        ),
        symbols=(
            r"$x$: the embeddings; $P_i$: the samples $j$ of the class of sample $i$, without $i$ itself if "
            r"`remove_diagonal`; $N_i$: the samples $j$ of other classes; $\gamma$: `gamma`; $m$: `margin`; "
            r"the loss is 0 if $P_i$ or $N_i$ is empty"
        ),
        paper="https://arxiv.org/abs/2002.10857",
        options=({}, {"gamma": 2.0, "margin": 0.25}, {"gamma": 1.0, "remove_diagonal": False}),
        bad_options=({"gamma": 0.0}, {"margin": "wide"}, {"remove_diagonal": 1}),
        hard=(
            Hard("one sample", [3], [[1.0, 0.0]], gradient=[[0.0, 0.0]]),
            Hard("one class", [3, 3], [[1.0, 0.0], [0.0, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
            Hard("no two of a class", [1, 2], [[1.0, 0.0], [0.0, 1.0]], gradient=[[0.0, 0.0], [0.0, 0.0]]),
            Hard("one pair, one alone", [5, 5, 6], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]),
            Hard("opposite embeddings", [5, 5, 6], [[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]]),
        ),
        laws=frozenset({"non_negative"}),
        zeros_count=False,
        uses=(
            Use(
                "Retrieval and embeddings",
                "You have class labels and batches with several samples of each class.",
                "A batch has few pairs of one class: a sample without one costs nothing.",
                {"gamma": 80.0, "margin": 0.4},
            ),
        ),
    ),
)
