"""Value and gradients of the losses over pairs: of one replica, and with `across_replicas` of two.

Usage: python replicas_pairs.py FOLDER. It writes `1.npz`, and where one process has two replicas `2.npz`. Each of two
processes of PyTorch, started with FOLDER RANK PORT, is a replica.
"""

import contextlib
import os
import sys
from pathlib import Path

import keras
import numpy as np
from replicas import BACKEND, main, strategy

import keraslosses as kl
from keraslosses.core import backend
from keraslosses.layers.attachment import Attachment

BATCH, OTHERS, DIM = 10, 6, 4
# How many rows of a batch the first replica has. JAX splits in halves only.
FIRST = {BATCH: 5, OTHERS: 3} if BACKEND == "jax" else {BATCH: 7, OTHERS: 2}
RNG = np.random.default_rng(0)
LABELS = np.array([0, 1, -1, 1, 2, 0, 1, 2, 2, 3], "int32")
WEIGHT = np.array([0.5, 1, 1, 2, 1, 0, 1, 0.25, 1, 1], "float32")
OTHER_LABELS = np.array([0, 2, 1, -1, 1, 3], "int32")
VECTORS, TOWERS, OTHER_VECTORS = (
    RNG.normal(size=shape).astype("float32") for shape in ((BATCH, DIM), (BATCH, 2, DIM), (OTHERS, DIM))
)
PAIRS, VIEWS = (LABELS, WEIGHT, VECTORS), (LABELS, WEIGHT, TOWERS)
TWO_SETS = *PAIRS, OTHER_LABELS, OTHER_VECTORS
CASES = {
    "Triplet": (PAIRS, {"mining": "all"}),
    "Triplet, hard": (PAIRS, {"mining": "hard"}),
    "PairContrastive": (PAIRS, {"negative_margin": 2.0}),
    "SupervisedContrastive": (PAIRS, {"temperature": 0.5}),
    "NTXent": (PAIRS, {}),
    "NTXent, chunks": (PAIRS, {"chunk_size": 3}),
    "NTXent, views": (VIEWS, {}),
    "NTXent, mean of weights": (PAIRS, {"reduction": "mean_with_sample_weight"}),
    "NTXent, another set": (TWO_SETS, {"reference": True}),
    "MultiSimilarity": (PAIRS, {"beta": 10.0}),
    "LiftedStructure": (PAIRS, {}),
    "SoftNearestNeighbors": (PAIRS, {}),
    "FastAP": (PAIRS, {}),
    "SmoothAP": (PAIRS, {"temperature": 0.1}),
    "SmoothAP, another set": (TWO_SETS, {"temperature": 0.1, "reference": True}),
    "NPairs": (VIEWS, {"regularization": 0.1}),
    "InfoNCE": (VIEWS, {"temperature": 0.5}),
    "InfoNCE, chunks": (VIEWS, {"temperature": 0.5, "chunk_size": 2}),
    "ClipHead": (VIEWS, {"initial": 2.0}),
    "SigLipHead": (VIEWS, {}),
}


class OfLoss:
    """A loss as a function of rows, without variables."""

    variables = ()

    def __init__(self, made):
        self.made = made

    def __call__(self, labels, weight, vectors):
        return self.made(labels, vectors, weight)


class OfTwoSets(OfLoss):
    def __call__(self, labels, weight, vectors, other_labels, others):
        sets = (labels, other_labels), (vectors, others)
        y_true, y_pred = (dict(zip(("anchors", "references"), both, strict=True)) for both in sets)
        return self.made(y_true, y_pred, weight)


class OfTerm(OfLoss):
    def __init__(self, made):
        made.build((None, 2, DIM))
        self.made, self.variables = made, made.trainable_variables

    def __call__(self, labels, weight, vectors):
        # Keras divides what a term adds to the loss.
        return Attachment(self.made, "").value(vectors, labels, weight, True) / backend.replicas()


def case(name, across):
    rows, options = CASES[name]
    made = getattr(kl, name.split(",")[0])(across_replicas=across, **options)
    kind = OfTerm if isinstance(made, keras.Layer) else OfTwoSets if rows is TWO_SETS else OfLoss
    return kind(made), rows


def share(rows, place):
    """The rows of one of two replicas."""
    return rows[: FIRST[len(rows)]] if place == 0 else rows[FIRST[len(rows)] :]


def is_vectors(rows):
    return len(rows.shape) > 1


def on_tensorflow(function, rows, across):
    import tensorflow as tf

    def step(*rows):
        vectors = [tensor for tensor in rows if is_vectors(tensor)]
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            value = function(*rows)
        slopes = tape.gradient(value, [*vectors, *(variable.value for variable in function.variables)])
        return [value, *slopes]

    replicas = tf.distribute.get_strategy()
    given = [
        replicas.experimental_distribute_values_from_function(
            lambda context, part=part: tf.constant(
                share(part, context.replica_id_in_sync_group) if across else part
            )
        )
        for part in rows
    ]
    made = [replicas.experimental_local_results(one) for one in replicas.run(step, args=given)]
    vectors = sum(map(is_vectors, rows))
    joined = [np.concatenate(parts) for parts in made[1 : 1 + vectors]]
    return [sum(made[0]), *joined, *(sum(parts) for parts in made[1 + vectors :])]


def on_jax(function, rows, across):
    import jax
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    jax.config.update("jax_disable_most_optimizations", True)  # They take most of the time.

    vectors = [place for place, part in enumerate(rows) if is_vectors(part)]

    def value(vectors_given, variables, rows):
        rows = list(rows)
        for place, given in zip(vectors, vectors_given, strict=True):
            rows[place] = given
        with keras.StatelessScope(state_mapping=list(zip(function.variables, variables, strict=True))):
            return function(*rows)

    variables = [variable.value for variable in function.variables]
    if across:
        mesh = Mesh(np.array(jax.devices()), ("batch",))
        rows = jax.device_put(list(rows), NamedSharding(mesh, PartitionSpec("batch")))
        variables = jax.device_put(variables, NamedSharding(mesh, PartitionSpec()))
        assert all(len(part.sharding.device_set) == 2 for part in rows)
    step = jax.jit(jax.value_and_grad(value, argnums=(0, 1)))
    found, (slopes, of_variables) = step([rows[place] for place in vectors], variables, list(rows))
    return [found, *slopes, *of_variables]


def on_torch(function, rows, across):
    """The mean of the gradients of both processes, as DistributedDataParallel has it for weights."""
    import torch

    rank = torch.distributed.get_rank() if across else 0
    given = [torch.tensor(share(part, rank) if across else part) for part in rows]
    wanted = [tensor.requires_grad_() for tensor in given if is_vectors(tensor)]
    value = function(*given)
    slopes = torch.autograd.grad(value, [*wanted, *(variable.value for variable in function.variables)])
    if not across:
        return [value.detach(), *slopes]
    for mean in (value := value.detach(), *(variables := slopes[len(wanted) :])):
        torch.distributed.all_reduce(mean)
        mean /= 2
    return [value, *(backend.gather_over_replicas(slope) / 2 for slope in slopes[: len(wanted)]), *variables]


def compute(count, path):
    gradients, found = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[BACKEND], {}
    with strategy(count) if BACKEND == "tensorflow" else contextlib.nullcontext():
        for name in CASES:
            function, rows = case(name, across=count == 2)
            for number, array in enumerate(gradients(function, rows, count == 2)):
                found[f"{name}, {number}"] = keras.ops.convert_to_numpy(array)
    np.savez(path, **found)


if __name__ == "__main__":
    folder, *process = sys.argv[1:]
    if not process:
        main(compute, folder)
    else:
        import torch

        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=process[1])
        torch.distributed.init_process_group("gloo", rank=int(process[0]), world_size=2)
        compute(2, Path(folder) / "2.npz" if process[0] == "0" else os.devnull)
        torch.distributed.destroy_process_group()
