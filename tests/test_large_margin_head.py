"""LargeMarginHead: the formula of the paper, its annealing, and training through `attach`."""

import re
from math import acos, cos, floor, pi

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses
from keraslosses.portability.gradients import HARD_MODES, value_and_gradient

N = ops.convert_to_numpy
RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 5)).astype("float32")
Y = np.argmax(X[:, :3], axis=1)


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


def built(**options):
    keras.utils.set_random_seed(1)
    head = keraslosses.LargeMarginHead(3, **options)
    head.build((None, 5))
    return head


def by_the_paper(x, labels, kernel, margin, lam):
    """Equations 4 to 6, sample by sample."""
    values = []
    for row, label in zip(np.float64(x), labels, strict=True):
        logits = row @ np.float64(kernel)
        length = np.linalg.norm(row) * np.linalg.norm(np.float64(kernel[:, label]))
        angle = acos(np.clip(logits[label] / length, -1, 1))
        part = min(floor(angle * margin / pi), margin - 1)
        psi = (-1) ** part * cos(margin * angle) - 2 * part
        logits[label] = length * (lam * cos(angle) + psi) / (1 + lam)
        values.append(np.log(np.sum(np.exp(logits - logits.max()))) + logits.max() - logits[label])
    return np.array(values)


@pytest.mark.parametrize("mode", HARD_MODES)
@pytest.mark.parametrize(("margin", "lam"), [(1, 0.0), (2, 0.0), (4, 0.5), (3, 5.0)])
def test_value_and_gradient_by_the_features(margin, lam, mode):
    head = built(margin=margin, base=0.0, lam_min=lam)
    kernel = N(head.kernel)
    values, gradient = value_and_gradient(lambda t, p: head.per_sample_loss(p, t), Y, X, mode=mode)
    np.testing.assert_allclose(values, by_the_paper(X, Y, kernel, margin, lam), rtol=1e-5, atol=1e-6)
    for column in range(5):
        step = np.zeros(5)
        step[column] = 1e-6
        above, below = (by_the_paper(X + sign * step, Y, kernel, margin, lam) for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, column], (above - below) / 2e-6, rtol=1e-4, atol=1e-4)


def test_gradient_by_the_kernel():
    head = built(margin=3, base=0.0, lam_min=0.5)
    kernel = N(head.kernel)

    def of_kernel(labels, kernel):
        with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
            return head.per_sample_loss(ops.convert_to_tensor(X), labels)

    _, gradient = value_and_gradient(of_kernel, Y, kernel)
    expected = np.zeros_like(kernel, "float64")
    for place in np.ndindex(*kernel.shape):
        step = np.zeros(kernel.shape)
        step[place] = 1e-6
        above, below = (
            by_the_paper(X, Y, np.float64(kernel) + sign * step, 3, 0.5).sum() for sign in (1, -1)
        )
        expected[place] = (above - below) / 2e-6
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def test_margin_1_is_softmax():
    head = built(margin=1)
    plain = keraslosses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    np.testing.assert_allclose(N(head.per_sample_loss(X, Y)), N(plain(Y, head(X))), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(N(head(X)), X @ N(head.kernel), rtol=1e-5, atol=1e-6)


def test_lambda_falls_with_every_step_of_training_only():
    head = built(base=100.0, rate=0.5, power=2.0, lam_min=3.0)
    expected = [max(3.0, 100.0 * (1 + 0.5 * step) ** -2.0) for step in range(12)]
    found = []
    for _ in range(12):
        found.append(float(N(head.lam)))
        head.per_sample_loss(X, Y, training=False)
        value = N(head.per_sample_loss(X, Y, training=True))
        np.testing.assert_allclose(
            value, by_the_paper(X, Y, N(head.kernel), 4, found[-1]), rtol=1e-4, atol=1e-5
        )
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    head.trainable = False
    head.per_sample_loss(X, Y, training=True)
    assert int(N(head.step)) == 12


def test_features_of_zeros_and_weights_of_zero():
    head = built(base=0.0, lam_min=0.0)
    x = X[:3].copy()
    x[0], x[1] = 0, np.nan
    values, gradient = value_and_gradient(
        lambda t, p: head.per_sample_loss(p, t, sample_weight=[1.0, 0.0, 1.0]), Y[:3], x
    )
    assert np.isfinite(values).all() and np.isfinite(gradient).all()
    np.testing.assert_allclose(values[0], np.log(3), rtol=1e-5)
    assert values[1] == 0 and not gradient[1].any()


@pytest.mark.parametrize("mode", [mode for mode in HARD_MODES if mode != "eager"])
def test_label_out_of_range_is_nan_in_compiled_code(mode):
    head = built()
    labels = np.where(np.arange(40) == 2, 3, Y)
    values, _ = value_and_gradient(lambda t, p: head.per_sample_loss(p, t), labels, X, mode=mode)
    assert np.isnan(values).tolist() == (np.arange(40) == 2).tolist()


def attached():
    keras.utils.set_random_seed(0)
    body = keras.Sequential([keras.Input((5,)), layers.Dense(6, "tanh"), layers.Dense(4, name="embedding")])
    head = keraslosses.LargeMarginHead(3, margin=2, base=10.0, name="head")
    model = keraslosses.attach(body, head, at="embedding")
    model.compile(keras.optimizers.Adam(0.02), loss=None)
    return model


def test_attached_it_trains_and_its_kernel_is_there_once():
    model = attached()
    history = model.fit(X, Y, epochs=30, batch_size=8, verbose=0).history
    head = model.terms[0]
    assert history["head"][-1] < 0.5 * history["head"][0]
    assert [v is head.kernel for v in model.trainable_variables].count(True) == 1
    assert int(N(head.step)) == 30 * 5
    features = model.predict(X, verbose=0)
    assert features.shape == (40, 4)
    assert np.mean(np.argmax(N(head(features)), axis=1) == Y) > 0.9


def test_saved_reloaded_and_resumed_it_is_the_same(tmp_path):
    model = attached()
    model.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    histories = [
        m.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0).history for m in (model, again)
    ]
    assert histories[0] == histories[1]
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(N(again.terms[0].step)) == 4 * 5


def test_config_round_trip():
    head = keraslosses.LargeMarginHead(3, 2, 50.0, 0.1, 0.5, 1.0, kernel_regularizer="l2", name="head")
    again = keraslosses.LargeMarginHead.from_config(head.get_config())
    assert again.get_config() == head.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "`num_classes` must be a positive integer. Received: num_classes=0"),
        ({"margin": 1.5}, "`margin` must be a positive integer. Received: margin=1.5"),
        ({"base": -1.0}, "`base` must be a number of at least 0. Received: base=-1.0"),
        ({"lam_min": -1.0}, "`lam_min` must be a number of at least 0. Received: lam_min=-1.0"),
    ],
)
def test_bad_options_are_named(options, message):
    with raises(message):
        keraslosses.LargeMarginHead(**{"num_classes": 3, **options})


def test_bad_labels_are_named():
    with raises("`labels` must hold class indices in [0, 3) in LargeMarginHead. Received: labels=3 at (1,)"):
        built().per_sample_loss(X[:2], np.array([0, 3]))
    with raises("`features` must have shape (batch, dim) in LargeMarginHead"):
        built().per_sample_loss(X[None], Y)
