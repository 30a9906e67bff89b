"""CTC: against its definition, against torch's kernel and optax, and under everything that can be unequal."""

from itertools import product

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses
from keraslosses.portability.gradients import MODES, USUAL, value_and_gradient
from keraslosses.reference import sequence
from keraslosses.reference.crossentropy import log_probability

pytestmark = pytest.mark.deep_on("jax")

BACKEND = keras.backend.backend()
N = ops.convert_to_numpy
RNG = np.random.default_rng
# On torch the kernel's own digits are asked for only where a test says so.
DTYPE = "float64" if BACKEND == "torch" else "float32"


def of_each(y_true, y_pred, mode=USUAL, lengths=None, dtype=DTYPE, **options):
    """The values and their gradient; lengths are (label_length, logit_length)."""
    y_pred = y_pred.astype(dtype)
    label_length, logit_length = lengths or (None, None)

    def values(y_true, y_pred):
        return keraslosses.ctc(
            y_true, y_pred, label_length=label_length, logit_length=logit_length, **options
        )

    return value_and_gradient(values, np.asarray(y_true, "int32"), y_pred, mode=mode)


FORMULAS = (sequence.ctc, sequence.ctc_gradient)


def agree(received, expected, rtol=1e-5, atol=1e-5):
    for got, wanted in zip(received, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)


# Against the definition


def all_labels(classes, blank, longest):
    others = [label for label in range(classes) if label != blank]
    return [labels for n in range(longest + 1) for labels in product(others, repeat=n)]


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_every_small_case_is_the_sum_over_its_alignments(classes):
    """Every list of at most 3 labels, 1 to 5 frames, and the blank at each index; a batch for each blank."""
    for blank in range(classes):
        cases = list(product(range(1, 6), all_labels(classes, blank, 3)))
        y_true = np.array([[*labels, *[-1] * (3 - len(labels))] for _, labels in cases])
        y_pred = RNG(blank).normal(0, 2, (len(cases), 5, classes)).astype("float32")
        lengths = None, np.array([frames for frames, _ in cases], "int32")
        values, gradient = of_each(y_true, y_pred, lengths=lengths, blank_index=blank)
        for i, (frames, labels) in enumerate(cases):
            agree(
                (values[i], gradient[i, :frames]), by_definition(y_pred[i, :frames], labels, blank), atol=1e-5
            )
            assert not gradient[i, frames:].any()


def by_definition(logits, labels, blank):
    """The value and the gradient from all paths that make the labels."""
    frames, classes = logits.shape
    log_probs = log_probability(logits.astype("float64"), True, -1)
    paths = list(product(range(classes), repeat=frames))
    made = np.array([path for path in paths if tuple(sequence.collapse(path, blank)) == labels], int)
    if not len(made):
        return np.inf, np.zeros_like(log_probs)
    chance = np.exp(log_probs[np.arange(frames), made].sum(-1))
    posterior = np.tensordot(chance, np.eye(classes)[made], 1) / chance.sum()
    return -np.log(chance.sum()), np.exp(log_probs) - posterior


def test_paths_of_words():
    """The values of the worked examples: uniform frames, and four frames over three classes."""
    uniform = np.zeros((4, 3, 3), "float32")
    values, _ = of_each([[1, 2], [1, 1], [-1, -1], [1, -1]], uniform)
    np.testing.assert_allclose(values, [1.6863990, 3.2958369, 3.2958369, 1.5040774], rtol=1e-6)
    p = [[[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]]
    frames = np.log(np.array(p, "float32"))
    for expected, labels, lengths, options in (
        (1.0195701, [[1, 2]], None, {}),
        (0.8462984, [[1, 2]], ([2], [3]), {}),
        (1.8247993, [[1, 0]], None, {"blank_index": 2}),
    ):
        lengths = lengths and tuple(np.array(length, "int32") for length in lengths)
        assert of_each(labels, frames, lengths=lengths, **options)[0][0] == pytest.approx(expected, rel=1e-6)


# Against others


def realistic(seed, batch=100, frames=30, classes=12, longest=8):
    """Samples of unequal lengths, some with labels twice in a row."""
    rng = RNG(seed)
    y_true = rng.integers(1, 4 if seed % 2 else classes, (batch, longest))
    label_length = rng.integers(0, longest + 1, batch)
    y_true[np.arange(longest) >= label_length[:, None]] = -1
    logit_length = rng.integers(2 * longest, frames + 1, batch)
    y_pred = rng.normal(0, 3, (batch, frames, classes)).astype("float32")
    return y_true.astype("int32"), y_pred, label_length.astype("int32"), logit_length.astype("int32")


@pytest.mark.parametrize("seed", [0, 1])
def test_of_realistic_size_as_the_reference(seed):
    y_true, y_pred, label_length, logit_length = realistic(seed)
    expected = [formula(y_true, y_pred.astype("float64"), logit_length=logit_length) for formula in FORMULAS]
    agree(of_each(y_true, y_pred, lengths=(label_length, logit_length)), expected)


@pytest.mark.parametrize("seed", [0, 1])
def test_of_realistic_size_as_the_kernel_of_torch(seed):
    torch = pytest.importorskip("torch")
    y_true, y_pred, label_length, logit_length = realistic(seed)
    frames = torch.tensor(y_pred.astype("float64"), requires_grad=True)
    values = torch.nn.functional.ctc_loss(
        frames.log_softmax(-1).transpose(0, 1),
        torch.tensor(np.maximum(y_true, 0)).long(),
        torch.tensor(logit_length),
        torch.tensor(label_length),
        reduction="none",
    )
    values.sum().backward()
    received = of_each(y_true, y_pred, lengths=(label_length, logit_length))
    agree(received, (values.detach().numpy(), frames.grad.numpy()))


@pytest.mark.skipif(BACKEND != "jax", reason="optax is a library of JAX; 2026-11-23")
def test_as_optax_where_it_is_right():
    """It holds no label twice apart at long paths as we do: its -1e5 stands for nothing."""
    optax = pytest.importorskip("optax")
    y_true, y_pred, label_length, logit_length = realistic(0, batch=20)
    frame_padding = (np.arange(y_pred.shape[1]) >= logit_length[:, None]).astype("float32")
    label_padding = (y_true < 0).astype("float32")

    def theirs(y_true, y_pred):
        return optax.ctc_loss(y_pred, frame_padding, ops.maximum(y_true, 0), label_padding)

    received = of_each(y_true, y_pred, lengths=(label_length, logit_length))
    agree(received, value_and_gradient(theirs, y_true, y_pred), rtol=1e-4, atol=1e-4)


# What is unequal in a batch changes nothing


def test_batch_is_its_samples_alone():
    y_true, y_pred, label_length, logit_length = realistic(1, batch=4)
    values, gradient = of_each(y_true, y_pred, lengths=(label_length, logit_length))
    for i in range(2):
        labels, frames = y_true[i : i + 1, : label_length[i]], y_pred[i : i + 1, : logit_length[i]]
        alone, slope = of_each(labels, frames)
        agree((values[i : i + 1], gradient[i : i + 1, : logit_length[i]]), (alone, slope))
        assert not gradient[i, logit_length[i] :].any()


@pytest.mark.parametrize("padding", [-1, 0, -7])
def test_padding_changes_nothing(padding):
    y_true, y_pred, label_length, logit_length = realistic(2, batch=4)
    expected = of_each(y_true, y_pred, lengths=(label_length, logit_length))
    y_true = np.where(y_true < 0, padding, y_true)
    y_true = np.concatenate([y_true, np.full((4, 3), padding)], axis=1)
    wide = np.concatenate([y_pred, np.full((4, 5, 12), 50.0, "float32")], axis=1)
    values, gradient = of_each(y_true, wide, lengths=(None, logit_length))
    agree((values, gradient[:, :30]), expected)
    assert not gradient[:, 30:].any()


def test_labels_behind_their_length_never_matter():
    y_true, y_pred, label_length, logit_length = realistic(3, batch=4)
    expected = of_each(y_true, y_pred, lengths=(label_length, logit_length))
    other = np.where(y_true < 0, RNG(0).integers(-5, 99, y_true.shape), y_true)
    agree(of_each(other, y_pred, lengths=(label_length, logit_length)), expected)


@pytest.mark.parametrize("frames", [6, 9])
def test_mask_is_a_length(frames):
    """Also where there are as many samples as frames."""
    y_true, y_pred = [[1, 2]] * 6, RNG(0).normal(0, 2, (6, frames, 4)).astype("float32")
    lengths = np.array([2, 3, 4, 5, 6, 6], "int32")
    loss = keraslosses.CTC(reduction="none")
    received = N(loss(np.array(y_true), masked(y_pred, np.arange(frames) < lengths[:, None])))
    np.testing.assert_allclose(
        received, sequence.ctc(np.array(y_true), y_pred, logit_length=lengths), rtol=1e-5
    )


def test_masking_layer_in_front():
    x = RNG(0).normal(0, 1, (4, 6, 3)).astype("float32")
    x[0, 4:] = x[1, 3:] = 0.0
    inputs = keras.Input((None, 3))
    hidden = keras.layers.Masking()(inputs)
    model = keras.Model(inputs, keras.layers.SimpleRNN(5, return_sequences=True)(hidden))
    outputs = model(x)
    y_true = np.array([[1, 2], [3, -1], [1, 1], [4, 2]])
    received = N(keraslosses.CTC(reduction="none")(y_true, outputs))
    expected = sequence.ctc(y_true, N(outputs).astype("float64"), logit_length=[4, 3, 6, 6])
    np.testing.assert_allclose(received, expected, rtol=1e-5)


# Impossible, empty and extreme


@pytest.mark.parametrize("from_logits", [True, False])
def test_impossible_sample_leaves_the_others_alone(from_logits):
    y_pred = RNG(0).dirichlet(np.ones(4), (3, 3)).astype("float32")
    y_true = [[1, 2, -1], [1, 1, 1], [3, -1, -1]]
    values, gradient = of_each(y_true, y_pred, from_logits=from_logits)
    assert values[1] == np.inf and np.isfinite(values[[0, 2]]).all()
    assert not gradient[1].any() and np.isfinite(gradient).all() and gradient[[0, 2]].any((1, 2)).all()
    without = of_each([y_true[0], y_true[2]], y_pred[[0, 2]], from_logits=from_logits)
    agree((values[[0, 2]], gradient[[0, 2]]), without)
    zeroed, same = of_each(y_true, y_pred, zero_infinity=True, from_logits=from_logits)
    agree((zeroed, same), ([without[0][0], 0.0, without[0][1]], gradient))
    mean = keraslosses.CTC(zero_infinity=True, from_logits=from_logits)(np.array(y_true), y_pred)
    assert float(mean) == pytest.approx(without[0].sum() / 3, rel=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_ruled_out_classes(mode):
    """A class of probability 0 at a frame, and one where every path needs it."""
    y_pred = RNG(0).normal(0, 2, (3, 4, 3)).astype("float32")
    y_pred[0, 1, 2] = y_pred[1, 2, [0, 1]] = -np.inf
    y_true = np.array([[1, 2], [1, 1], [1, 2]], "int32")
    expected = [f(y_true, y_pred.astype("float64")) for f in FORMULAS]
    assert expected[0][1] == np.inf
    agree(of_each(y_true, y_pred, mode=mode), expected)


def test_without_labels_without_frames():
    frames = RNG(0).normal(0, 2, (2, 3, 4)).astype("float32")
    of_blanks = -log_probability(frames.astype("float64"), True, -1)[:, :, 0].sum(1)
    for y_true in (np.zeros((2, 0), "int32"), [[-1], [0]]):
        np.testing.assert_allclose(of_each(y_true, frames)[0], of_blanks, rtol=1e-5)
    empty, gradient = of_each([[-1], [1]], np.zeros((2, 0, 4), "float32"))
    assert empty.tolist() == [0.0, np.inf] and gradient.shape == (2, 0, 4)
    lengths = (None, np.zeros(2, "int32"))
    values, gradient = of_each([[-1], [1]], frames, lengths=lengths)
    assert values.tolist() == [0.0, np.inf] and not gradient.any()


@pytest.mark.parametrize(("scale", "atol"), [(100.0, 1e-4), (1e4, 2e-3)])
def test_large_logits(scale, atol):
    """Two numbers around 20,000 are 2e-3 apart in float32."""
    y_true, y_pred, label_length, logit_length = realistic(4, batch=6)
    y_pred = np.sign(y_pred) * scale + y_pred
    expected = [formula(y_true, y_pred.astype("float64"), logit_length=logit_length) for formula in FORMULAS]
    agree(of_each(y_true, y_pred, lengths=(label_length, logit_length)), expected, rtol=1e-5, atol=atol)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype):
    y_true, y_pred, *_ = realistic(5, batch=3)
    half = ops.cast(ops.convert_to_tensor(y_pred), dtype)
    received = keraslosses.ctc(y_true, half)
    expected = sequence.ctc(y_true, N(ops.cast(half, "float32")).astype("float64"))
    np.testing.assert_allclose(N(received), expected, rtol=1e-5)


@pytest.mark.deep_on("tensorflow")
def test_long_sequences_keep_their_digits():
    y_true, y_pred, *_ = realistic(6, batch=2, frames=1000, longest=40, classes=30)
    expected = [f(y_true, y_pred.astype("float64")) for f in FORMULAS]
    agree(of_each(y_true, y_pred), expected, rtol=1e-6, atol=1e-4)


def test_float32_on_torch_is_the_kernel_s():
    y_true, y_pred, *lengths = realistic(6, batch=20)
    expected = [f(y_true, y_pred.astype("float64"), logit_length=lengths[1]) for f in FORMULAS]
    agree(of_each(y_true, y_pred, lengths=lengths, dtype="float32"), expected, atol=1e-4)


@pytest.mark.parametrize("normalize", ["target", "input"])
def test_normalize_divides_by_the_length(normalize):
    y_true, y_pred, label_length, logit_length = realistic(7, batch=5)
    lengths = (label_length, logit_length)
    divisor = np.maximum(label_length if normalize == "target" else logit_length, 1)
    values, gradient = of_each(y_true, y_pred, lengths=lengths)
    expected = values / divisor, gradient / divisor[:, None, None]
    agree(of_each(y_true, y_pred, lengths=lengths, normalize=normalize), expected)


# What must not be


@pytest.mark.on_cpu
@pytest.mark.parametrize(
    ("y_true", "options", "message"),
    [
        ([[1, 7]], {}, "must hold labels from 0 below 4"),
        ([[0, 1]], {}, "padding (negative, or the blank 0) only after them"),
        ([[1, -1]], {"label_length": [2]}, "only after them"),
        ([[1, 2]], {"label_length": [3]}, "`label_length` must lie between 0 and 2"),
        ([[1, 2]], {"logit_length": [6]}, "`logit_length` must lie between 0 and 5"),
        ([[1, 2]], {"blank_index": 4}, "`blank_index` must be an integer in [-4, 4)"),
        ([1, 2], {}, "shape (batch, longest)"),
        ([[1, 2]], {"normalize": "both"}, "`normalize`"),
    ],
)
def test_errors_say_what_came(y_true, options, message):
    with pytest.raises(ValueError) as error:
        keraslosses.ctc(y_true, np.zeros((1, 5, 4), "float32"), **options)
    assert message in str(error.value)


@pytest.mark.skipif(BACKEND == "torch", reason="fit is eager on torch, so it raises there; 2026-11-23")
def test_label_out_of_range_is_nan_in_compiled_code():
    y_true, y_pred = [[1, 2], [1, 9]], np.zeros((2, 5, 4), "float32")
    values, gradient = of_each(y_true, y_pred, mode="compiled")
    assert np.isnan(values).tolist() == [False, True]
    assert np.isfinite(gradient[0]).all() and np.isnan(gradient[1]).all()


def second_derivative(loss, x):
    if BACKEND == "jax":
        import jax

        return jax.jit(jax.grad(lambda x: jax.grad(loss)(x).sum()))(x)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = loss(x)
            gradient = inner.gradient(value, x)
        return outer.gradient(gradient, x)
    import torch

    x = x.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(x), x, create_graph=True)
    return torch.autograd.grad(gradient.sum(), x)


def test_second_derivative_raises():
    x = ops.convert_to_tensor(np.zeros((1, 4, 3), "float32"))
    with pytest.raises(ValueError, match="no second derivative"):
        second_derivative(lambda x: ops.sum(keraslosses.ctc(np.array([[1, 2]]), x)), x)


# In training


class Recognizer(keras.Model):
    """Counts how often its step is traced."""

    traces = 0

    def compute_loss(self, *args, **kwargs):
        type(self).traces += 1
        return super().compute_loss(*args, **kwargs)


@pytest.mark.deep_on("tensorflow")
def test_fit_with_lengths_that_vary_is_traced_once():
    """Compiled by XLA where there is a compiler; the loss falls, and the lengths differ in every batch."""
    keras.utils.set_random_seed(0)
    rng = RNG(0)
    x = rng.normal(0, 0.3, (64, 12, 4)).astype("float32")
    y = np.full((64, 3), -1)
    lengths = rng.integers(6, 13, 64)
    for i, length in enumerate(lengths):
        y[i] = rng.permutation([1, 2, 3])
        for n, label in enumerate(y[i]):
            x[i, 2 * n : 2 * n + 2, label] += 3.0
        x[i, length:] = 0.0
    inputs = keras.Input((None, 4))
    hidden = keras.layers.Masking()(inputs)
    model = Recognizer(inputs, keras.layers.TimeDistributed(keras.layers.Dense(4))(hidden))
    model.compile("adam", loss=keraslosses.CTC(), jit_compile=BACKEND != "torch", metrics=[])
    model.optimizer.learning_rate = 0.1
    model.build((None, 12, 4))
    Recognizer.traces = 0
    losses = model.fit(x, y, batch_size=16, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    if BACKEND != "torch":  # Keras's symbolic pass, and the one trace.
        assert Recognizer.traces == 2


def test_trains_when_saved_and_loaded(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5, 4)), keras.layers.Dense(4)])
    model.compile("sgd", loss=keraslosses.CTC(blank_index=-1, zero_infinity=True, normalize="target"))
    x, y = RNG(0).normal(size=(8, 5, 4)).astype("float32"), RNG(1).integers(0, 3, (8, 2))
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()
    assert loaded.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))
