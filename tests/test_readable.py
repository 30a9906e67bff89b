"""What no loss can read is refused by name: ragged and sparse tensors, text, arrays of objects."""

import keras
import ml_dtypes
import numpy as np
import pytest
import scipy.sparse

import keraslosses
from keraslosses.core.readable import check_readable
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax")

BACKEND = keras.backend.backend()
EYE = np.eye(2, 3, dtype="float32")
PAD = "Pad it with "
DENSE = "Make it dense with "
LOOKUP = "StringLookup"


def of_backend():
    """The kinds of tensors that a backend has beside dense ones of numbers, with what the error advises."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return {
            "ragged": (tf.ragged.constant([[1.0, 2.0, 3.0], [4.0]]), f"{PAD}to_tensor()"),
            "sparse": (tf.sparse.from_dense(EYE), f"{DENSE}tf.sparse.to_dense"),
            "text": (tf.constant(["cat", "dog"]), LOOKUP),
        }
    if BACKEND == "jax":
        from jax.experimental.sparse import BCOO

        return {"sparse": (BCOO.fromdense(EYE), f"{DENSE}todense()")}
    import torch

    rows = [torch.ones(3), torch.ones(1)]
    return {
        "sparse": (torch.tensor(EYE).to_sparse(), f"{DENSE}to_dense()"),
        "nested": (torch.nested.nested_tensor(rows, layout=torch.jagged), f"{PAD}to_padded_tensor(0.0)"),
    }


UNREADABLE = {
    **of_backend(),
    "sparse array of SciPy": (scipy.sparse.csr_array(EYE), f"{DENSE}toarray()"),
    "strings": (np.array(["cat", "dog"]), LOOKUP),
    "bytes": (np.array([b"cat", b"dog"]), LOOKUP),
    "objects": (np.array([0, 1], object), '.astype("float32")'),
    "dates": (np.array(["2026-11-27"], "datetime64[D]"), "hold numbers"),
    "list of strings": ([["cat"], ["dog"]], LOOKUP),
}


def loss_and_inputs(name):
    reference = REFERENCES[name]
    options = reference.options[0]
    return getattr(keraslosses, name)(**options), options, reference.inputs(options)


def refused(argument, owner, advice, call, *arguments, **more):
    with pytest.raises(ValueError) as caught:
        call(*arguments, **more)
    said = str(caught.value)
    expected = "be a dense tensor" if advice.startswith((PAD, DENSE)) else "hold numbers"
    assert said.startswith(f"`{argument}` must {expected}{f' in {owner}' if owner else ''}. Received: "), said
    assert advice in said


@pytest.mark.parametrize("name", REFERENCES)
def test_every_loss_refuses_what_it_cannot_read(name):
    loss, options, (y_true, y_pred) = loss_and_inputs(name)
    owner = REFERENCES[name].function
    for what, (value, advice) in UNREADABLE.items():
        refused("y_true", owner, advice, loss, value, y_pred)
        # Ragged frames are filled up.
        if not (what == "ragged" and loss.function.contract.kind.reads_ragged):
            refused("y_pred", owner, advice, loss, y_true, value)
            refused("y_pred", owner, advice, getattr(keraslosses, owner), y_true, value, **options)


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", "none"])
def test_every_loss_refuses_weights_that_it_cannot_read(name, reduction):
    loss, _, inputs = loss_and_inputs(name)
    loss.reduction = reduction
    for value, advice in UNREADABLE.values():
        refused("sample_weight", REFERENCES[name].function, advice, loss, *inputs, value)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_loss_refuses_it_too(kind):
    value, advice = UNREADABLE[kind]
    frames, labels = np.zeros((2, 3, 4), "float32"), np.array([[1, 2], [1, -1]])
    refused("logit_length", "ctc", advice, keraslosses.ctc, labels, frames, logit_length=value)
    refused("y_true", "EditDistance", advice, keraslosses.EditDistance().update_state, value, labels)
    refused("y_pred", "EditDistance", advice, keraslosses.EditDistance().update_state, labels, value)
    refused("path", "ctc_collapse", advice, keraslosses.ctc_collapse, value)
    refused("boxes2", None, advice, keraslosses.pairwise_iou, np.zeros((1, 4)), value)
    center = keraslosses.CenterLoss(3).per_sample_loss
    refused("labels", "CenterLoss", advice, center, EYE, value)
    refused("sample_weight", None, advice, center, EYE, np.array([0, 2]), value)


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2], [3, 4]],
        ((True, False),),
        [],
        3.0,
        None,
        [np.ones(2)],
        np.array([True]),
        np.array([1.0], ml_dtypes.bfloat16),
        np.array([1], "uint8"),
        keras.Input((3,)),
        keras.ops.ones((2,), dtype="bfloat16"),
        keras.ops.ones((2,), dtype="bool"),
        keras.Variable(1.0),
    ],
)
def test_numbers_of_any_type_are_read(value):
    check_readable("loss", y_true=value)
