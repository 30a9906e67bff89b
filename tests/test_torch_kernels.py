"""On torch as on an accelerator: no loss waits for a value, and none launches many kernels more than its peer."""

import contextlib

import pytest
import torch

from keraslosses.cli.bench import worker
from keraslosses.cli.bench.calls import with_gradient
from keraslosses.cli.bench.cases import CASES
from keraslosses.cli.bench.kernels import dispatched
from keraslosses.cli.bench.peers import inputs_for, peers_of
from keraslosses.core.backend.torch.look import as_on_an_accelerator

WITH_PEER = [case for case in CASES if peers_of(case)]
# A loss may launch three kernels more than its best peer, and more only for what the peer does not do.
MORE = 3
LABELS = "a label out of range gives NaN"
INFINITE = "an infinite loss has gradient 0"
RANGE = "numbers are moved into their range, or become NaN, as their partners do"
EXTREME = "no square overflows, and coincident vectors have a finite gradient"
PAIRS = "samples without a positive or without a negative leave the mean"
ROWS = "rows of weight 0 or with the label -1 reach no other row"
NEAR = "near embeddings keep the digits of their distance"
CHECKED = {
    "PolyCrossentropy, logits": (18, [LABELS, INFINITE, "distributions are targets too"]),
    "SoftMargin": (11, ["targets 0 and 1 are read as -1 and 1", "large scores do not overflow"]),
    "HingeEmbedding": (3, ["targets 0 and 1 are read as -1 and 1", "a target that is NaN gives NaN"]),
    "PairContrastive": (83, [ROWS, NEAR, "the mean of each sort of pairs is that of the pairs above 0"]),
    "LiftedStructure": (80, [PAIRS, ROWS, NEAR]),
    "SupervisedContrastive": (22, [PAIRS, ROWS, EXTREME]),
    "NTXent": (14, [PAIRS, ROWS, EXTREME]),
    "MultiSimilarity": (31, [PAIRS, ROWS]),
    "FastAP": (79, [PAIRS, ROWS, NEAR, EXTREME]),
    "TripletMargin": (46, [EXTREME]),
    "MarginRanking": (3, ["a sign that is neither -1 nor 1 gives NaN"]),
    "NegativeCosine": (2, [EXTREME]),
    "VICReg": (54, ["rows of weight 0 reach no statistic"]),
    "InfoNCE": (76, [ROWS, EXTREME, "small losses keep their digits"]),
    "NPairs": (98, [PAIRS, ROWS, "small losses keep their digits"]),
    "KLDivergence": (5, [RANGE, INFINITE, "a probability below 1e-7 has gradient 0"]),
    "BinaryCrossentropy, probabilities": (19, [RANGE, "exact at 1, and constant below 1e-7"]),
    "BinaryCrossentropy, logits": (9, [RANGE, INFINITE, "small losses keep their digits"]),
    "SparseCategoricalCrossentropy, logits": (3, [LABELS, INFINITE]),
    "SparseCategoricalCrossentropy, ignored and weighted": (11, [LABELS, INFINITE, "ignored rows hold NaN"]),
    "NegativeLogLikelihood": (4, [LABELS, INFINITE]),
    "MultiMargin": (11, [LABELS, "large scores keep their margin", "a row with NaN gives NaN"]),
    "MultiLabelMargin": (16, ["labels are read up to the end of each list", LABELS]),
    "Dice": (5, ["a number out of range makes its region NaN", "an empty region costs 0"]),
    "CTC": (7, ["impossible samples", LABELS, "a value is never below 0"]),
    "ChunkedCrossEntropy": (37, ["the logits are never whole", LABELS]),
    "ChunkedCrossEntropy, bfloat16": (
        105,
        ["as above", "sums are float32, and the CPU has no such products"],
    ),
}
# Operations that copy a number from the device, and so wait for it.
WAITS = {"_local_scalar_dense", "equal", "nonzero", "masked_select", "unique", "_unique2"}


def kernels_of(loss, y_true, y_pred):
    """Of the second call: what the first one alone makes, such as a peer's tensor of weights, does not count."""
    call = with_gradient(loss, y_true, y_pred, "torch")
    call.run()
    return dispatched(call.run)


def drawn(case):
    """The loss and its inputs, in the smallest size."""
    return worker.ours_of(case, case.shapes["small"]), *worker.tensors_of(case, "small")


@pytest.mark.parametrize("case", WITH_PEER, ids=lambda case: case.title)
def test_a_loss_launches_few_kernels_more_than_its_best_peer(case):
    loss, y_true, y_pred = drawn(case)
    with as_on_an_accelerator():
        ours = kernels_of(loss, y_true, y_pred)
    fewest = min(len(kernels_of(peer, y_true, inputs_for(y_pred))) for peer in peers_of(case).values())
    checked, _ = CHECKED.get(case.title, (0, []))
    assert len(ours) <= fewest + MORE + checked, ours


def test_the_peers_of_all_exceptions_are_measured():
    assert CHECKED.keys() <= {case.title for case in WITH_PEER}


@contextlib.contextmanager
def no_value_read(monkeypatch):
    def refuse(*args):
        raise AssertionError("a value is read, which waits for an accelerator")

    with monkeypatch.context() as patch, as_on_an_accelerator():
        for name in ("numpy", "item", "tolist", "__bool__", "__float__", "__int__", "__array__"):
            patch.setattr(torch.Tensor, name, refuse)
        yield


# Its classes are drawn by keras.random, which reads the seed of each draw (Keras 3.15, November 2026).
READS = [case for case in CASES if case.loss != "SampledMargin"]


@pytest.mark.parametrize("case", READS, ids=lambda case: case.title)
def test_no_loss_waits_for_a_value(case, monkeypatch):
    loss, y_true, y_pred = drawn(case)
    with no_value_read(monkeypatch):
        kernels = kernels_of(loss, y_true, y_pred)
    assert not WAITS.intersection(kernels)


def test_a_look_is_seen(monkeypatch):
    """So that the test before could fail."""
    loss, y_true, y_pred = drawn(next(case for case in CASES if case.loss == "BinaryCrossentropy"))
    assert "_local_scalar_dense" in kernels_of(loss, y_true, y_pred)
    with no_value_read(monkeypatch), pytest.raises(AssertionError, match="a value is read"):
        float(y_true[0, 0])
