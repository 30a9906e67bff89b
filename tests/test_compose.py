"""Losses that are added, their components in `fit`, and weights that are learned."""

import json
import re

import keras
import numpy as np
import pytest
from keras import layers, ops

import keraslosses
from keraslosses import (
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
    UncertaintyWeighting,
    WeightedSum,
)
from keraslosses.core import keras_internals
from keraslosses.portability.gradients import MODES, USUAL, value_and_gradient

N = ops.convert_to_numpy
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
RNG = np.random.default_rng(0)
B, T, C = 3, 5, 7
VALUES = RNG.normal(size=(B, T)).astype("float32")
PREDICTED = RNG.normal(size=(B, T)).astype("float32")
LABELS = RNG.integers(0, C, (B, T))
LABELS[0, 1] = LABELS[1, 4] = 255
LOGITS = RNG.normal(size=(B, T, C)).astype("float32")
WEIGHT = np.array([2.0, 0.0, 0.5], "float32")


def raises(message, error=ValueError):
    return pytest.raises(error, match=re.escape(message))


def masked(y_pred, mask):
    tensor = ops.convert_to_tensor(y_pred)
    keras_internals.set_attribute(tensor, "_keras_mask", ops.convert_to_tensor(mask))
    return tensor


def sparse(**options):
    return SparseCategoricalCrossentropy(from_logits=True, ignore_class=255, **options)


def smooth(**options):
    return sparse(label_smoothing=0.2, class_weights=range(1, C + 1), name="smooth", **options)


# Values and gradients against the parts


def agrees(loss, parts, y_true, y_pred, weight=None, mode=USUAL):
    """A sum against its parts, each called and differentiated by itself, added in NumPy."""
    weight = None if weight is None else ops.convert_to_tensor(weight)
    results = [
        value_and_gradient(lambda y, x, part=part: part(y, x, sample_weight=weight), y_true, y_pred)
        for part, _ in parts
    ]
    value, gradient = value_and_gradient(
        lambda y, x: loss(y, x, sample_weight=weight), y_true, y_pred, mode=mode
    )
    factors = [factor for _, factor in parts]
    for got, which in ((value, 0), (gradient, 1)):
        expected = sum(factor * result[which] for factor, result in zip(factors, results, strict=True))
        assert np.shape(got) == np.shape(expected)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_sum_is_the_sum_of_its_parts(reduction, weight):
    parts = [(Huber(0.5, reduction=reduction), 1.0), (MeanSquaredError(reduction=reduction), 0.25)]
    agrees(parts[0][0] + 0.25 * parts[1][0], parts, VALUES, PREDICTED, weight)


@pytest.mark.deep_on("jax")
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("reduction", [r for r in REDUCTIONS if r not in ("none", None)])
def test_sum_with_ignored_entries(reduction, weight):
    parts = [(sparse(reduction=reduction), 2.0), (smooth(reduction=reduction), 0.5)]
    agrees(2 * parts[0][0] + parts[1][0] / 2, parts, LABELS, LOGITS, weight)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "eager"])
def test_compiled(mode):
    parts = [(sparse(), 1.0), (smooth(reduction="sum"), 0.5)]
    agrees(parts[0][0] + 0.5 * parts[1][0], parts, LABELS, LOGITS, WEIGHT, mode)


@pytest.mark.parametrize("mode", MODES)
def test_compiled_without_reduction(mode):
    loss = sparse(reduction="none") + smooth(reduction="none")
    value, gradient = value_and_gradient(loss, LABELS, LOGITS, mode=mode)
    valid = LABELS != 255
    parts = [value_and_gradient(part, LABELS, LOGITS) for part in loss.losses]
    count = valid.sum(axis=1)
    np.testing.assert_allclose(value, sum(v.sum(axis=1) for v, _ in parts) / count, rtol=1e-5)
    np.testing.assert_allclose(
        gradient, sum(g for _, g in parts) / count[:, None, None], rtol=1e-5, atol=1e-6
    )


def test_each_part_keeps_its_own_reduction_and_denominator():
    logits = np.log([[0.5, 0.5], [0.25, 0.75], [0.125, 0.875]]).astype("float32")
    all_entries = SparseCategoricalCrossentropy(from_logits=True)
    some_entries = SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)
    summed = SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    loss = all_entries + 2 * some_entries + 3 * summed
    zeros, ones = np.log([2.0, 8.0]), np.log([4 / 3])
    total = zeros.sum() + ones.sum()
    expected = total / 3 + 2 * zeros.sum() / 2 + 3 * total
    np.testing.assert_allclose(N(loss(np.array([0, 1, 0]), logits)), expected, rtol=1e-6)


def test_mask_reaches_every_part():
    mask = np.array([[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
    y_true, y_pred = np.zeros((B, T, 2), "float32"), RNG.normal(size=(B, T, 2)).astype("float32")
    loss = MeanSquaredError() + 0.5 * MeanAbsoluteError() + keras.losses.MeanSquaredError()
    kept = y_pred[mask]
    expected = 2 * np.mean(kept**2) + 0.5 * np.mean(np.abs(kept))
    np.testing.assert_allclose(N(loss(y_true, masked(y_pred, mask))), expected, rtol=1e-5)


def test_without_reduction_each_sample_averages_its_valid_entries():
    loss = sparse(reduction="none") + 0.5 * smooth(reduction=None)
    first, second = (N(part(LABELS, LOGITS)) for part in loss.losses)
    valid = LABELS != 255
    expected = (first + 0.5 * second).sum(axis=1) / valid.sum(axis=1)
    np.testing.assert_allclose(N(loss(LABELS, LOGITS)), expected, rtol=1e-5)
    weighted = N(loss(LABELS, LOGITS, sample_weight=WEIGHT))
    np.testing.assert_allclose(weighted, WEIGHT * expected, rtol=1e-5)
    mask = np.arange(T) < [[2], [0], [T]]
    kept = valid & mask
    expected = ((first + 0.5 * second) * kept).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    np.testing.assert_allclose(N(loss(LABELS, masked(LOGITS, mask))), expected, rtol=1e-5)
    assert expected[1] == 0


def test_without_reduction_values_of_other_ranks_are_averaged():
    target = np.zeros((B, T, 2, C), "float32")
    y_pred = RNG.normal(size=target.shape).astype("float32")
    loss = MeanSquaredError(reduction="none") + keras.losses.MeanAbsoluteError(reduction="none")
    expected = (y_pred**2 + np.abs(y_pred)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(N(loss(target, y_pred)), expected, rtol=1e-5)


@pytest.mark.parametrize("part", [MeanSquaredError, keras.losses.MeanSquaredError])
def test_empty_batch_costs_nothing(part):
    empty = np.zeros((0, T), "float32")
    loss = part() + MeanAbsoluteError()
    value, gradient = value_and_gradient(loss, empty, empty)
    assert (value.shape, float(value), gradient.shape) == ((), 0.0, (0, T))
    loss = part(reduction="none") + MeanAbsoluteError(reduction="none")
    assert N(loss(empty, empty)).shape == (0,)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_result_has_the_dtype_of_the_sum(dtype):
    loss = WeightedSum([MeanSquaredError(), Huber()], dtype=dtype)
    assert keras.backend.standardize_dtype(loss(VALUES, PREDICTED).dtype) == dtype


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_parts_of_half_precision_are_added_in_float32(dtype):
    loss = WeightedSum([MeanAbsoluteError(dtype=dtype), Huber(dtype=dtype)], [100, 0.125])
    value = loss(np.zeros((1, 1)), np.full((1, 1), 1024.0))
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    huber = 1023.5 if dtype == "float16" else 1024.0
    assert float(N(value)) == 102_400 + 0.125 * huber


class First(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return y_pred[:, 0]


def test_float64_is_kept_where_the_backend_has_it(backend):
    dtype = "float32" if backend == "jax" else "float64"  # JAX has it only with jax_enable_x64
    expected = 1.0 if backend == "jax" else 1.0 + 1e-12
    loss = WeightedSum([First(reduction="sum", dtype=dtype), Huber()], [1.0, 0.0], dtype=dtype)
    assert float(N(loss(np.ones((1, 1)), np.full((1, 1), 1.0 + 1e-12)))) == expected


def test_losses_of_keras_leave_the_sample_weights_alone():
    """On torch, Keras 3.15.1 multiplies its mask into the tensor of weights, where the next part finds it."""
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    weight = ops.convert_to_tensor(WEIGHT)
    labels, logits = LABELS[:, 1], LOGITS[:, 1]
    parts = [N(part(labels, logits, sample_weight=WEIGHT)) for part in (theirs, sparse())]
    loss = theirs + sparse() + theirs
    np.testing.assert_allclose(N(loss(labels, logits, weight)), 2 * parts[0] + parts[1], rtol=1e-6)
    np.testing.assert_array_equal(N(weight), WEIGHT)


# How sums are made


def test_nested_sums_are_flat():
    a, b, c = MeanSquaredError(), MeanAbsoluteError(), Huber()
    loss = 2 * (a + (b + 0.5 * c)) / 4
    assert (loss.losses, loss.weights) == ((a, b, c), (0.5, 0.5, 0.25))
    loss = WeightedSum([a, b + 3 * c], [1, 2])
    assert (loss.losses, loss.weights) == ((a, b, c), (1.0, 2.0, 6.0))
    expected = 1 * a(VALUES, PREDICTED) + 2 * b(VALUES, PREDICTED) + 6 * c(VALUES, PREDICTED)
    np.testing.assert_allclose(N(loss(VALUES, PREDICTED)), N(expected), rtol=1e-6)


def test_the_operators_leave_their_operands_alone():
    a, b = MeanSquaredError(), MeanAbsoluteError()
    first = a + b
    second = first + a
    assert (3 * first).weights == (3.0, 3.0)
    assert (first.losses, first.weights, len(second.losses)) == ((a, b), (1.0, 1.0), 3)


def test_sum_of_python():
    parts = [MeanSquaredError(), MeanAbsoluteError(), keras.losses.Huber()]
    loss = sum(parts)
    assert (loss.losses, loss.weights) == (tuple(parts), (1.0, 1.0, 1.0))
    assert sum(parts[:1]) is parts[0]
    assert sum([0.5 * part for part in parts[:2]]).weights == (0.5, 0.5)


def test_losses_of_keras_are_parts_on_either_side():
    ours, theirs = MeanAbsoluteError(), keras.losses.MeanSquaredError()
    assert (ours + theirs).losses == (ours, theirs)
    assert (theirs + ours).losses == (theirs, ours)
    assert (theirs + 2 * ours).weights == (1.0, 2.0)
    assert (2 * ours + theirs).weights == (2.0, 1.0)
    for loss, parts in (
        (theirs + ours, [(theirs, 1.0), (ours, 1.0)]),
        (WeightedSum([theirs, ours], [0.5, 2.0]), [(theirs, 0.5), (ours, 2.0)]),
        (WeightedSum([theirs], [3]), [(theirs, 3.0)]),
    ):
        agrees(loss, parts, VALUES, PREDICTED, WEIGHT)


class OwnLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) ** 3, axis=-1)


def test_a_loss_of_a_user_is_a_part():
    own, ours = OwnLoss(name="own"), Huber()
    agrees(own + 0.5 * ours, [(own, 1.0), (ours, 0.5)], VALUES, PREDICTED, WEIGHT)


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), 0.5])
def test_weights_may_be_numbers_of_numpy(number):
    for loss in (number * Huber(), Huber() * number, number * (Huber() + 0 * Huber())):
        assert isinstance(loss, WeightedSum)
        assert loss.weights[0] == 0.5
        assert type(loss.weights[0]) is float
    assert (np.int64(3) * Huber()).weights == (3.0,)
    assert WeightedSum([Huber(), Huber()], np.array([1, 2])).weights == (1.0, 2.0)


@pytest.mark.parametrize("weight", [-1, -0.5, float("nan"), float("inf"), np.float32("nan")])
def test_weights_are_finite_and_not_negative(weight):
    message = (
        f"`weights` must hold a finite number of at least 0 for each loss. Received: weights=[{weight!r}]"
    )
    for make in (
        lambda: weight * Huber(),
        lambda: Huber() * weight,
        lambda: WeightedSum([Huber()], [weight]),
    ):
        with raises(message):
            make()


@pytest.mark.parametrize("weights", [[1.0], [1.0, 2.0, 3.0], 2.0, "ab", [True, 1.0], [1.0, None]])
def test_one_weight_for_each_loss(weights):
    message = (
        f"`weights` must hold a finite number of at least 0 for each loss. Received: weights={weights!r}"
    )
    with raises(message):
        WeightedSum([Huber(), Huber()], weights)


@pytest.mark.parametrize("divisor", [0, -2, float("nan"), float("inf")])
def test_divisor_is_positive(divisor):
    with raises(f"`divisor` must be a positive number. Received: divisor={divisor!r}"):
        (Huber() + Huber()) / divisor


@pytest.mark.parametrize("other", [1, 0.0, True, False, "huber", None, [1.0], keraslosses.huber, np.ones(2)])
def test_only_losses_are_added(other):
    with pytest.raises(TypeError):
        Huber() + other
    if isinstance(other, bool) or other is None or not np.isscalar(other) or other:
        with pytest.raises(TypeError):
            other + Huber()


@pytest.mark.parametrize("other", [True, "2", None, [1.0], np.ones(2), Huber(), keras.losses.Huber()])
def test_a_loss_is_multiplied_with_numbers_only(other):
    for operation in (
        lambda: Huber() * other,
        lambda: other * Huber(),
        lambda: (Huber() + Huber()) * other,
        lambda: Huber() / other,
    ):
        with pytest.raises(TypeError):
            operation()


@pytest.mark.parametrize("losses", [Huber(), [Huber], [keraslosses.huber], ["huber"], [Huber(), None], "ab"])
def test_parts_are_losses(losses):
    with raises("`losses` must be a list of instances of keras.losses.Loss. Received: losses="):
        WeightedSum(losses)


def test_a_sum_has_parts():
    with raises("`losses` must hold at least one loss. Received: losses=[]"):
        WeightedSum([])


@pytest.mark.parametrize("nothing", ["none", None])
def test_reducing_and_other_parts_do_not_mix(nothing):
    message = f"`losses` must all have the reduction \"none\", or none of them must have it. Received: losses with the reductions ['sum', {nothing!r}]"
    with raises(message):
        Huber(reduction="sum") + Huber(reduction=nothing)
    with raises(message):
        Huber(reduction="sum") + keras.losses.Huber(reduction=nothing)
    both = Huber(reduction="none") + Huber(reduction=None)
    assert N(both(VALUES, PREDICTED)).shape == (B,)


# Saving


def test_config_round_trip():
    loss = WeightedSum(
        [sparse(dtype="bfloat16"), 3 * smooth() + keras.losses.SparseCategoricalCrossentropy()],
        [0.5, 2],
        name="mine",
        dtype="float16",
    )
    config = json.loads(json.dumps(keraslosses.serialize(loss)))
    assert config["registered_name"] == "keraslosses>WeightedSum"
    short = {"class_name": "WeightedSum", "config": config["config"]}
    for revive in (
        lambda: keras.saving.deserialize_keras_object(config),
        lambda: keraslosses.deserialize(config),
        lambda: keraslosses.get(config),
        lambda: keraslosses.get(short),
    ):
        again = revive()
        assert again.get_config() == loss.get_config()
        assert [type(part) for part in again.losses] == [type(part) for part in loss.losses]
        assert (again.name, again.dtype, again.weights) == ("mine", "float16", (0.5, 6.0, 2.0))
        assert again.losses[0].dtype == "bfloat16"
    assert "WeightedSum" not in keraslosses.names()


def test_own_loss_in_a_config_needs_custom_objects():
    loss = OwnLoss(name="own") + Huber()
    again = keraslosses.deserialize(keraslosses.serialize(loss), custom_objects={"OwnLoss": OwnLoss})
    assert type(again.losses[0]) is OwnLoss


# Components


def test_names_of_components():
    loss = MeanSquaredError() + MeanSquaredError() + Huber(name="mean_squared_error_1") + MeanSquaredError()
    names = ["mean_squared_error", "mean_squared_error_1", "mean_squared_error_1_1", "mean_squared_error_2"]
    assert loss.component_names() == names
    assert [loss.component(name).name for name in names] == names
    assert [loss.component(name).loss for name in names] == list(loss.losses)


def test_unknown_component():
    with raises("`name` must be one of 'huber_loss', 'mean_squared_error'. Received: name='huber'"):
        (Huber() + MeanSquaredError()).component("huber")


def test_component_is_saved():
    metric = (sparse() + smooth()).component("smooth")
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(metric)))
    )
    assert again.get_config() == metric.get_config()
    for each in (metric, again):
        each.update_state(LABELS, LOGITS, sample_weight=WEIGHT)
    np.testing.assert_allclose(N(again.result()), N(metric.result()))
    np.testing.assert_allclose(
        N(metric.result()), N(smooth()(LABELS, LOGITS, sample_weight=WEIGHT)), rtol=1e-6
    )


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
def test_component_weighs_batches_by_their_size(reduction):
    metric = (sparse(reduction=reduction) + Huber(reduction=reduction)).component(sparse().name)
    batches = [slice(0, 1), slice(1, 3)]
    for batch in batches:
        metric.update_state(LABELS[batch], LOGITS[batch])
    values = N(sparse(reduction="none")(LABELS, LOGITS))
    valid = LABELS != 255
    mean = {
        "sum_over_batch_size": lambda i: values[i].sum() / valid[i].sum(),
        "sum": lambda i: values[i].sum(),
        "none": lambda i: np.mean(values[i].sum(axis=1) / valid[i].sum(axis=1)),
    }[reduction]
    expected = (mean(batches[0]) + 2 * mean(batches[1])) / 3
    np.testing.assert_allclose(N(metric.result()), expected, rtol=1e-5)
    metric.reset_state()
    assert float(N(metric.result())) == 0


# In fit

X = RNG.normal(size=(21, 4)).astype("float32")
Y = RNG.integers(0, C, 21)
Y[::5] = 255
SAMPLE_WEIGHT = RNG.uniform(0, 2, 21).astype("float32")


def three_parts():
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255, name="theirs")
    return WeightedSum(
        [sparse(name="plain", label_smoothing=0.5), smooth(reduction="sum"), theirs], [1.0, 0.1, 0.5]
    )


def classifier(loss, **options):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(C)])
    model.compile(keras.optimizers.Adam(0.05), loss, **options)
    return model


def components(loss):
    return [loss.component(name) for name in loss.component_names()]


def adds_up(logs, loss, prefix=""):
    total = np.asarray(logs[f"{prefix}loss"])
    parts = [np.asarray(logs[prefix + name]) for name in loss.component_names()]
    expected = sum(weight * part for weight, part in zip(loss.weights, parts, strict=True))
    np.testing.assert_allclose(expected, total, rtol=1e-5)
    assert len({np.round(part, 3).tobytes() for part in parts}) == len(parts)


@pytest.mark.deep_on("jax", "tensorflow")
@pytest.mark.parametrize("weight", [None, SAMPLE_WEIGHT])
def test_components_add_up_to_the_loss(weight, backend):
    # torch's inductor needs a C compiler; test_compiled compiles on torch.
    jit_compile = {"tensorflow": weight is not None, "jax": True, "torch": False}[backend]
    loss = three_parts()
    which = "metrics" if weight is None else "weighted_metrics"
    model = classifier(loss, jit_compile=jit_compile, **{which: components(loss)})
    validation = (X[:5], Y[:5]) if weight is None else (X[:5], Y[:5], weight[:5])
    history = model.fit(
        X, Y, sample_weight=weight, batch_size=8, epochs=2, verbose=0, validation_data=validation
    ).history
    adds_up(history, loss)
    adds_up(history, loss, "val_")
    assert history["loss"][1] < history["loss"][0]


def test_metrics_without_weights_show_the_unweighted_components():
    loss = three_parts()
    model = classifier(loss, metrics=[loss.component("plain")], weighted_metrics=[loss.component("smooth")])
    logs = model.evaluate(X, Y, sample_weight=SAMPLE_WEIGHT, batch_size=21, verbose=0, return_dict=True)
    predicted = model.predict(X, verbose=0)
    plain, smoothed = loss.losses[:2]
    np.testing.assert_allclose(logs["plain"], N(plain(Y, predicted)), rtol=1e-5)
    np.testing.assert_allclose(logs["smooth"], N(smoothed(Y, predicted, SAMPLE_WEIGHT)), rtol=1e-5)


def test_components_of_several_outputs():
    inputs = keras.Input((4,))
    outputs = {name: layers.Dense(2, name=name)(inputs) for name in ("a", "b")}
    model = keras.Model(inputs, outputs)
    losses = {"a": MeanSquaredError() + 0.5 * MeanAbsoluteError(), "b": 3 * Huber()}
    model.compile("sgd", losses, metrics={name: components(loss) for name, loss in losses.items()})
    logs = model.fit(X, {"a": X[:, :2], "b": X[:, 2:]}, batch_size=8, verbose=0).history
    parts = {"a_mean_squared_error": 1.0, "a_mean_absolute_error": 0.5, "b_huber_loss": 3.0}
    total = sum(weight * logs[name][0] for name, weight in parts.items())
    np.testing.assert_allclose(total, logs["loss"][0], rtol=1e-5)


def test_components_under_a_masking_layer(backend):
    x = RNG.normal(size=(10, T, 2)).astype("float32")
    x[:, 3:] = 0.0
    x[0, 1:] = 0.0
    y = RNG.normal(size=(10, T, 3)).astype("float32")
    loss = MeanSquaredError() + 2 * Huber(0.1)
    model = keras.Sequential([keras.Input((T, 2)), layers.Masking(), layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=components(loss))
    adds_up(model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True), loss)
    logs = model.fit(x, y, batch_size=4, shuffle=False, verbose=0).history
    if backend == "jax":
        # Seen 2026-11: Keras on JAX loses the mask of y_pred on its way from the loss to the metrics in fit
        # (not in evaluate), for every metric. This fails when that is mended.
        with pytest.raises(AssertionError):
            adds_up(logs, loss)
    else:
        adds_up(logs, loss)


def test_a_loaded_model_keeps_training(tmp_path):
    def trained(model):
        return model.fit(X, Y, sample_weight=SAMPLE_WEIGHT, batch_size=8, shuffle=False, verbose=0).history

    loss = three_parts()
    model = classifier(loss, weighted_metrics=components(loss))
    trained(model)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.loss.get_config() == loss.get_config()
    history, history_again = trained(model), trained(again)
    assert history.keys() == history_again.keys() >= set(loss.component_names())
    for name, values in history.items():
        np.testing.assert_allclose(history_again[name], values, rtol=1e-6)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


# Uncertainty weighting


def at(values):
    layer = UncertaintyWeighting(len(values))
    layer.log_variances.assign(values)
    return layer


@pytest.mark.parametrize("mode", MODES)
def test_value_and_gradient_by_the_losses(mode):
    s, losses = np.array([0.5, -1.0, 2.0], "float32"), np.array([2.0, 0.3, 5.0], "float32")
    layer = at(s)
    value, gradient = value_and_gradient(lambda _, x: layer([x[0], x[1], x[2]]), losses, losses, mode=mode)
    np.testing.assert_allclose(value, np.sum(np.exp(-s) * losses + s), rtol=1e-6)
    np.testing.assert_allclose(gradient, np.exp(-s), rtol=1e-6)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "unknown batch"])
def test_gradient_by_the_log_variances(mode):
    """The layer's weight takes the place of y_pred, in a stateless call."""
    s, losses = np.array([0.5, -1.0, 2.0], "float32"), np.array([2.0, 0.3, 5.0], "float32")
    layer = UncertaintyWeighting(3)

    def total(values, weights):
        return layer.stateless_call([weights], [], [values[0], values[1], values[2]])[0]

    value, gradient = value_and_gradient(total, losses, s, mode=mode)
    np.testing.assert_allclose(value, np.sum(np.exp(-s) * losses + s), rtol=1e-6)
    np.testing.assert_allclose(gradient, 1 - np.exp(-s) * losses, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_log_variances_are_float32_under_every_policy(policy):
    layer = UncertaintyWeighting(2, dtype=policy)
    assert keras.backend.standardize_dtype(layer.log_variances.dtype) == "float32"
    value = layer([ops.convert_to_tensor(np.float32(100_000.0)), ops.convert_to_tensor(np.float16(0.5))])
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert float(N(value)) == 100_000.5


def test_layer_config_and_initializer():
    layer = UncertaintyWeighting(3, initializer=keras.initializers.Constant(0.5), name="mine")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert (again.name, again.num_losses) == ("mine", 3)
    np.testing.assert_allclose(N(again.log_variances), [0.5] * 3)


@pytest.mark.parametrize("count", [0, -1, 2.0, True, None])
def test_number_of_losses_is_checked(count):
    with raises(f"`num_losses` must be a positive integer. Received: num_losses={count!r}"):
        UncertaintyWeighting(count)


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([1.0], "`losses` must be a list of 2 losses. Received: losses=["),
        ([1.0, 2.0, 3.0], "`losses` must be a list of 2 losses. Received: losses=["),
        (2.0, "`losses` must be a list of 2 losses. Received: losses="),
        ([[1.0], 2.0], "`losses` must hold scalars. Received: losses with the shapes [(1,), ()]"),
        ([1.0, [[2.0, 3.0]]], "`losses` must hold scalars. Received: losses with the shapes [(), (1, 2)]"),
    ],
)
def test_losses_are_checked(losses, message):
    given = [np.array(loss) for loss in losses] if isinstance(losses, list) else np.array(losses)
    with raises(message):
        UncertaintyWeighting(2)(given)


@keras.saving.register_keras_serializable(package="tests")
class TwoTasks(keras.Model):
    """The second task's errors are nine times those of the first."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = layers.Dense(2)
        self.weighting = UncertaintyWeighting(2)
        self.trackers = [keras.metrics.Mean(name=name) for name in ("small", "large")]

    def call(self, x):
        return self.dense(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        tasks = [MeanSquaredError()(y[:, i : i + 1], y_pred[:, i : i + 1], sample_weight) for i in (0, 1)]
        for tracker, value in zip(self.trackers, tasks, strict=True):
            tracker.update_state(value, sample_weight=ops.shape(y_pred)[0])
        return self.weighting(tasks)


def two_tasks():
    keras.utils.set_random_seed(1)
    model = TwoTasks()
    model.compile(keras.optimizers.Adam(0.2))
    return model


NOISE = np.random.default_rng(4).normal(size=(21, 2))
SLOPES = np.random.default_rng(3).normal(size=(4, 2))
TARGETS = ((X @ SLOPES + 0.2 * NOISE) * [1 / 3, 3]).astype("float32")


@pytest.mark.deep_on("tensorflow")
def test_training_lowers_both_losses_and_learns_the_weights(tmp_path):
    model = two_tasks()
    history = model.fit(X, TARGETS, batch_size=7, epochs=60, verbose=0).history
    for name in ("loss", "small", "large"):
        assert history[name][-1] < 0.2 * history[name][0], name
    s = N(model.weighting.log_variances)
    assert s[0] < -3 < 0 < s[1]  # on their way to the logarithms of the losses
    assert [v is model.weighting.log_variances for v in model.trainable_variables].count(True) == 1
    assert len(model.trainable_variables) == 3
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(N(again.weighting.log_variances), s)
    more, more_again = (m.fit(X, TARGETS, shuffle=False, verbose=0).history for m in (model, again))
    np.testing.assert_allclose(more_again["loss"], more["loss"], rtol=1e-5)
    np.testing.assert_allclose(N(again.weighting.log_variances), N(model.weighting.log_variances), rtol=1e-5)


# Replicas


@pytest.mark.deep
def test_two_replicas_report_and_train_as_one(replicas):
    """TensorFlow: MirroredStrategy over two logical CPUs; JAX: DataParallel over two host devices.

    torch has one only: Keras 3.15's `fit` does not synchronise torch processes (2026-11).
    """
    results = [dict(np.load(path)) for path in replicas("replicas_compose.py")]
    for result in results:
        for prefix in ("", "rest_"):
            parts = {"plain": 1.0, "summed": 0.5, "theirs": 0.25}
            total = sum(weight * result[prefix + name] for name, weight in parts.items())
            np.testing.assert_allclose(total, result[f"{prefix}loss"], rtol=1e-5)
        for name in result.keys() - {name for name in result if name.startswith("rest_")}:
            np.testing.assert_allclose(result[name], results[0][name], atol=1e-5, err_msg=name)
    assert np.abs(results[0]["log_variances"]).max() > 0.01
