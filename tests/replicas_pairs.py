"""Value and gradients of the losses over pairs: of one replica, and with `across_replicas` of two.

Usage: python replicas_pairs.py FOLDER. It writes `1.npz`, and where one process has two replicas `2.npz`. Each of two
processes of PyTorch or JAX, started with FOLDER RANK PORT, is a replica.
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
# More than the batch in training, and it does not end with the last batch.
MEMORY = 11
# How many rows the first replica has. (JAX splits in halves.)
FIRST = {BATCH: 7, OTHERS: 2}
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
    "CrossBatchMemory": (PAIRS, {}),
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


class OfMemory(OfLoss):
    """With the other set in memory, of which the batch replaces a part."""

    def __init__(self, across):
        self.made = kl.CrossBatchMemory(kl.NTXent(across_replicas=across), BATCH)
        self.made.build((None, DIM))
        nothing = BATCH - OTHERS
        self.made.memory.assign(np.pad(OTHER_VECTORS, ((0, nothing), (0, 0))))
        self.made.memory_labels.assign(np.pad(OTHER_LABELS, (0, nothing), constant_values=-1))
        self.made.place.assign(OTHERS)

    def __call__(self, labels, weight, vectors):
        return Attachment(self.made, "").value(vectors, labels, weight, False) / backend.replicas()


def case(name, across):
    rows, options = CASES[name]
    if name == "CrossBatchMemory":
        return OfMemory(across), rows
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

    variables, options = [np.asarray(variable.value) for variable in function.variables], {}
    if across:
        # Of two processes with two devices each, the first ones.
        mesh = Mesh(np.array(jax.devices()[:: jax.device_count() // 2]), ("batch",))
        rows = jax.device_put(list(rows), NamedSharding(mesh, PartitionSpec("batch")))
        assert all(len(part.sharding.device_set) == 2 for part in rows)
        options = {"out_shardings": NamedSharding(mesh, PartitionSpec())}
    step = jax.jit(jax.value_and_grad(value, argnums=(0, 1)), **options)
    found, (slopes, of_variables) = step([rows[place] for place in vectors], variables, list(rows))
    return [found, *slopes, *of_variables]


def on_torch(function, rows, across):
    """The means over both processes, as DistributedDataParallel has them."""
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


def trained(across):
    """The weights of a model after training with losses and terms."""
    options = {"across_replicas": across}
    stack = [
        keras.Input((DIM,)),
        keras.layers.Dense(2 * DIM, "tanh", name="embedding"),
        keras.layers.Reshape((2, DIM), name="towers"),
    ]
    model = kl.attach(keras.Sequential(stack), kl.ClipHead(2.0, **options), at="towers", weight=0.5)
    model = kl.attach(model, kl.SigLipHead(**options), at="towers", weight=0.01)
    memory = kl.CrossBatchMemory(kl.NTXent(**options), MEMORY)
    model = kl.attach(model, memory, at="embedding", weight=0.5)
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    loss = kl.NTXent(**options) + 0.5 * kl.InfoNCE(temperature=0.5, **options)
    model.compile(keras.optimizers.SGD(0.1), loss)
    # A last batch of one sample leaves one replica without any. JAX cannot split such a batch.
    size = 25 if BACKEND == "tensorflow" else 24
    x, labels = rng.normal(size=(size, DIM)).astype("float32"), rng.integers(0, 4, size)
    weight = rng.uniform(0, 2, size).astype("float32")
    model.fit(x, labels, sample_weight=weight, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model.get_weights()


def compute(count, path):
    found = {}
    with contextlib.nullcontext() if BACKEND == "torch" else strategy(count):
        for name in CASES:
            found |= gradients(name, across=count == 2)
        if BACKEND != "torch":  # Its `fit` does not synchronise processes.
            weights = trained(across=count == 2)
            found |= {f"trained, {number}": weight for number, weight in enumerate(weights)}
    np.savez(path, **found)


def gradients(name, across):
    of_backend = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[BACKEND]
    found = of_backend(*case(name, across), across)
    return {f"{name}, {number}": keras.ops.convert_to_numpy(array) for number, array in enumerate(found)}


def join_torch(rank, port):
    import torch

    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    return torch.distributed.destroy_process_group


def join_jax(rank, port):
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, rank)
    return jax.distributed.shutdown


def of_process(path, rank, port):
    leave = (join_torch if BACKEND == "torch" else join_jax)(rank, port)
    found = {}
    for name in CASES if BACKEND == "torch" else ("LiftedStructure", "InfoNCE, chunks"):
        found |= gradients(name, across=True)
    if rank == 0:
        np.savez(path, **found)
    leave()


if __name__ == "__main__":
    folder, *process = sys.argv[1:]
    if process:
        of_process(Path(folder) / "processes.npz", int(process[0]), process[1])
    else:
        main(compute, folder)
