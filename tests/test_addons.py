"""The losses of TensorFlow Addons: saved models load with them, and values and gradients are the same.

addons_values.json holds what TensorFlow Addons 0.23 itself gave, with TensorFlow 2.15.
"""

import functools
import inspect
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import keraslosses
from keraslosses import addons
from keraslosses.portability.gradients import MODES, value_and_gradient

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

STORED = json.loads(Path(__file__).with_name("addons_values.json").read_text("utf-8"))
# The configs that TensorFlow Addons 0.23 saves.
CONFIGS = {
    "ContrastiveLoss": {"reduction": "sum_over_batch_size", "name": "contrastive_loss", "margin": 2.0},
    "GIoULoss": {"reduction": "auto", "name": "giou_loss", "mode": "iou"},
    "LiftedStructLoss": {"reduction": "none", "name": None, "margin": 1.0},
    "NpairsLoss": {"reduction": "none", "name": "npairs_loss"},
    "NpairsMultilabelLoss": {"reduction": "none", "name": "npairs_multilabel_loss"},
    "PinballLoss": {"reduction": "auto", "name": "pinball_loss", "tau": 0.5},
    "SigmoidFocalCrossEntropy": {
        "reduction": "none",
        "name": "sigmoid_focal_crossentropy",
        "from_logits": False,
        "alpha": 0.25,
        "gamma": 2.0,
    },
    "SparsemaxLoss": {"reduction": "sum_over_batch_size", "name": "sparsemax_loss", "from_logits": True},
    "TripletHardLoss": {
        "reduction": "none",
        "name": None,
        "margin": 1.0,
        "soft": True,
        "distance_metric": "squared-L2",
    },
    "TripletSemiHardLoss": {"reduction": "none", "name": None, "margin": 0.5, "distance_metric": "angular"},
    "WeightedKappaLoss": {
        "reduction": "none",
        "name": "cohen_kappa_loss",
        "num_classes": 4,
        "weightage": "linear",
        "epsilon": 1e-05,
    },
}


# Their functions, and the classes whose values they give. The values do not depend on the reduction `"none"`.
FUNCTIONS = {
    "contrastive_loss": "ContrastiveLoss",
    "giou_loss": "GIoULoss",
    "lifted_struct_loss": "LiftedStructLoss",
    "npairs_loss": "NpairsLoss",
    "npairs_multilabel_loss": "NpairsMultilabelLoss",
    "pinball_loss": "PinballLoss",
    "sigmoid_focal_crossentropy": "SigmoidFocalCrossEntropy",
    "sparsemax_loss": "SparsemaxLoss",
    "triplet_hard_loss": "TripletHardLoss",
    "triplet_semihard_loss": "TripletSemiHardLoss",
}


@keras.saving.register_keras_serializable("test_addons")
def minus_products(embeddings):
    return -keras.ops.matmul(embeddings, keras.ops.transpose(embeddings))


def test_each_has_stored_values_and_a_config():
    assert {stored["theirs"].removeprefix("tfa.losses.") for stored in STORED} == CONFIGS.keys()
    assert set(addons.__all__) == CONFIGS.keys() | FUNCTIONS.keys()


def inputs_of(stored):
    labels = np.array(stored["y_true"])
    return labels if labels.dtype.kind == "i" else labels.astype("float32"), np.float32(stored["y_pred"])


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored["call"])
def test_values_and_gradients(stored):
    loss, weight = eval(f"addons.{stored['call']}"), np.float32(stored.get("sample_weight", 1))
    pair = inputs_of(stored)
    value, gradient = value_and_gradient(lambda *pair: loss(*pair, weight), *pair, mode=MODES[0])
    np.testing.assert_allclose(value, stored["value"], rtol=1e-5, atol=1e-6)
    if "gradient" in stored:
        np.testing.assert_allclose(gradient, stored["gradient"], rtol=1e-5, atol=2e-6)


def calls_of_function(name):
    """The stored calls of its class that give what the function gives, with the function's own call."""
    for stored in STORED:
        call = stored["call"].replace("reduction='none'", "").replace(", )", ")")
        scalar = FUNCTIONS[name].startswith(("Npairs", "Triplet", "Lifted"))
        if call.startswith(f"{FUNCTIONS[name]}(") and (scalar or call != stored["call"]):
            options = eval(f"dict({call.partition('(')[2]}")
            yield stored, functools.partial(getattr(addons, name), **options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_give_what_theirs_give(name):
    calls = list(calls_of_function(name))
    for stored, function in calls:
        y_true, y_pred = inputs_of(stored)
        given = (y_pred, None, y_true) if name == "sparsemax_loss" else (y_true, y_pred)
        value = keras.ops.convert_to_numpy(function(*given))
        np.testing.assert_allclose(value, stored["value"], rtol=1e-5, atol=1e-6)
    assert calls
    assert keras.saving.get_registered_object(f"Addons>{name}") is getattr(addons, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_take_lists(name):
    stored, function = next(calls_of_function(name))
    y_true, y_pred = stored["y_true"], stored["y_pred"]
    given = (y_pred, None, y_true) if name == "sparsemax_loss" else (y_true, y_pred)
    value = keras.ops.convert_to_numpy(function(*given))
    np.testing.assert_allclose(value, stored["value"], rtol=1e-5, atol=1e-6)


def test_arguments_of_functions_stand_in_their_order():
    orders = {
        "sigmoid_focal_crossentropy": "y_true y_pred alpha gamma from_logits",
        "sparsemax_loss": "logits sparsemax labels name",
        "triplet_hard_loss": "y_true y_pred margin soft distance_metric",
        "triplet_semihard_loss": "y_true y_pred margin distance_metric",
        "lifted_struct_loss": "labels embeddings margin",
    }
    for name, order in orders.items():
        assert list(inspect.signature(getattr(addons, name)).parameters) == order.split()


def test_a_function_works_in_fit_and_on_symbolic_tensors():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.01), addons.triplet_semihard_loss)
    embeddings, labels = np.float32(STORED[-1]["y_pred"]), np.array([0, 0, 1, 1, 2, 2, 2])
    expected = addons.TripletSemiHardLoss()(labels, model.predict(embeddings, verbose=0))
    assert model.evaluate(embeddings, labels, verbose=0) == pytest.approx(float(expected), rel=1e-5)
    symbols = keras.Input((), batch_size=7, dtype="int32"), keras.Input((3,), batch_size=7)
    assert addons.lifted_struct_loss(*symbols).shape == ()


# The steps of the tutorial of TensorFlow Addons on its triplet loss. The first import is what changes.
TUTORIAL = """
import keraslosses.addons as losses
import keras
import numpy as np

draws = np.random.default_rng(0)
labels = draws.integers(0, 3, 96)
signals = np.float32(np.eye(3)[labels] @ draws.normal(size=(3, 8)) + draws.normal(0, 0.3, (96, 8)))
model = keras.Sequential(
    [
        keras.Input((8,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(4, activation=None),
        keras.layers.UnitNormalization(axis=1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss=losses.TripletSemiHardLoss())
history = model.fit(signals, labels, batch_size=32, epochs=4, verbose=0)
found = model.predict(signals, verbose=0)
"""


@pytest.mark.deep
def test_a_script_that_used_addons_runs_with_its_import_changed():
    keras.utils.set_random_seed(1)
    names = {}
    exec(TUTORIAL, names)
    falling = names["history"].history["loss"]
    assert falling[-1] < falling[0] / 2
    np.testing.assert_allclose(np.linalg.norm(names["found"], axis=1), 1, rtol=1e-5)


def test_a_function_as_metric_is_saved_with_the_loss():
    loss = addons.TripletHardLoss(distance_metric=minus_products)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    again = keras.saving.deserialize_keras_object(config)
    assert again.options["distance_metric"] is minus_products


def minus_cosines(embeddings):
    """NaN for a vector of zeros."""
    return minus_products(embeddings / keras.ops.norm(embeddings, axis=1, keepdims=True))


@pytest.mark.parametrize("metric", [minus_products, minus_cosines])
@pytest.mark.parametrize("loss", [addons.TripletHardLoss, addons.TripletSemiHardLoss])
def test_a_function_as_metric_gets_rows_that_take_no_part_as_ones(loss, metric):
    """Without the lone last row, the others have the same loss and the same gradient."""
    embeddings = np.float32(STORED[-1]["y_pred"])
    labels, loss = np.array([0, 0, 1, 1, 0, 1, -1]), loss(distance_metric=metric)
    expected, slope = value_and_gradient(loss, labels[:-1], embeddings[:-1])
    spoiled = np.concatenate([embeddings[:-1], np.full((1, embeddings.shape[1]), np.nan, "float32")])
    value, gradient = value_and_gradient(loss, labels, spoiled)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient[:-1], slope, rtol=1e-4, atol=1e-6)
    assert slope.any() and not gradient[-1].any()


def test_a_function_as_metric_may_give_the_largest_number_to_a_row_itself():
    """The values in the docstrings of TensorFlow Addons, for scalar products."""
    embeddings = np.float32([[0, 1], [1, 0]])
    products = {"distance_metric": lambda embeddings: -minus_products(embeddings)}
    assert float(addons.triplet_semihard_loss([0, 0], embeddings, **products)) == 1
    assert float(addons.triplet_hard_loss([0, 0], embeddings, **products)) == 0


def test_a_metric_of_another_shape_is_named():
    loss = addons.TripletHardLoss(distance_metric=lambda embeddings: embeddings)
    with pytest.raises(
        ValueError, match=r"`distance_metric` must give .*\(batch, batch\). Received: \(4, 2\)"
    ):
        loss([0, 0, 1, 1], np.ones((4, 2), "float32"))


def saved_by_addons(name):
    """What stands in the file of a model."""
    module = "tensorflow_addons.losses.some"
    return {
        "module": module,
        "class_name": name,
        "config": CONFIGS[name],
        "registered_name": f"Addons>{name}",
    }


@pytest.mark.parametrize("name", CONFIGS)
def test_what_addons_saved_is_loaded_and_saved_again(name):
    for loaded in (
        keras.saving.deserialize_keras_object(saved_by_addons(name)),
        keras.losses.deserialize({"class_name": f"Addons>{name}", "config": CONFIGS[name]}),
        keraslosses.get({"class_name": f"Addons>{name}", "config": CONFIGS[name]}),
    ):
        assert type(loaded) is getattr(addons, name)
        reduction = CONFIGS[name]["reduction"].replace("auto", "sum_over_batch_size")
        expected = CONFIGS[name] | {"reduction": reduction, "dtype": "float32"}
        expected["name"] = expected["name"] or loaded.name
        assert loaded.get_config() == expected
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loaded))
        assert again.get_config() == expected


# Keras warns that the format is old.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_code_of_the_page_loads_a_model(tmp_path, monkeypatch):
    """That of migrate.md, with a file in which the config of TensorFlow Addons stands."""
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "softplus")])
    model.compile("sgd", keras.losses.deserialize(saved_by_addons("ContrastiveLoss")))
    model.save("model.h5")
    page = (Path(__file__).parents[1] / "docs" / "migrate.md").read_text("utf-8")
    names = {}
    exec(re.search(r"^```python\n(.*?)^```", page, re.M | re.S)[1], names)
    assert names["model"].loss.get_config() == model.loss.get_config()


@pytest.mark.parametrize("name", CONFIGS)
def test_arguments_are_documented(name):
    documented = inspect.getdoc(getattr(addons, name))
    for argument in inspect.signature(getattr(addons, name)).parameters:
        assert f"\n    {argument}: " in documented, argument


@pytest.mark.deep
def test_compiled_sparsemax_has_its_stored_value():
    stored = next(stored for stored in STORED if stored["call"] == "SparsemaxLoss()")
    pair = np.float32(stored["y_true"]), np.float32(stored["y_pred"])
    value, gradient = value_and_gradient(addons.SparsemaxLoss(), *pair, mode=MODES[-1])
    np.testing.assert_allclose(value, stored["value"], rtol=1e-5)
    np.testing.assert_allclose(gradient, stored["gradient"], atol=1e-6)


@pytest.mark.parametrize(
    "loss", [addons.TripletSemiHardLoss, addons.TripletHardLoss, addons.LiftedStructLoss]
)
def test_what_has_weight_0_reaches_no_other_row(loss):
    embeddings = np.random.default_rng(3).normal(size=(6, 3)).astype("float32")
    labels, weight = np.array([0, 1, 1, 0, 0, 2]), np.array([1, 1, 0, 1, 1, 1], "float32")
    spoiled, kept = embeddings.copy(), [0, 1, 3, 4, 5]
    spoiled[2] = np.nan
    value, gradient = value_and_gradient(lambda y, x: loss()(y, x, weight), labels, spoiled)
    expected, slope = value_and_gradient(loss(), labels[kept], embeddings[kept])
    # The mean counts rows of weight 0, if they are among those that it counts at all.
    factor = value / expected
    np.testing.assert_allclose(gradient[kept], slope * factor, rtol=1e-4, atol=1e-6)
    assert not gradient[2].any() and factor in (1, pytest.approx(5 / 6))


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [5, 5, 5, 5]])
def test_batches_without_positives_or_without_negatives(labels):
    embeddings = np.random.default_rng(3).normal(size=(4, 3)).astype("float32")
    value, gradient = value_and_gradient(addons.LiftedStructLoss(), labels, embeddings)
    assert value == 0 and not gradient.any()
    distances = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=-1)
    pairs = distances[~np.eye(4, dtype=bool)]
    value, _ = value_and_gradient(addons.TripletSemiHardLoss(), labels, embeddings)
    np.testing.assert_allclose(value, 0 if labels[0] == 0 else np.mean(pairs + 1), rtol=1e-5)
    value, _ = value_and_gradient(addons.TripletHardLoss(), labels, embeddings)
    nearest = np.min(distances + 9 * np.eye(4), axis=1)
    expected = np.mean(np.maximum(1 - nearest, 0)) if labels[0] == 0 else 1
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_the_warning_of_labels_that_all_differ_names_the_function():
    with pytest.warns(UserWarning, match="^triplet_semihard_loss needs samples of the same class"):
        addons.triplet_semihard_loss([0, 1], np.eye(2, dtype="float32"))


def test_soft_triplets_far_apart_do_not_overflow():
    embeddings = np.float32([[0, 0], [299, 0], [0, 0.5], [299, 0.5]])
    value, gradient = value_and_gradient(addons.TripletHardLoss(soft=True), [0, 0, 1, 1], embeddings)
    assert abs(value - 298.5) < 0.1 and np.isfinite(gradient).all()


def test_what_addons_makes_inf_or_nan_is_a_number():
    scores = np.eye(3, dtype="float32")
    value = addons.NpairsMultilabelLoss()(np.float32([[1, 0], [0, 0], [1, 1]]), scores)
    logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    first, third = -logs[0] @ [1 / 2, 0, 1 / 2], -logs[2] @ [1 / 3, 0, 2 / 3]
    np.testing.assert_allclose(float(value), (first + third) / 2, rtol=1e-5)
    value, gradient = value_and_gradient(
        addons.SparsemaxLoss(), np.float32([[1, 0]]), np.float32([[0.0, -np.inf]])
    )
    assert value == 0 and not gradient.any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: addons.GIoULoss(mode="diou"), "`mode` must be one of 'giou', 'iou'"),
        (lambda: addons.SparsemaxLoss(from_logits=False), "`from_logits` must be True"),
        (lambda: addons.PinballLoss(tau=[0.5, 1.5]), "`tau` must lie between 0 and 1"),
        (lambda: addons.PinballLoss(tau=[0.5, 0.1])([[0.0]], [[1.0]]), "`tau` must hold 1 numbers"),
        (lambda: addons.WeightedKappaLoss(4, weightage="cubic"), "`weightage` must be one of"),
        (lambda: addons.TripletHardLoss(distance_metric="cosine"), "`distance_metric` must be one of 'L2', "),
        (lambda: addons.TripletHardLoss(distance_metric=["L2"]), "`distance_metric` must be one of 'L2', "),
        (lambda: addons.triplet_hard_loss([0, 0.5], [[1.0]] * 2), "in triplet_hard_loss. Received"),
        (lambda: addons.triplet_semihard_loss([0, 0.5], [[1.0]] * 2), "in triplet_semihard_loss. Received"),
        (lambda: addons.lifted_struct_loss([0, 0.5], [[1.0]] * 2), "in lifted_struct_loss. Received"),
        (lambda: addons.pinball_loss([[1.0]], [[1.0, 2.0]]), "in pinball_loss. Received"),
        (lambda: addons.sparsemax_loss([[1.0, 2.0]], None, [[1.0]]), "in sparsemax_loss. Received"),
        (lambda: addons.WeightedKappaLoss(2)([5], [[0.5, 0.5]]), "in WeightedKappaLoss. Received"),
        (lambda: addons.ContrastiveLoss(reduction="average"), "`reduction` must be one of"),
    ],
)
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "labels", "similarities"),
    [("NpairsLoss", [0, 1], [[1.0, 0.0]]), ("NpairsMultilabelLoss", [0, 1], [[1.0, 0.0], [0.0, 1.0]])],
)
def test_shapes_that_do_not_fit_are_named(name, labels, similarities):
    with pytest.raises(ValueError, match=rf"`y_true` must have the shape \(batch,.* in {name}"):
        getattr(addons, name)()(labels, similarities)
