"""Other modes of differentiation, over all losses; and losses as steps of a functional model."""

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.portability import transforms
from keraslosses.portability.checks import findings
from keraslosses.portability.finding import Finding, stated
from keraslosses.portability.targets.inputs import Drawn
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

CURVATURES = [name for name, kind in transforms.KINDS.items() if kind == "curvature"]
ORDINARY = [0.0, 1e-30, 1e-10, 0.2, 0.5, 0.8, 1 - 6e-8, 1.0]
LOGITS = [-200.0, -104.0, -100.0, -90.0, -88.0, -60.0, -20.0, -1.0, 0.0, 3.0, 40.0, 87.0, 88.5, 95.0, 103.0]


def curvatures(function, y_true, y_pred):
    """By each way to the derivative of the gradient, that along ones."""
    found = transforms.transformations(function, y_true, y_pred, np.ones_like(y_pred))
    return {name: ops.convert_to_numpy(found[name]()) for name in found if name in CURVATURES}


# The second derivative of the mean of one error, at an error of 0 from a target of 3.
AT_EQUALITY = {
    "mean_squared_error": ({}, 2.0),
    "mean_power_error": ({"power": 2.0}, 2.0),
    "mean_squared_logarithmic_error": ({}, 2.0 / 16.0),
    "log_cosh": ({}, 1.0),
    "huber": ({"delta": 0.5}, 1.0),
    "smooth_l1": ({"beta": 0.5}, 2.0),
    "balanced_l1": ({}, 0.5 * np.expm1(3.0)),
}


@pytest.mark.parametrize("name", AT_EQUALITY)
def test_second_derivative_at_an_error_of_zero(name):
    options, expected = AT_EQUALITY[name]
    y = np.full((2, 1), 3.0, "float32")
    found = curvatures(lambda true, pred: getattr(keraslosses, name)(true, pred, **options), y, y)
    assert found
    for way, curvature in found.items():
        np.testing.assert_allclose(curvature, np.full((2, 1), expected), rtol=1e-5, err_msg=way)


@pytest.mark.parametrize("gamma", [0.1, 0.5])
@pytest.mark.parametrize("from_logits", [True, False])
def test_second_derivative_of_focal_is_finite(gamma, from_logits):
    y_pred = np.tile(LOGITS if from_logits else ORDINARY, 2).astype("float32")[:, None]
    y_true = np.arange(len(y_pred), dtype="float32")[:, None] // (len(y_pred) // 2)
    rows = np.concatenate([y_pred, 0 * y_pred if from_logits else 1 - y_pred], axis=1)
    index = y_true[:, 0].astype("int32")
    options = {"gamma": gamma, "from_logits": from_logits}
    for function, true, pred in (
        (keraslosses.binary_focal_crossentropy, y_true, y_pred),
        (keraslosses.categorical_focal_crossentropy, np.eye(2, dtype="float32")[index], rows),
        (keraslosses.sparse_categorical_focal_crossentropy, index, rows),
    ):

        def applied(true, pred, function=function):
            return function(true, pred, **options)

        for name, curvature in curvatures(applied, true, pred).items():
            assert np.isfinite(curvature).all(), (function.__name__, name)


@pytest.mark.parametrize("weight", [None, 2.0])
def test_second_derivative_at_a_logit_of_zero_is_that_beside_it(weight):
    """The absolute value inside has a kink there, the loss has none."""
    y_pred = np.array([[0.0, 1e-4]], "float32").T

    def loss(y_true, y_pred):
        return keraslosses.binary_crossentropy(y_true, y_pred, from_logits=True, pos_weight=weight)

    for curvature in curvatures(loss, np.ones_like(y_pred), y_pred).values():
        np.testing.assert_allclose(curvature[0], curvature[1], rtol=1e-3)
        assert curvature[0] > 0.2


def test_second_derivative_of_ctc_is_a_stated_error():
    reference = REFERENCES["CTC"]
    y_true, y_pred = reference.inputs({}, leading=(2,))
    found = transforms.transformations(
        keraslosses.CTC(reduction="none"), y_true, y_pred, np.ones_like(y_pred)
    )
    for name in CURVATURES:
        if name in found:
            with pytest.raises(ValueError, match="no second derivative") as raised:
                found[name]()
            assert stated(raised.value)


class OwnGradient(keras.losses.Loss):
    """A squared error whose gradient the framework is told, without a rule for its transformations."""

    def call(self, y_true, y_pred):
        @ops.custom_gradient
        def square(error):
            def grad(*args, upstream=None):
                return 2.0 * error * (args[0] if upstream is None else upstream)

            return ops.square(error), grad

        return ops.mean(square(y_pred - ops.cast(y_true, y_pred.dtype)), axis=-1)


def test_own_gradient_without_a_rule_is_found(backend):
    found = findings("transformations", Subject(OwnGradient, REFERENCES["MeanSquaredError"]))
    assert all(isinstance(one, Finding) for one in found)
    assert bool(found) == (backend != "tensorflow"), found


def test_without_a_reference_only_what_is_lost_is_found():
    """Parts that are held constant on purpose are no finding."""

    def weighted(y_true, y_pred):
        error = y_pred - y_true
        return ops.mean(ops.stop_gradient(ops.abs(error)) * ops.square(error), axis=-1)

    def linear(y_true, y_pred):
        here = ops.stop_gradient(y_pred)
        return ops.mean(ops.square(here - y_true) + 2.0 * (here - y_true) * (y_pred - here), axis=-1)

    def subject(function):
        return Subject(lambda **_: None, Drawn(shape=(5, 7)), function=function)

    assert findings("transformations", subject(weighted)) == []
    lost = findings("transformations", subject(linear))
    assert {one.text.partition(" with")[0] for one in lost} == set(CURVATURES) & set(of_backend())
    assert all("is 0, without an error" in one.text for one in lost)


def of_backend():
    x = np.ones((2, 3), "float32")
    return transforms.transformations(keraslosses.mean_squared_error, x, x, x)


@pytest.mark.deep_in_turn("jax", "tensorflow")
@pytest.mark.parametrize("name", REFERENCES)
def test_function_takes_symbolic_tensors(name):
    """It becomes a step of a functional model, which comes back from its config."""
    reference = REFERENCES[name]
    function, options = getattr(keraslosses, reference.function), reference.options[-1]
    y_true, y_pred = reference.inputs(options, leading=(4,) if reference.coupled else (4, 3))
    inputs = [keras.Input(x.shape[1:], dtype=str(x.dtype)) for x in (y_true, y_pred)]
    output = function(*inputs, **options)
    assert keras.backend.is_keras_tensor(output)
    expected = ops.convert_to_numpy(function(y_true, y_pred, **options))
    assert output.shape[1:] == expected.shape[1:]
    model = keras.Model(inputs, output)
    model = keras.Model.from_config(model.get_config())
    received = model([ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)])
    np.testing.assert_allclose(ops.convert_to_numpy(received), expected, rtol=1e-4, atol=1e-5)


def test_model_with_a_loss_inside_trains_and_is_saved(tmp_path):
    x, y = keras.Input((3,)), keras.Input((2,))
    outputs = keras.layers.Dense(2)(x)
    costs = keraslosses.huber(y, outputs, delta=0.5) + keraslosses.MeanSquaredError()(y, outputs)
    model = keras.Model([x, y], costs)
    model.compile("sgd", loss=keraslosses.MeanAbsoluteError())
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(12, size)).astype("float32") for size in (3, 2)]
    history = model.fit(inputs, np.zeros(12), epochs=5, verbose=0, batch_size=12).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(inputs, verbose=0), model.predict(inputs, verbose=0), rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "shape", "dtype", "options"),
    [
        (keraslosses.ctc_collapse, (5,), "int32", {"blank_index": 1}),
        (keraslosses.ctc_decode, (5, 3), "float32", {}),
        (keraslosses.convert_boxes, (3, 4), "float32", {"source": "xyxy", "target": "xywh"}),
    ],
)
def test_other_functions_take_symbolic_tensors(function, shape, dtype, options):
    given = keras.Input(shape, dtype=dtype)
    model = keras.Model(given, function(given, **options))
    model = keras.Model.from_config(model.get_config())
    array = np.random.default_rng(0).uniform(0, 3, (2, *shape)).astype(dtype)
    for came, wanted in zip(
        keras.tree.flatten(model(ops.convert_to_tensor(array))),
        keras.tree.flatten(function(array, **options)),
        strict=True,
    ):
        np.testing.assert_allclose(
            ops.convert_to_numpy(came), ops.convert_to_numpy(wanted), rtol=1e-5, atol=1e-6
        )


def test_boxes_of_a_model_are_compared_with_given_ones():
    boxes, given = keras.Input((3, 4)), [[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]]
    model = keras.Model(boxes, keraslosses.pairwise_iou(boxes, given))
    model = keras.Model.from_config(model.get_config())
    array = np.random.default_rng(0).uniform(0, 3, (5, 3, 4)).astype("float32")
    received = ops.convert_to_numpy(model(ops.convert_to_tensor(array)))
    assert received.shape == (5, 3, 2)
    np.testing.assert_allclose(
        received, ops.convert_to_numpy(keraslosses.pairwise_iou(array, given)), rtol=1e-5
    )
