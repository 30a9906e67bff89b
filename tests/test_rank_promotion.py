"""Heads, metrics and functions do not rely on JAX's adding of axes: `jax_numpy_rank_promotion="raise"` passes.

`test_checks.py` runs every loss under this rule.
"""

import jax
import keras
import numpy as np
import pytest
from keras import ops

import keraslosses


@pytest.fixture(autouse=True)
def strict():
    with jax.numpy_rank_promotion("raise"):
        yield


HEADS = {
    "center": lambda: keraslosses.CenterLoss(7),
    "large margin": lambda: keraslosses.LargeMarginHead(7),
    "nearest proxy": lambda: keraslosses.ProxyNCA(7, all_proxies=False),
    "proxies as anchors": lambda: keraslosses.ProxyAnchor(7),
    "several centers": lambda: keraslosses.SoftTriple(7, centers=2),
    "memory": lambda: keraslosses.CrossBatchMemory(keraslosses.NTXent(), 3),
    "chunks": lambda: keraslosses.ChunkedCrossEntropy(7, chunk_size=2, label_smoothing=0.1, use_bias=True),
    "chunks with a margin": lambda: keraslosses.ChunkedCrossEntropy(
        7, chunk_size=2, margin=keraslosses.ArcFace()
    ),
    "samples": lambda: keraslosses.SampledMargin(7, rate=0.5, margin=keraslosses.ArcFace()),
}


@pytest.mark.parametrize("name", HEADS)
def test_heads(name):
    head, labels = HEADS[name](), np.array([0, 1, 2, 1])
    features = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    head.build(features.shape)
    kept = [variable.value for variable in head.trainable_variables]
    frozen = [variable.value for variable in head.non_trainable_variables]

    def value(kept, features):
        pairs = zip([*head.trainable_variables, *head.non_trainable_variables], [*kept, *frozen], strict=True)
        with keras.StatelessScope(state_mapping=list(pairs)):
            found = head.per_sample_loss(features, labels, None, True)
            return ops.sum(found[0] if isinstance(found, tuple) else found)

    jax.make_jaxpr(jax.value_and_grad(value, argnums=(0, 1)))(kept, features)


@pytest.mark.parametrize("name", ["ClipHead", "SigLipHead"])
def test_two_towers(name):
    head, features = getattr(keraslosses, name)(chunk_size=3), np.ones((4, 2, 5), "float32")
    head.build(features.shape)

    def value(weights, features):
        pairs = list(zip(head.trainable_variables, weights, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return ops.sum(head.per_sample_loss(features, np.zeros(4), np.ones(4))[0])

    weights = [variable.value for variable in head.trainable_variables]
    jax.make_jaxpr(jax.value_and_grad(value, argnums=(0, 1)))(weights, features)


def test_functions_and_metrics():
    """Traced only where that is possible: each operation alone would be compiled anew under these rules."""
    rng = np.random.default_rng(0)
    boxes, frames = rng.uniform(0, 3, (2, 3, 4)), rng.normal(size=(2, 5, 4)).astype("float32")
    jax.make_jaxpr(keraslosses.pairwise_iou)(boxes, boxes[0])
    jax.make_jaxpr(lambda boxes: keraslosses.convert_boxes(boxes, "xyxy", "center_xywh"))(boxes)
    jax.make_jaxpr(keraslosses.ctc_collapse)(np.array([[1, 1, 0, 2], [0, 0, 1, 1]]))
    jax.make_jaxpr(keraslosses.ctc_decode)(frames)
    keraslosses.ctc_decode(frames, strategy="beam_search", top_paths=2)  # Most of it runs in NumPy.
    metric, state = keraslosses.EditDistance(), np.array([[1, 2, -1], [1, -1, -1]])

    def distance(frames):
        variables = [variable.value for variable in metric.variables]
        updated = metric.stateless_update_state(variables, state, frames)
        return metric.stateless_result(updated)

    jax.make_jaxpr(distance)(frames)
    weight = np.ones(2, "float32")
    for score, y_true in (
        (keraslosses.IoUScore(4, ignore_class=0), np.zeros((2, 5), "int32")),
        (keraslosses.DiceScore(4, threshold=0), np.zeros((2, 5, 4), "int32")),
    ):
        counts = [np.zeros((3, 4), "float32")]
        jax.make_jaxpr(score.stateless_update_state)(counts, y_true, frames, weight)
        jax.make_jaxpr(score.stateless_result)(counts)
    cosines = keraslosses.CosineDense(7)
    cosines.build(frames.shape)
    jax.make_jaxpr(cosines)(frames)
    jax.make_jaxpr(keraslosses.SequenceMask())(frames, np.array([3, 5]))
