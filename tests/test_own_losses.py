"""The open door: ten losses of users are losses like those of the package."""

import inspect
import json
import pickle

import keras
import numpy as np
import own_losses
import pytest
from keras import ops

import keraslosses
from keraslosses import kinds, rules
from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.gradients import value_and_gradient
from keraslosses.portability.targets.target import Target, open_target

RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.normal(size=shape).astype("float32")


def yes_no(*shape):
    return RNG.integers(0, 2, shape).astype("float32")


# Each class with its inputs, another value of an option, and its values in NumPy.
CASES = {
    "WeightedMse": (numbers(4, 3), numbers(4, 3), {"under": 3.0}),
    "MaskedMae": (np.where(yes_no(4, 3) > 0, -999.0, 1.0), numbers(4, 3), {"missing": 1.0}),
    "SmoothedDice": (yes_no(4, 5, 5, 1), RNG.random((4, 5, 5, 1)), {"axis": (1, 2)}),
    "MseWithWeightColumn": (np.abs(numbers(4, 4)), numbers(4, 3), {}),
    "Gaussian": (numbers(4, 1), numbers(4, 2), {"smallest": 0.5}),
    "ConfidentCrossentropy": (RNG.integers(0, 5, 4), numbers(4, 5), {"penalty": 0.5}),
    "ExponentialDistance": (numbers(4, 3), numbers(4, 3), {"scale": 4.0}),
    "SoftError": (yes_no(4, 3), RNG.random((4, 3)), {"gamma": 2.0}),
    "SmoothHinge": (2 * yes_no(4, 3) - 1, numbers(4, 3), {"margin": 0.5}),
    "CornerDistance": (numbers(4, 4), numbers(4, 4), {}),
}


def logsumexp(x):
    return np.log(np.sum(np.exp(x), axis=-1, keepdims=True))


def confident(y, p, penalty):
    log_p = p - logsumexp(p)
    return -log_p[np.arange(len(y)), y] + penalty * np.sum(np.exp(log_p) * log_p, axis=-1)


def dice(y, p):
    common, size = np.sum(y * p, axis=(1, 2, 3)), np.sum(y + p, axis=(1, 2, 3))
    return np.log(np.cosh(1 - (2 * common + 1) / (size + 1)))


IN_NUMPY = {
    "WeightedMse": lambda y, p: np.mean(np.where(p < y, 2.0, 1.0) * (p - y) ** 2, -1),
    "MaskedMae": lambda y, p: np.mean(np.where(y == -999, 0, np.abs(p - y)), -1),
    "SmoothedDice": dice,
    "MseWithWeightColumn": lambda y, p: y[:, -1] * np.mean((p - y[:, :-1]) ** 2, -1),
    "Gaussian": lambda y, p: 0.5 * (p[:, 1] + (y[:, 0] - p[:, 0]) ** 2 / (np.exp(p[:, 1]) + 1e-6)),
    "ConfidentCrossentropy": lambda y, p: confident(y, p, 0.1),
    "ExponentialDistance": lambda y, p: 1 - np.exp(-np.sum((p - y) ** 2, -1)),
    "SoftError": lambda y, p: np.mean(y * (1 - p) + (1 - y) * p, -1),
    "SmoothHinge": lambda y, p: np.mean(np.log1p(np.exp(1 - y * p)), -1),
    "CornerDistance": lambda y, p: np.mean(np.abs(p - y), -1),
}


def made(name, /, **options):
    return getattr(own_losses, name)(**options)


def number(loss, *arguments):
    return ops.convert_to_numpy(loss(*arguments))


def test_there_are_ten():
    assert len(CASES) == 10
    assert CASES.keys() == IN_NUMPY.keys()


@pytest.mark.parametrize("name", CASES)
def test_values_weights_and_reductions(name):
    y_true, y_pred, _ = CASES[name]
    values = IN_NUMPY[name](y_true, y_pred)
    weights = np.array([1.0, 0.0, 2.0, 0.5], "float32")
    np.testing.assert_allclose(
        number(made(name, reduction="none"), y_true, y_pred), values, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(number(made(name), y_true, y_pred), values.mean(), rtol=1e-5)
    mean = number(made(name, reduction="mean_with_sample_weight"), y_true, y_pred, weights)
    np.testing.assert_allclose(mean, np.sum(values * weights) / weights.sum(), rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_a_sample_of_weight_0_costs_nothing_whatever_it_holds(name):
    y_true, y_pred, _ = CASES[name]
    wrong = np.array(y_pred, "float32")
    wrong[1] = np.inf
    weights = np.array([1.0, 0.0, 2.0, 0.5], "float32")
    expected = np.sum(IN_NUMPY[name](y_true, y_pred) * weights)
    np.testing.assert_allclose(
        number(made(name, reduction="sum"), y_true, wrong, weights), expected, rtol=1e-5
    )


@pytest.mark.parametrize("name", CASES)
def test_a_sample_of_weight_0_gives_no_gradient_whatever_it_holds(name):
    y_true, y_pred, _ = CASES[name]
    wrong = np.array(y_pred, "float32")
    wrong[1] = np.inf
    weights = ops.convert_to_tensor([1.0, 0.0, 2.0, 0.5])
    loss = made(name, reduction="sum")

    def weighted(y_true, y_pred):
        return loss(y_true, y_pred, weights)

    _, gradient = value_and_gradient(weighted, y_true, wrong)
    _, expected = value_and_gradient(weighted, y_true, np.array(y_pred, "float32"))
    assert np.all(gradient[1] == 0)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_config_saving_and_name(name):
    y_true, y_pred, options = CASES[name]
    loss = made(name, **options, dtype="float16", reduction="sum", name="mine")
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert number(again, y_true, y_pred) == number(loss, y_true, y_pred)
    assert type(keraslosses.get(name)) is type(loss)
    assert keraslosses.get(loss.function.__name__) is loss.function
    assert keraslosses.get(f"Custom>{name}").get_config() == made(name).get_config()
    assert pickle.loads(pickle.dumps(type(loss))) is type(loss)


def test_a_sum_of_own_losses_and_ours():
    y_true, y_pred, _ = CASES["WeightedMse"]
    total = made("WeightedMse") + 0.5 * keraslosses.Huber()
    expected = number(made("WeightedMse"), y_true, y_pred) + 0.5 * number(keraslosses.Huber(), y_true, y_pred)
    np.testing.assert_allclose(number(total, y_true, y_pred), expected, rtol=1e-6)


def test_ignored_entries_leave_the_mean():
    y_true, y_pred, _ = CASES["ConfidentCrossentropy"]
    ignored = np.array([y_true[0], -1, y_true[2], -1])
    expected = IN_NUMPY["ConfidentCrossentropy"](y_true, y_pred)[[0, 2]].mean()
    np.testing.assert_allclose(
        number(made("ConfidentCrossentropy", ignore_class=-1), ignored, y_pred), expected, rtol=1e-5
    )


def test_numbers_outside_the_range_of_a_kind_are_an_error():
    with pytest.raises(ValueError, match="`y_pred` must hold probabilities"):
        made("SoftError")([[1.0]], [[3.0]])


@pytest.mark.parametrize("name", ["WeightedMse", "Gaussian"])
def test_fit_save_and_load_with_the_metric_of_the_loss(name, tmp_path):
    y_true, y_pred, options = CASES[name]
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(y_pred.shape[1])])
    loss = made(name, **options)
    model.compile("sgd", loss=loss, metrics=[loss.metric()])
    history = model.fit(numbers(4, 2), y_true, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    np.testing.assert_allclose(history[loss.name], history["loss"], rtol=1e-5)
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").loss.get_config() == loss.get_config()


def test_an_option_that_changes_on_a_schedule():
    """A compiled step does not see an option change, so the model is compiled again for each phase."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    optimizer = keras.optimizers.Adam(0.1)
    x, (y_true, _, _) = numbers(4, 2), CASES["WeightedMse"]
    for under in (1.0, 2.0, 4.0):
        model.compile(optimizer, loss=own_losses.WeightedMse(under=under))
        model.fit(x, y_true, epochs=2, verbose=0)
    assert int(ops.convert_to_numpy(optimizer.iterations)) == 6


@pytest.mark.parametrize("check", CHECKS)
def test_the_checks_pass_with_the_authors_own_reference(check):
    subject = open_target(Target("own_losses:WeightedMse"))
    assert subject.reference is own_losses.WeightedMse.reference
    if skipped(check, subject) is None:
        assert findings(check, subject) == []


def test_the_checks_find_a_fault_by_the_authors_own_reference():
    @keraslosses.loss_function(kinds.Elementwise(), under=rules.positive)
    def wrong(y_true, y_pred, under=2.0):
        return 1.01 * own_losses.weighted_mse.contract.formula(y_true, y_pred, under)

    own_losses.Wrong = keraslosses.loss_class(wrong, own_losses.WeightedMse.reference)
    (finding, *_) = findings("value", open_target(Target("own_losses:Wrong")))
    assert finding.code == "value-differs"


def test_a_loss_of_ones_own_is_not_one_of_ours():
    @keraslosses.loss_function(kinds.Elementwise(), delta=rules.positive)
    def huber(y_true, y_pred, delta=1.0):
        return 0.0 * y_pred + delta

    Own = keraslosses.loss_class(huber)
    assert float(number(Own(delta=7.0), [[0.0]], [[1.0]])) == 7.0
    assert float(number(keraslosses.get("Huber"), [[0.0]], [[1.0]])) == 0.5
    assert isinstance(keraslosses.get("Custom>Huber"), Own)


def test_the_class_shows_its_arguments():
    assert str(inspect.signature(own_losses.WeightedMse)) == (
        "(under=2.0, reduction='sum_over_batch_size', name='weighted_mse', dtype=None)"
    )
    assert own_losses.WeightedMse(3.0).under == 3.0


def test_a_call_that_nothing_would_call_is_refused():
    with pytest.raises(TypeError, match=r"Mine must not define `call`.*keraslosses\.loss_function"):

        class Mine(keraslosses.MeanSquaredError):
            def call(self, y_true, y_pred):
                return ops.mean(y_pred - y_true, axis=-1)


def test_mistakes_are_told():
    with pytest.raises(ValueError, match="`kind` must be an instance of a class"):
        keraslosses.loss_function(kinds.Elementwise)
    with pytest.raises(TypeError, match=r"options without a rule \['scale'\]"):

        @keraslosses.loss_function(kinds.Elementwise())
        def without_rule(y_true, y_pred, scale=1.0):
            return y_pred * scale

    with pytest.raises(ValueError, match=r"`function` must be made by keraslosses\.loss_function"):
        keraslosses.loss_class(len)
    with pytest.raises(ValueError, match=r"`under` must be a positive number"):
        own_losses.WeightedMse(under=-1.0)
    with pytest.raises(TypeError, match="over"):
        own_losses.WeightedMse(over=1.0)
    with pytest.raises(ValueError, match=r"`y_true` must have the batch size of y_pred"):
        own_losses.Gaussian()(numbers(3, 1), numbers(4, 2))
    with pytest.raises(ValueError, match=r"must give one value for each sample"):
        keraslosses.loss_function(kinds.Samples())(lambda y_true, y_pred: y_pred)(
            numbers(3, 1), numbers(3, 2)
        )
