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
    return [ops.convert_to_numpy(tree)]


def all_that_is_made(do, bias, weights, kept, directions):
    """The sums and the gradients by everything, of tensors of their own: some functions write to theirs."""

    def tensor(*shape, seed):
        return ops.convert_to_tensor(drawn(*shape, seed=seed))

    features = tensor(BATCH, DIM, seed=0)
    labels = ops.convert_to_tensor(np.random.default_rng(1).integers(0, CLASSES, BATCH), "int32")
    classes = Classes(
        kernel=tensor(CLASSES, DIM, seed=2),
        bias=tensor(CLASSES, seed=3) if bias else None,
        weights=tensor(CLASSES, seed=4) if weights else None,
        size=4,
        kept=kept,
        directions=directions,
    )
    found, remembered = sums(features, labels, classes, do)
    upstream = Sums(*(tensor(BATCH, seed=seed) for seed in (5, 6, 7)))
    return arrays_of([found, gradients(features, labels, classes, remembered, found.others, upstream, do)])


@pytest.mark.deep_on("jax")
@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("bias", "weights", "directions"), [(True, True, False), (False, False, True), (True, False, False)]
)
def test_backend_does_what_the_portable_functions_do(backend, bias, weights, kept, directions):
    own = all_that_is_made(import_module(OWN[backend]), bias, weights, kept, directions)
    expected = all_that_is_made(portable, bias, weights, kept, directions)
    assert len(own) == len(expected) == (6 if bias else 5)
    for one, other in zip(own, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
