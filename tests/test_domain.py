"""Inputs outside their domain: an error where they can be looked at, NaN of their sample elsewhere."""

import functools
import re
from typing import NamedTuple

import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses as kl
from keraslosses.core import backend, domain
from keraslosses.portability.gradients import BACKEND, MODES, USUAL, value_and_gradient
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy
# Of an unknown batch the inputs of all cases would lie in one tensor.
COMPILED = [mode for mode in MODES if mode not in ("eager", "unknown batch")]
LOGITS = "(Logits need `from_logits=True`"
MASK = "(Divide a mask of 0 and 255 by 255."
ONE_HOT = "(A class index such as -1 is not a one-hot row.)"


class Case(NamedTuple):
    """A loss, its options, inputs of which the first sample lies outside, and what the message says."""

    loss: str
    options: dict
    y_true: list
    y_pred: list
    said: str
    advice: str


def probabilities(loss, y_true, y_pred, said, **options):
    return Case(loss, options, y_true, y_pred, f"`y_pred` must hold probabilities, {said}", LOGITS)


def targets(loss, y_true, y_pred, value, **options):
    return Case(
        loss,
        options,
        y_true,
        y_pred,
        f"`y_true` must lie in [0, 1] in {said_of(loss)}. Received: y_true={value} at (0, 1).",
        MASK,
    )


def said_of(loss):
    return REFERENCES[loss].function


HALF = [0.5, 0.5]
SPANS = {"Dice": {"axis": -1}, "Tversky": {"axis": -1}}
CASES = [
    probabilities("BinaryCrossentropy", [[1.0, 0.0], [1.0, 0.0]], [[5.0, 0.5], HALF], "in [0, 1], in binary_crossentropy. Received: y_pred=5.0 at (0, 0)."),
    probabilities("BinaryFocalCrossentropy", [[1.0, 0.0], [1.0, 0.0]], [[0.5, -3.0], HALF], "in [0, 1], in binary_focal_crossentropy. Received: y_pred=-3.0 at (0, 1)."),
    probabilities("CategoricalCrossentropy", [[0.0, 1.0], [1.0, 0.0]], [[-2.0, 3.0], HALF], "none below 0, in categorical_crossentropy. Received: y_pred=-2.0 at (0, 0)."),
    probabilities("CategoricalFocalCrossentropy", [[0.0, 1.0], [1.0, 0.0]], [[-2.0, 3.0], HALF], "none below 0, in categorical_focal_crossentropy."),
    probabilities("SparseCategoricalCrossentropy", [1, 0], [[-2.0, 3.0], HALF], "none below 0, in sparse_categorical_crossentropy."),
    probabilities("SparseCategoricalFocalCrossentropy", [1, 0], [[-2.0, 3.0], HALF], "none below 0, in sparse_categorical_focal_crossentropy."),
    probabilities("CategoricalGeneralizedCrossEntropy", [1, 0], [[-2.0, 3.0], HALF], "in [0, 1], in categorical_generalized_cross_entropy. Received: y_pred=-2.0", q=0.5),
    probabilities("CategoricalGeneralizedCrossEntropy", [1, 0], [[3.0, 0.5], HALF], "in [0, 1], in", q=0.5),
    probabilities("KLDivergence", [[0.0, 1.0], [1.0, 0.0]], [[0.5, 1.5], HALF], "in [0, 1], in kl_divergence. Received: y_pred=1.5 at (0, 1)."),
    probabilities("Dice", [[0.0, 1.0], [1.0, 0.0]], [[-2.0, 3.0], HALF], "in [0, 1], in dice."),
    probabilities("Tversky", [[0.0, 1.0], [1.0, 0.0]], [[-2.0, 3.0], HALF], "in [0, 1], in tversky."),
    probabilities("CTC", [[1], [1]], [[[0.5, 0.5], [-0.5, 0.5]], [HALF, HALF]], "none below 0, in ctc. Received: y_pred=-0.5 at (0, 1, 0).", from_logits=False),
    *[targets(loss, [[0.0, value], [1.0, 0.0]], [HALF, HALF], value, **options)
      for loss, options in (("BinaryCrossentropy", {}), ("BinaryCrossentropy", {"from_logits": True}), ("BinaryFocalCrossentropy", {"from_logits": True}), ("Dice", {}), ("Tversky", {}))
      for value in (255.0, -1.0)],
    *[Case(loss, options, [[-1.0, 1.0], [1.0, 0.0]], [HALF, HALF], "`y_true` must hold distributions, with no number below 0", ONE_HOT)
      for loss, options in (("CategoricalCrossentropy", {}), ("CategoricalCrossentropy", {"from_logits": True}), ("CategoricalFocalCrossentropy", {"from_logits": True}), ("KLDivergence", {}), ("CategoricalHinge", {}))],
]  # fmt: skip


def loss_of(case, **more):
    return getattr(kl, case.loss)(**SPANS.get(case.loss, {}), **case.options, **more)


def arrays(case):
    y_true = np.asarray(case.y_true)
    return y_true.astype("float32" if y_true.dtype.kind == "f" else "int32"), np.asarray(
        case.y_pred, "float32"
    )


@pytest.mark.parametrize("reduction", ["none", "sum_over_batch_size"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.loss}-{case.advice[1:7]}")
def test_what_can_be_looked_at_raises(case, reduction):
    with pytest.raises(ValueError, match=re.escape(case.said)) as raised:
        loss_of(case, reduction=reduction)(*arrays(case))
    assert case.advice in str(raised.value)


def test_lists_integers_and_half_precision_raise_too():
    for y_pred in ([[5.0]], np.array([[5]]), ops.convert_to_tensor([[5.0]], dtype="bfloat16")):
        with pytest.raises(ValueError, match="`y_pred` must hold probabilities"):
            kl.binary_crossentropy([[1]], y_pred)
    with pytest.raises(ValueError, match=r"Received: y_true=255.0 at \(0, 0\)"):
        kl.binary_crossentropy(np.array([[255]], "uint8"), [[0.5]])


def together(losses, pairs):
    """One function of the values of all losses, each from its part of two flat tensors, and those tensors."""
    shapes = [tuple((x.size, x.shape, str(x.dtype)) for x in pair) for pair in pairs]

    def function(*flat):
        values, at = [], [0, 0]
        for loss, parts in zip(losses, shapes, strict=True):
            pair = []
            for side, (size, shape, dtype) in enumerate(parts):
                part = ops.reshape(flat[side][at[side] : at[side] + size], shape)
                pair.append(ops.cast(part, dtype))
                at[side] += size
            values.append(ops.reshape(loss(*pair), (-1,)))
        return ops.concatenate(values)

    return function, [
        np.concatenate([np.ravel(x).astype("float32") for x in side]) for side in zip(*pairs, strict=True)
    ]


def apart(flat, pairs):
    """A flat gradient by y_pred, pair by pair."""
    ends = np.cumsum([y_pred.size for _, y_pred in pairs])
    return [
        part.reshape(y_pred.shape) for part, (_, y_pred) in zip(np.split(flat, ends[:-1]), pairs, strict=True)
    ]


# What compiles longest compiles one case for each kind of inputs.
OF_KINDS = {type(getattr(kl, said_of(case.loss)).contract.kind): case for case in CASES if case.loss != "CTC"}


@pytest.mark.parametrize("mode", COMPILED)
def test_compiled_its_sample_is_nan_and_the_others_stay(mode):
    cases = OF_KINDS.values() if mode == "xla" or BACKEND == "torch" else CASES
    losses, pairs = [loss_of(case, reduction="none") for case in cases], [arrays(case) for case in cases]
    function, inputs = together(losses, pairs)
    values, flat = value_and_gradient(function, *inputs, mode=mode)
    function, inputs = together(losses, [(y_true[1:], y_pred[1:]) for y_true, y_pred in pairs])
    alone, of_alone = value_and_gradient(function, *inputs, mode=USUAL)
    slopes = apart(flat, pairs)
    assert np.isnan(values[::2]).all()
    assert all(np.isnan(slope[0]).any() for slope in slopes)
    np.testing.assert_allclose(values[1::2], alone, rtol=1e-5)
    others = np.concatenate([np.ravel(slope[1:]) for slope in slopes])
    np.testing.assert_allclose(others, of_alone, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("loss", ["BinaryCrossentropy", "CategoricalCrossentropy"])
def test_compiled_the_mean_is_nan(loss):
    case = next(case for case in CASES if case.loss == loss)
    value, gradient = value_and_gradient(loss_of(case), *arrays(case), mode=COMPILED[-1])
    assert np.isnan(value)
    assert np.isnan(gradient[0]).any()


# Outside by rounding

LOW, HIGH = -9e-6, np.float32(1 + 9e-6)


ROUNDED = ("BinaryCrossentropy", "BinaryFocalCrossentropy", "KLDivergence", "Dice")


@pytest.mark.parametrize("mode", MODES[: 1 if BACKEND == "torch" else 2])
def test_outside_by_rounding_counts_as_the_bound(mode):
    near = np.array([[HIGH, LOW], [LOW, HIGH]], "float32")
    exact, y_true = np.round(near), np.array([[1.0, 0.0], [1.0, 0.0]], "float32")
    losses = [getattr(kl, name)(reduction="none") for name in ROUNDED]

    def received(y_true, y_pred):
        function, inputs = together(losses, [(y_true, y_pred)] * len(losses))
        return value_and_gradient(function, *inputs, mode=mode)

    values, gradient = received(y_true, exact)
    for found in (received(y_true, near), received(np.where(y_true, HIGH, LOW), exact)):
        np.testing.assert_array_equal(found[0], values)
        np.testing.assert_array_equal(found[1], gradient)


@pytest.mark.parametrize("mode", MODES)
def test_a_target_just_below_0_counts_as_0(mode):
    """The formulas of these losses count it as 0, where no look has moved it."""
    exact, near = (np.array([[1.0, low, low], [low, 0.25, 0.75]], "float32") for low in (0.0, LOW))
    y_pred = np.array([[0.5, 0.25, 0.25], [0.125, 0.625, 0.25]], "float32")
    losses = [
        kl.CategoricalCrossentropy(reduction="none"),
        kl.CategoricalCrossentropy(from_logits=True, reduction="none"),
        kl.CategoricalFocalCrossentropy(reduction="none"),
        kl.KLDivergence(reduction="none"),
        kl.CategoricalHinge(reduction="none"),
    ]
    found = []
    for y_true in (exact, near):
        function, inputs = together(losses, [(y_true, y_pred)] * len(losses))
        found.append(value_and_gradient(function, *inputs, mode=mode))
    for of_exact, of_near in zip(*found, strict=True):
        np.testing.assert_array_equal(of_near, of_exact)


# torch cannot compile the gradient by y_true.
@pytest.mark.parametrize("mode", MODES[: 1 if BACKEND == "torch" else None])
def test_the_gradient_by_a_target_of_0_is_whole(mode):
    """Most targets are 0, the bound of their range: there a maximum would halve the gradient on JAX."""
    y_true, y_pred = np.array([[1.0, 0.0]], "float32"), ops.convert_to_tensor([[0.5, 0.25]])
    expected = {
        kl.CategoricalCrossentropy(): -np.log([2 / 3, 1 / 3]),
        kl.CategoricalFocalCrossentropy(alpha=1.0): -np.log([2 / 3, 1 / 3]) * np.array([1 / 9, 4 / 9]),
    }
    if BACKEND != "torch":
        # Of logits, a class without a share of the target costs nothing. torch's kernel differentiates it too.
        expected[kl.CategoricalCrossentropy(from_logits=True)] = [np.log1p(np.exp(-0.25)), 0.0]
    for loss, slope in expected.items():
        _, found = value_and_gradient(lambda p, y, loss=loss: loss(y, p), y_pred, y_true, mode=mode)
        np.testing.assert_allclose(found[0], slope, rtol=1e-5, atol=1e-7)


def test_rounding_is_that_of_the_precision_given():
    assert N(kl.binary_crossentropy([[1.0]], ops.convert_to_tensor([[1.0 + 2**-10]], dtype="float16"))) == 0
    for y_pred, dtype in ((1.002, "float16"), (1.0 + 2e-5, "float32"), (-2e-5, "float32")):
        with pytest.raises(ValueError, match="in \\[0, 1\\], in binary_crossentropy"):
            kl.binary_crossentropy([[1.0]], ops.convert_to_tensor([[y_pred]], dtype=dtype))
    close = kl.categorical_crossentropy([[1.0, 0.0]], np.array([[0.5, -9e-6]], "float32"))
    assert N(close) == 0


# What does not count may hold anything

ENTRIES = np.array([[1.0], [0.0], [1.0]], "float32"), np.array([[0.5], [7.0], [0.25]], "float32")


@pytest.mark.parametrize("mode", MODES[:2])
def test_what_has_weight_0_or_is_masked_may_hold_anything(mode):
    loss, seen = kl.BinaryCrossentropy(reduction="none"), ops.convert_to_tensor([1.0, 0.0, 1.0])

    def weighted(y_true, y_pred):
        return loss(y_true, y_pred, seen)

    def hidden(y_true, y_pred):
        return loss.entries(y_true, y_pred, mask=seen).values

    def both(y_true, y_pred):
        return ops.concatenate([weighted(y_true, y_pred), hidden(y_true, y_pred)])

    values, gradient = value_and_gradient(both, *ENTRIES, mode=mode)
    np.testing.assert_allclose(values, np.tile(-np.log([0.5, 1.0, 0.25]), 2), rtol=1e-6)
    assert gradient.ravel().tolist() == [-4.0, 0.0, -8.0]


def test_what_counts_raises_beside_what_does_not():
    loss = kl.BinaryCrossentropy()
    with pytest.raises(ValueError, match=r"y_pred=7.0 at \(1, 0\)"):
        loss(*ENTRIES, [0.0, 1.0, 1.0])
    with pytest.raises(ValueError, match=r"y_pred=7.0 at \(1, 0\)"):
        loss(ENTRIES[0], masked(ENTRIES[1], [False, True, True]))


def test_frames_behind_the_last_may_hold_anything():
    frames = np.array([[[0.5, 0.5], [0.25, 0.75], [-9.0, 5.0]]], "float32")
    loss = functools.partial(kl.ctc, np.array([[1]]), from_logits=False)
    expected = N(loss(frames[:, :2]))
    np.testing.assert_allclose(N(loss(frames, logit_length=np.array([2]))), expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"y_pred=-9.0 at \(0, 2, 0\)"):
        loss(frames, logit_length=np.array([3]))


def test_an_empty_batch_lies_in_its_domain():
    nothing = np.zeros((0, 2), "float32")
    assert (
        N(kl.BinaryCrossentropy()(nothing, nothing)) == N(kl.CategoricalCrossentropy()(nothing, nothing)) == 0
    )


@pytest.mark.parametrize("name", ["FCOS", "MultiTaskDetection"])
def test_detectors_do_not_look(name, monkeypatch):
    """What they give their inner losses lies in the domain."""
    monkeypatch.setattr(domain.Range, "holds", None)
    monkeypatch.setattr(backend, "repaired", None)
    (options, *_) = REFERENCES[name].options
    assert np.isfinite(N(getattr(kl, name)(**options)(*REFERENCES[name].inputs(options))))
