"""Losses over all pairs of a large batch: in chunks of anchors, without an array of all pairs."""

import math
import re

import numpy as np
import pytest
from keras import ops

import keraslosses as kl
from keraslosses.losses import pair_chunks
from keraslosses.portability.gradients import BACKEND, value_and_gradient

# XLA compiles each for seconds.
pytestmark = pytest.mark.deep_on("jax", "tensorflow")

ROWS = 300
LABELS = np.random.default_rng(0).integers(0, 40, ROWS)
VECTORS = np.random.default_rng(1).normal(size=(ROWS, 2, 6)).astype("float32")


def of_term(term):
    """A term as a loss."""

    def made(**options):
        made = term(**options)
        made.build(VECTORS.shape)
        return lambda labels, vectors: ops.mean(made.per_sample_loss(vectors, labels)[0])

    return made


LOSSES = {
    "SupervisedContrastive": (kl.SupervisedContrastive, VECTORS[:, 0]),
    "NTXent": (kl.NTXent, VECTORS[:, 0]),
    "InfoNCE": (kl.InfoNCE, VECTORS),
    "ClipHead": (of_term(kl.ClipHead), VECTORS),
    "SigLipHead": (of_term(kl.SigLipHead), VECTORS),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_large_batch_is_computed_in_chunks_where_nobody_says(name, monkeypatch):
    made, vectors = LOSSES[name]
    expected = value_and_gradient(made(), LABELS, vectors)  # All pairs at once.
    monkeypatch.setattr(pair_chunks, "SMALL_BATCH", 100)
    monkeypatch.setattr(pair_chunks, "PAIRS_ON_CPU", 64 * ROWS)
    for one, other in zip(value_and_gradient(made(), LABELS, vectors), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    assert largest_array(made(), vectors) < 65 * ROWS


@pytest.mark.parametrize("name", LOSSES)
def test_no_array_of_all_pairs(name):
    made, vectors = LOSSES[name]
    assert largest_array(made(chunk_size=20), vectors) <= 20 * ROWS
    assert largest_array(made(), vectors) >= ROWS**2  # One is seen if there is one.


def test_a_chunk_is_no_larger_than_the_batch():
    assert largest_array(kl.NTXent(chunk_size=10**6), VECTORS[:, 0]) == ROWS**2


def test_the_size_suits_the_device(monkeypatch):
    sizes = {rows: pair_chunks.suitable_size(*[ops.zeros((rows, 1))] * 2) for rows in (100, 4096, 65536)}
    assert sizes == {100: None, 4096: 256, 65536: 64}
    monkeypatch.setattr(pair_chunks.backend, "memory_of_device", lambda near: 2**34)
    sizes = {rows: pair_chunks.suitable_size(*[ops.zeros((rows, 1))] * 2) for rows in (100, 4096, 65536)}
    assert sizes == {100: None, 4096: None, 65536: 1024}


def largest_array(loss, vectors):
    """The number of elements of the largest array in value and gradient."""
    labels, vectors = ops.convert_to_tensor(LABELS, "int32"), ops.convert_to_tensor(vectors)
    return max(
        {"jax": of_jax, "tensorflow": of_tensorflow, "torch": of_torch}[BACKEND](loss, labels, vectors)
    )


def of_jax(loss, labels, vectors):
    import jax
    from jax.extend.core import jaxprs_in_params

    def shapes(program):
        for equation in program.eqns:
            yield from (made.aval.shape for made in equation.outvars)
            for inner in jaxprs_in_params(equation.params):
                yield from shapes(inner)

    program = jax.make_jaxpr(jax.value_and_grad(lambda x: loss(labels, x)))(vectors)
    return map(math.prod, shapes(program.jaxpr))


def of_tensorflow(loss, labels, vectors):
    """In the program that XLA is given, loops included."""
    import tensorflow as tf

    def step(labels, vectors):
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            value = loss(labels, vectors)
        return value, tape.gradient(value, vectors)

    compiled = tf.function(step, autograph=False, jit_compile=True)
    program = compiled.experimental_get_compiler_ir(labels, vectors)(stage="hlo")
    return (math.prod(map(int, sizes.split(","))) for sizes in re.findall(r"= \w+\[([\d,]+)\]", program))


def of_torch(loss, labels, vectors):
    import torch

    from keraslosses.core.backend.torch.internals import dispatch_mode

    sizes = []

    class Watch(dispatch_mode()):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            made = operation(*args, **(kwargs or {}))
            tensors = made if isinstance(made, tuple | list) else [made]
            sizes.extend(tensor.numel() for tensor in tensors if isinstance(tensor, torch.Tensor))
            return made

    vectors.requires_grad_()
    with Watch():
        torch.autograd.grad(loss(labels, vectors), vectors)
    return sizes
