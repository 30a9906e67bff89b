"""ChunkedCrossEntropy: what the whole computation gives, in chunks of every size, and training through `attach`."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses
from keraslosses.core import backend
from keraslosses.core.backend.class_chunks import Classes
from keraslosses.portability.gradients import BACKEND, HARD_MODES, MODES, USUAL, value_and_gradient

pytestmark = pytest.mark.deep_on("jax")

N = ops.convert_to_numpy
RNG = np.random.default_rng(8)
CLASSES, DIM, BATCH = 23, 5, 12
X = RNG.normal(size=(BATCH, DIM)).astype("float32")
Y = RNG.integers(0, CLASSES, BATCH)
KERNEL = RNG.normal(size=(CLASSES, DIM)).astype("float32")
BIAS = RNG.normal(size=CLASSES).astype("float32")
WEIGHTS = np.linspace(0.25, 2.0, CLASSES).tolist()
TRACED = "eager" if BACKEND == "torch" else "compiled"
COTANGENT = RNG.normal(size=BATCH)
ANGULAR = {
    "ArcFace": keraslosses.ArcFace(margin=0.3, scale=6.0),
    "CosFace": keraslosses.CosFace(margin=0.2, scale=6.0),
    "AMSoftmax": keraslosses.AMSoftmax(margin=0.2, scale=6.0),
    "SphereFace": keraslosses.SphereFace(margin=3, scale=6.0, lam=1.0),
    "CombinedMargin": keraslosses.CombinedMargin(m1=0.9, m2=0.3, m3=0.1, scale=6.0),
}
OPTIONS = {
    "plain": {},
    "bias": {"use_bias": True},
    "smoothing": {"label_smoothing": 0.2},
    "class weights": {"class_weights": WEIGHTS},
    "everything": {
        "use_bias": True,
        "label_smoothing": 0.2,
        "class_weights": WEIGHTS,
        "ignore_class": int(Y[3]),
    },
    "soft cap": {"soft_cap": 2.0},
    "z-loss": {"z_loss": 0.1, "class_weights": WEIGHTS},
    "everything, soft cap and z-loss": {
        "use_bias": True,
        "label_smoothing": 0.2,
        "class_weights": WEIGHTS,
        "ignore_class": int(Y[3]),
        "soft_cap": 2.0,
        "z_loss": 0.1,
    },
    **{name: {"margin": margin} for name, margin in ANGULAR.items()},
    "smoothing and margin": {"margin": ANGULAR["ArcFace"], "label_smoothing": 0.2, "class_weights": WEIGHTS},
}


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def built(chunk_size=4, **options):
    head = keraslosses.ChunkedCrossEntropy(CLASSES, chunk_size=chunk_size, **options)
    head.build((None, DIM))
    head.kernel.assign(KERNEL)
    if head.bias is not None:
        head.bias.assign(BIAS)
    return head


def values_of_term(head, features, labels, **options):
    found = head.per_sample_loss(features, labels, **options)
    return found[0] if isinstance(found, tuple) else found


def whole(
    features,
    labels,
    kernel,
    bias,
    margin=None,
    label_smoothing=0.0,
    class_weights=None,
    ignore_class=None,
    use_bias=False,
    soft_cap=None,
    z_loss=0.0,
):
    """All logits at once, in float64, class by class."""
    weights = np.ones(CLASSES) if class_weights is None else np.array(class_weights)
    values = []
    for row, label in zip(np.float64(features), labels, strict=True):
        kernel = np.float64(kernel)
        if margin is None:
            logits = kernel @ row + (bias if use_bias else 0.0)
        else:
            cosines = kernel @ row / np.linalg.norm(kernel, axis=1) / np.linalg.norm(row)
            logits = margin.scale * cosines
            logits[label] = margin.scale * moved(margin, np.arccos(cosines[label]))
        if soft_cap is not None:
            logits = soft_cap * np.tanh(logits / soft_cap)
        log_of_sum = np.log(np.sum(np.exp(logits - logits.max()))) + logits.max()
        log_p = logits - log_of_sum
        target = np.full(CLASSES, label_smoothing / CLASSES)
        target[label] += 1.0 - label_smoothing
        value = z_loss * log_of_sum**2 - np.sum(weights * target * log_p)
        values.append(0.0 if label == ignore_class else value)
    return np.array(values)


def moved(margin, angle):
    options = margin.options
    if margin.name == "arcface":
        return (
            np.cos(angle + options["margin"])
            if angle <= np.pi - options["margin"]
            else np.cos(angle) - options["margin"] * np.sin(options["margin"])
        )
    if margin.name in ("cosface", "am_softmax"):
        return np.cos(angle) - options["margin"]
    if margin.name == "combined_margin":
        return np.cos(options["m1"] * angle + options["m2"]) - options["m3"]
    part = np.floor(angle * options["margin"] / np.pi)
    psi = (-1.0) ** part * np.cos(options["margin"] * angle) - 2 * part
    return (options["lam"] * np.cos(angle) + psi) / (1 + options["lam"])


def slopes(function, x, step=1e-6):
    """Central differences of a sum by each element."""
    found = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        above, below = np.float64(x), np.float64(x)
        above[place] += step
        below[place] -= step
        found[place] = (function(above) - function(below)) / (2 * step)
    return found


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("what", OPTIONS)
def test_value_and_every_gradient(what):
    options = OPTIONS[what]
    head = built(**options)

    def total(features=X, kernel=KERNEL, bias=BIAS):
        return np.sum(COTANGENT * whole(features, Y, kernel, bias, **options))

    def of_features(labels, features):
        return values_of_term(head, features, labels)

    values, by_features = value_and_gradient(of_features, Y, X, COTANGENT)
    np.testing.assert_allclose(values, whole(X, Y, KERNEL, BIAS, **options), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_features, slopes(lambda x: total(features=x), X), rtol=1e-4, atol=1e-5)

    def of_weight(weight):
        def function(labels, value):
            with keras.StatelessScope(state_mapping=[(weight, value)]):
                return values_of_term(head, ops.convert_to_tensor(X), labels)

        return function

    _, by_kernel = value_and_gradient(of_weight(head.kernel), Y, KERNEL, COTANGENT)
    np.testing.assert_allclose(by_kernel, slopes(lambda x: total(kernel=x), KERNEL), rtol=1e-4, atol=1e-5)
    if head.bias is not None:
        _, by_bias = value_and_gradient(of_weight(head.bias), Y, BIAS, COTANGENT)
        np.testing.assert_allclose(by_bias, slopes(lambda x: total(bias=x), BIAS), rtol=1e-4, atol=1e-5)


# Chunk size, share that is kept, mode. With 8: a rest of 2 classes, and 3 chunks, 1 of them kept. torch's
# compiler unrolls the chunks: few of them there.
SIZES = [
    *((size, kept, USUAL) for size in (1, 7, 23, 100) for kept in (0.0, 0.5, 1.0)),
    *((8, kept, mode) for mode in MODES if mode != USUAL for kept in (0.0, 0.5, 1.0)),
]


@pytest.mark.deep
@pytest.mark.parametrize(("chunk_size", "kept", "mode"), SIZES)
def test_chunks_of_every_size(chunk_size, kept, mode):
    """Value and the gradients by kernel and features, which lie below each other in one array."""

    def of_both(head):
        def function(labels, both):
            kernel = ops.reshape(both[:CLASSES], (CLASSES, DIM))
            with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
                return head.per_sample_loss(both[CLASSES:], labels)

        return function

    both = np.concatenate([KERNEL, X])
    expected = value_and_gradient(of_both(built(4)), Y, both, COTANGENT)
    found = value_and_gradient(of_both(built(chunk_size, kept=kept)), Y, both, COTANGENT, mode=mode)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            one, other, rtol=1e-5, atol=5e-6
        )  # of slopes of size 3, added in another order


def test_where_all_classes_are_one_chunk_nothing_is_computed_again():
    for chunk_size, kept, expected in ((100, 0.35, 1), (100, 0.0, 0), (8, 0.35, 2), (8, 1.0, 3)):
        size = CLASSES // -(-CLASSES // chunk_size)
        classes = Classes(ops.convert_to_tensor(KERNEL), None, None, size, kept)
        assert classes.chunks_kept == expected


def test_is_the_loss_of_its_own_logits():
    for name, loss in {"": keraslosses.SparseCategoricalCrossentropy(from_logits=True), **ANGULAR}.items():
        head = built(margin=loss if name else None)
        entries = type(loss).from_config({**loss.get_config(), "reduction": "none"})
        np.testing.assert_allclose(
            N(head.per_sample_loss(X, Y)), N(entries(Y, head(X))), rtol=1e-5, atol=1e-6
        )


def test_large_logits_and_rows_of_zeros():
    head = built()
    values, gradient = value_and_gradient(lambda t, p: head.per_sample_loss(p, t), Y, X * 1e4)
    np.testing.assert_allclose(values, whole(X * 1e4, Y, KERNEL, BIAS), rtol=1e-5)
    assert np.isfinite(gradient).all()
    kernel = KERNEL.copy()
    kernel[[0, int(Y[0])]] = 0
    head = built(margin=ANGULAR["ArcFace"])
    head.kernel.assign(kernel)
    values, gradient = value_and_gradient(lambda t, p: head.per_sample_loss(p, t), Y, X)
    assert np.isfinite(values).all() and np.isfinite(gradient).all()


def test_one_class_costs_nothing():
    head = keraslosses.ChunkedCrossEntropy(1)
    values, gradient = value_and_gradient(lambda t, p: head.per_sample_loss(p, t), np.zeros(3, int), X[:3])
    assert not values.any() and not gradient.any()


def test_samples_of_weight_0_and_ignored_ones_are_silent():
    head = built(ignore_class=-1)
    labels, features = np.where(np.arange(BATCH) == 2, -1, Y), X.copy()
    features[[2, 5]] = np.nan
    weight = (np.arange(BATCH) != 5).astype("float32")
    values, gradient = value_and_gradient(
        lambda t, p: head.per_sample_loss(p, t, sample_weight=weight)[0], labels, features
    )
    silent = np.isin(np.arange(BATCH), [2, 5])
    assert (values == 0).tolist() == silent.tolist()
    assert (~gradient.any(axis=1)).tolist() == silent.tolist()
    valid = head.per_sample_loss(X, labels)[1]
    assert N(valid).tolist() == (labels != -1).tolist()


@pytest.mark.parametrize("mode", [mode for mode in HARD_MODES if mode != "eager"])
def test_label_out_of_range_is_nan_in_compiled_code(mode):
    head = built(12)
    labels = np.where(np.arange(BATCH) == 2, CLASSES, Y)
    values, _ = value_and_gradient(lambda t, p: head.per_sample_loss(p, t), labels, X, mode=mode)
    assert np.isnan(values).tolist() == (np.arange(BATCH) == 2).tolist()


@pytest.mark.parametrize(("kept", "largest"), [(0.0, 1000 * 8), (0.5, 64 * 500)])
def test_nothing_of_all_logits_is_made(kept, largest):
    """The largest array that is made has the size of the kernel, or of the logits that are kept."""
    if BACKEND != "jax":
        pytest.skip("The shapes of what is made can be read off JAX's program only; 2026-11-23")
    import jax

    head = keraslosses.ChunkedCrossEntropy(1000, chunk_size=50, kept=kept)
    head.build((None, 8))
    features, labels = np.ones((64, 8), "float32"), np.arange(64)

    def loss(kernel, features):
        with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
            return ops.sum(head.per_sample_loss(features, labels))

    program = jax.make_jaxpr(jax.grad(loss, (0, 1)))(head.kernel.value, features)
    assert max(sizes_in(program.jaxpr)) == largest


def sizes_in(program):
    for equation in program.eqns:
        yield from (int(np.prod(v.aval.shape)) for v in equation.outvars)
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from sizes_in(inner)


def test_second_derivative_is_refused():
    head = built()
    if BACKEND == "tensorflow":
        import tensorflow as tf

        x = tf.constant(X)
        with raises("no second derivative"), tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = tf.reduce_sum(head.per_sample_loss(x, Y))
            outer.gradient(tf.reduce_sum(inner.gradient(value, x) ** 2), x)
    elif BACKEND == "jax":
        import jax

        def total(x):
            return ops.sum(head.per_sample_loss(x, Y))

        with raises("no second derivative"):
            jax.grad(lambda x: ops.sum(jax.grad(total)(x) ** 2))(X)
    else:
        import torch

        x = torch.tensor(X, requires_grad=True)
        with raises("no second derivative"):
            torch.autograd.grad(head.per_sample_loss(x, Y).sum(), x, create_graph=True)


def attached(margin=None, **options):
    keras.utils.set_random_seed(0)
    body = keras.Sequential([keras.Input((DIM,)), layers.Dense(8, "tanh"), layers.Dense(4, name="embedding")])
    head = keraslosses.ChunkedCrossEntropy(CLASSES, chunk_size=6, margin=margin, name="head", **options)
    model = keraslosses.attach(body, head, at="embedding")
    xla = BACKEND == "jax" or (BACKEND == "tensorflow" and margin is None)
    model.compile(keras.optimizers.Adam(0.05), loss=None, jit_compile=xla)
    return model


LEARNT = np.argmax(RNG.normal(size=(64, DIM)) @ RNG.normal(size=(DIM, CLASSES)), axis=1)
INPUTS = RNG.normal(size=(64, DIM)).astype("float32")


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("margin", [None, ANGULAR["CosFace"]], ids=["plain", "CosFace"])
def test_attached_it_trains_and_comes_back_the_same(margin, tmp_path):
    model = attached(margin)
    history = model.fit(INPUTS, LEARNT, epochs=20, batch_size=16, shuffle=False, verbose=0).history
    head = model.terms[0]
    assert history["head"][-1] < 0.6 * history["head"][0]
    assert [v is head.kernel for v in model.trainable_variables].count(True) == 1
    assert model.predict(INPUTS, verbose=0).shape == (64, 4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    histories = [
        m.fit(INPUTS, LEARNT, batch_size=16, shuffle=False, verbose=0).history for m in (model, again)
    ]
    assert histories[0] == histories[1]
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_half_precision_features_under_a_float32_policy_are_computed_in_float32():
    narrow = ops.cast(ops.convert_to_tensor(X), "float16")
    found = built().per_sample_loss(narrow, Y)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(N(found), whole(N(ops.cast(narrow, "float32")), Y, KERNEL, BIAS), rtol=1e-5)


def test_logits_and_loss_have_the_same_cap():
    head = built(soft_cap=2.0, use_bias=True)
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    logits = head(X)
    assert np.abs(N(logits)).max() < 2.0
    np.testing.assert_allclose(N(head.per_sample_loss(X, Y)), N(loss(Y, logits)), rtol=1e-5, atol=1e-6)


FRAMES, FRAME_LABELS = X.reshape(3, 4, DIM), Y.reshape(3, 4)


@pytest.mark.parametrize("labels", [FRAME_LABELS, np.eye(CLASSES)[FRAME_LABELS]], ids=["indices", "one-hot"])
def test_a_value_for_each_frame(labels):
    """Frames are rows in another shape, and weights are those of the samples or of the frames."""
    expected = N(built().per_sample_loss(X, Y)).reshape(3, 4)
    np.testing.assert_allclose(N(built().per_sample_loss(FRAMES, labels)), expected, rtol=1e-6)
    for weight in (np.array([1.0, 0.0, 2.0]), (np.arange(12) != 5).reshape(3, 4) * 1.0):
        found = N(built().per_sample_loss(FRAMES, labels, sample_weight=weight))
        seen = np.broadcast_to(weight[..., None] if weight.ndim == 1 else weight, (3, 4)) != 0
        np.testing.assert_allclose(found, np.where(seen, expected, 0.0), rtol=1e-6)


def test_frames_that_are_ignored_or_hidden_are_not_valid():
    head = built(ignore_class=int(Y[3]))
    values, valid = head.per_sample_loss(FRAMES, FRAME_LABELS)
    assert N(valid).tolist() == (Y[3] != FRAME_LABELS).tolist()
    assert (N(values) == 0).tolist() == (Y[3] == FRAME_LABELS).tolist()
    hidden = np.arange(12).reshape(3, 4) % 3 == 0
    features = layers.Masking()(np.where(hidden[..., None], 0.0, FRAMES).astype("float32"))
    values, valid = built().per_sample_loss(features, FRAME_LABELS)
    assert N(valid).tolist() == (~hidden).tolist()
    assert (N(values) == 0).tolist() == hidden.tolist()


def test_frames_without_a_label_each_are_refused():
    message = (
        "`labels` must hold a label for each row of the features that a term reads. Received: labels.shape"
    )
    with raises(message):
        built().per_sample_loss(FRAMES, Y[:3])


@pytest.mark.parametrize(
    ("memory", "expected"), [(None, 4096), (2**20, 4096), (12 * BATCH * 32 * 5000, 5000), (2**40, 65536)]
)
def test_the_device_chooses_the_chunk(monkeypatch, memory, expected):
    """What a chunk holds is not computed: so many classes take a minute."""
    sizes = []

    class EnoughSeen(Exception):
        pass

    def seen(features, labels, classes):
        sizes.append(classes.size)
        raise EnoughSeen

    monkeypatch.setattr(backend, "memory_of_device", lambda near: memory)
    monkeypatch.setattr(backend, "class_sums", seen)
    for chunk_size in (None, 7):
        head = keraslosses.ChunkedCrossEntropy(expected, chunk_size=chunk_size, kernel_initializer="zeros")
        with pytest.raises(EnoughSeen):
            head.per_sample_loss(X[:, :1], Y)
    assert sizes[0] == expected and sizes[1] <= 7


def test_config_round_trip():
    for options in OPTIONS.values():
        head = keraslosses.ChunkedCrossEntropy(CLASSES, **options)
        again = keraslosses.ChunkedCrossEntropy.from_config(head.get_config())
        assert again.get_config() == head.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kept": 1.5}, "`kept` must lie between 0 and 1. Received: kept=1.5"),
        ({"chunk_size": 0}, "`chunk_size` must be a positive integer. Received: chunk_size=0"),
        ({"class_weights": [1.0]}, "`class_weights` must hold 23 numbers, one for each class"),
        (
            {"margin": "arc"},
            "`margin` must be None or an angular loss, such as ArcFace(). Received",
        ),
        (
            {"margin": keraslosses.ArcFace(ignore_class=3)},
            "`margin` must have no `ignore_class` of its own: give it to the head instead. Received",
        ),
        ({"margin": keraslosses.Huber()}, "`margin` must be None or an angular loss"),
        ({"margin": keraslosses.ArcFace(), "use_bias": True}, "`use_bias` must be False with a margin"),
        ({"soft_cap": 0.0}, "`soft_cap` must be a positive number. Received: soft_cap=0.0"),
        ({"z_loss": -1.0}, "`z_loss` must be a number of at least 0. Received: z_loss=-1.0"),
        (
            {"margin": keraslosses.ArcFace(), "soft_cap": 30.0},
            "`soft_cap` must be None with a margin, because",
        ),
        ({"margin": keraslosses.ArcFace(), "z_loss": 0.1}, "`z_loss` must be 0 with a margin, because"),
        (
            {"label_smoothing": 1.5},
            "`label_smoothing` must lie between 0 and 1. Received: label_smoothing=1.5",
        ),
    ],
)
def test_bad_options_are_named(options, message):
    with raises(message):
        keraslosses.ChunkedCrossEntropy(CLASSES, **options)


@pytest.mark.parametrize("make", [keraslosses.ChunkedCrossEntropy, keraslosses.LargeMarginHead])
def test_a_bad_label_that_does_not_count_leaves_the_gradient_of_the_kernel(make):
    """Where no value can be looked at, so that nothing can be raised."""
    head = make(3)
    features = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    head.per_sample_loss(features, np.array([0, 1, 2]))
    kernel = ops.convert_to_numpy(head.kernel)

    def loss(labels, kernel):
        with keras.StatelessScope([(head.kernel, kernel)]):
            return ops.sum(head.per_sample_loss(features, labels, np.array([0.0, 1.0, 1.0])))

    labels = np.array([[-1], [0], [1]])
    with backend.as_on_an_accelerator():
        value, gradient = value_and_gradient(loss, labels, kernel, mode=TRACED)
    assert np.isfinite(value) and np.isfinite(gradient).all() and np.abs(gradient).sum() > 0


def test_labels_of_frames_are_not_rounded():
    head = keraslosses.ChunkedCrossEntropy(5)
    for label in (2**32 + 1, 1 - 1e-12):
        with pytest.raises(ValueError, match="`labels`"):
            head.per_sample_loss(np.ones((1, 3, 4), "float32"), np.array([[label, 0, 1]]))
