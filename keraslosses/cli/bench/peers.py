"""The peers of the benchmark: the same losses in other libraries for the running backend.

A peer takes tensors of the backend, `(y_true, y_pred)`, and gives the mean loss. The peer of a head takes
`(y_true, features, kernel)`; the kernel has the shape that `Dense` uses.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import keras
from keras import ops

from keraslosses.cli.bench.cases import HALF, Case
from keraslosses.core.types import Tensor

BACKEND = keras.backend.backend()

if BACKEND == "tensorflow":
    import tensorflow as tf
elif BACKEND == "jax":
    import jax
    import jax.numpy as jnp

    if find_spec("optax"):
        import optax

Peer = Callable[..., Any]
# Libraries that may be missing. The other peers come with the backend.
OPTIONAL = ("optax", "torchvision", "pytorch_metric_learning", "segmentation_models_pytorch")


def peers_of(case: Case) -> dict[str, Peer]:
    """The peers of a case by name, without those whose library is not installed."""
    found = {**OF_BACKEND[BACKEND].get(case.title, {}), **keras_peers(case)}
    absent = tuple(f"{library}." for library in OPTIONAL if not find_spec(library))
    return {name: peer for name, peer in found.items() if not name.startswith(absent)}


def keras_peers(case: Case) -> dict[str, Peer]:
    """The Keras class of the same name with the same options, or another one that computes the same."""
    if case.loss in keras.losses.__dict__ and not case.weighted:
        return {f"keras.losses.{case.loss}": getattr(keras.losses, case.loss)(**case.options)}
    return OF_KERAS.get(case.title, {})


def focal_of_one_hot(y_true: Tensor, y_pred: Tensor) -> Any:
    focal = keras.losses.CategoricalFocalCrossentropy(from_logits=True)
    return focal(ops.one_hot(y_true, y_pred.shape[-1]), y_pred)


def cross_entropy_of_all_logits(y_true: Tensor, features: Tensor, kernel: Tensor) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return loss(y_true, ops.matmul(features, kernel))


def inputs_for(y_pred: Any) -> Any:
    """The y_pred to give to a peer. The peer of a head takes the kernel as (dim, classes)."""
    if not isinstance(y_pred, tuple):
        return y_pred
    features, kernel = y_pred
    turned = ops.transpose(kernel)
    return features, turned.contiguous() if BACKEND == "torch" else turned


OF_ALL_LOGITS = {"keras.losses.SparseCategoricalCrossentropy": cross_entropy_of_all_logits}
OF_KERAS: dict[str, dict[str, Peer]] = {
    "SmoothL1": {"keras.losses.Huber": keras.losses.Huber(delta=1.0)},
    "SparseCategoricalFocalCrossentropy, logits": {
        "keras.losses.CategoricalFocalCrossentropy": focal_of_one_hot
    },
    "ChunkedCrossEntropy": OF_ALL_LOGITS,
    f"ChunkedCrossEntropy, {HALF}": OF_ALL_LOGITS,
}


def ctc_of_tensorflow(y: Any, p: Any) -> Any:
    frames, labels = tf.fill(tf.shape(p)[:1], tf.shape(p)[1]), tf.math.count_nonzero(y, axis=1, dtype="int32")
    return tf.reduce_mean(tf.nn.ctc_loss(y, p, labels, frames, logits_time_major=False, blank_index=0))


TENSORFLOW: dict[str, dict[str, Peer]] = {
    "MeanSquaredError": {
        "tf.math.squared_difference": lambda y, p: tf.reduce_mean(tf.math.squared_difference(p, y))
    },
    "BinaryCrossentropy, logits": {
        "tf.nn.sigmoid_cross_entropy_with_logits": lambda y, p: tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=p)
        )
    },
    "CategoricalCrossentropy, logits": {
        "tf.nn.softmax_cross_entropy_with_logits": lambda y, p: tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=p)
        )
    },
    "SparseCategoricalCrossentropy, logits": {
        "tf.nn.sparse_softmax_cross_entropy_with_logits": lambda y, p: tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=p)
        )
    },
    "CTC": {"tf.nn.ctc_loss": ctc_of_tensorflow},
}

JAX: dict[str, dict[str, Peer]] = {
    "MeanSquaredError": {"optax.squared_error": lambda y, p: optax.squared_error(p, y).mean()},
    "Huber": {"optax.huber_loss": lambda y, p: optax.huber_loss(p, y).mean()},
    "SmoothL1": {"optax.huber_loss": lambda y, p: optax.huber_loss(p, y).mean()},
    "LogCosh": {"optax.log_cosh": lambda y, p: optax.log_cosh(p, y).mean()},
    "CosineSimilarity": {"optax.cosine_similarity": lambda y, p: -optax.cosine_similarity(p, y).mean()},
    "KLDivergence": {"optax.kl_divergence": lambda y, p: optax.kl_divergence(jnp.log(p), y).mean()},
    "BinaryCrossentropy, logits": {
        "optax.sigmoid_binary_cross_entropy": lambda y, p: optax.sigmoid_binary_cross_entropy(p, y).mean()
    },
    "CategoricalCrossentropy, logits": {
        "optax.softmax_cross_entropy": lambda y, p: optax.softmax_cross_entropy(p, y).mean()
    },
    "SparseCategoricalCrossentropy, logits": {
        "optax.softmax_cross_entropy_with_integer_labels": lambda y, p: (
            optax.softmax_cross_entropy_with_integer_labels(p, y).mean()
        )
    },
    "BinaryFocalCrossentropy, logits": {
        "optax.sigmoid_focal_loss": lambda y, p: optax.sigmoid_focal_loss(p, y, alpha=None, gamma=2.0).mean()
    },
    "Hinge": {"optax.hinge_loss": lambda y, p: optax.hinge_loss(p, y).mean()},
    "PolyCrossentropy, logits": {
        "optax.poly_loss_cross_entropy": lambda y, p: optax.losses.poly_loss_cross_entropy(
            p, jax.nn.one_hot(y, p.shape[-1]), epsilon=1.0
        ).mean()
    },
    "NTXent": {"optax.ntxent": lambda y, p: optax.losses.ntxent(p, y, temperature=0.5)},
    "TripletMargin": {
        "optax.triplet_margin_loss": lambda y, p: optax.losses.triplet_margin_loss(
            p[:, 0], p[:, 1], p[:, 2]
        ).mean()
    },
    "CTC": {
        "optax.ctc_loss": lambda y, p: optax.ctc_loss(p, jnp.zeros(p.shape[:2]), y, (y == 0) * 1.0).mean()
    },
}


OF_BACKEND = {"tensorflow": TENSORFLOW, "jax": JAX}
if BACKEND == "torch":
    from keraslosses.cli.bench.peers_of_torch import TORCH

    OF_BACKEND["torch"] = TORCH
