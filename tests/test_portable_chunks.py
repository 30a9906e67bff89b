"""Sums over chunks of classes: what the portable functions give is what each backend's own give."""

from importlib import import_module

import numpy as np
import pytest
from keras import ops

from keraslosses.core.backend import portable
from keraslosses.core.backend.class_chunks import Classes, Sums, gradients, sums

CLASSES, DIM, BATCH = 23, 5, 12
OWN = {
    "jax": "keraslosses.core.backend.jax",
    "tensorflow": "keraslosses.core.backend.tensorflow",
    "torch": "keraslosses.core.backend.torch.chunks",
}


def drawn(*shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def arrays_of(tree):
    if tree is None:
        return []
    if isinstance(tree, (tuple, list)):
        return [array for branch in tree for array in arrays_of(branch)]
    return [ops.convert_to_numpy(ops.cast(tree, "float32"))]


def all_that_is_made(do, bias, weights, scale, soft_cap, dtype, kept):
    """The sums and the gradients by everything, of tensors of their own: some functions write to theirs."""

    def tensor(*shape, seed, dtype="float32"):
        return ops.cast(ops.convert_to_tensor(drawn(*shape, seed=seed)), dtype)

    features = tensor(BATCH, DIM, seed=0, dtype=dtype)
    labels = ops.convert_to_tensor(np.random.default_rng(1).integers(0, CLASSES, BATCH), "int32")
    classes = Classes(
        kernel=tensor(CLASSES, DIM, seed=2, dtype=dtype),
        bias=tensor(CLASSES, seed=3) if bias else None,
        weights=tensor(CLASSES, seed=4) if weights else None,
        size=4,
        kept=kept,
        scale=scale,
        soft_cap=soft_cap,
    )
    found, remembered = sums(features, labels, classes, do)
    upstream = Sums(*(tensor(BATCH, seed=seed) for seed in (5, 6, 7)))
    return arrays_of([found, gradients(features, labels, classes, remembered, found, upstream, do)])


# Bias, weights, scale, soft cap, and the dtype of features and kernel.
CASES = [
    (True, True, None, None, "float32"),
    (True, True, None, 2.0, "float32"),
    (False, False, 6.0, None, "float32"),
    (True, False, None, None, "float32"),
    (True, True, None, 2.0, "bfloat16"),
    (False, False, 6.0, None, "float16"),
]


@pytest.mark.deep_on("jax")
@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("case", CASES)
def test_backend_does_what_the_portable_functions_do(backend, case, kept):
    own = all_that_is_made(import_module(OWN[backend]), *case, kept)
    expected = all_that_is_made(portable, *case, kept)
    assert len(own) == len(expected) == (6 if case[0] else 5)
    near = {"float32": 1e-4, "float16": 2e-3, "bfloat16": 1e-2}[case[-1]]
    for one, other in zip(own, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=near, atol=near / 10)
