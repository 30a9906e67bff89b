"""What holds for every loss: shapes, weights, masks, labels, dtypes, messages."""

import functools
import inspect
import re

import keras
import numpy as np
import pytest
from keras import ops
from masks import masked

import keraslosses
from keraslosses.core import checks
from keraslosses.losses.pair_loss import PairLoss
from keraslosses.portability.gradients import MODES, value_and_gradient
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES

N = ops.convert_to_numpy
ELEMENTWISE = ("mean_squared_error", "huber", "poisson")


def raises(message):
    return pytest.raises(ValueError, match=re.escape(message))


# Shapes


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("shapes", [((4,), (4,)), ((4, 1), (4,)), ((4,), (4, 1)), ((4, 1), (4, 1))])
def test_rank_one_counts_as_a_column(name, shapes):
    function = getattr(keraslosses, name)
    y_true, y_pred = np.arange(4.0), np.arange(4.0)[::-1] + 0.5
    expected = N(function(y_true[:, None], y_pred[:, None]))
    values = N(function(y_true.reshape(shapes[0]), y_pred.reshape(shapes[1])))
    assert values.shape == (4,)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize(
    "shapes", [((4,), (4, 3)), ((1, 3), (4, 3)), ((4, 3), (4, 1)), ((3,), (4,)), ((4, 2, 3), (4, 3))]
)
def test_other_shapes_are_refused_with_both(name, shapes):
    y_true, y_pred = np.ones(shapes[0]), np.ones(shapes[1])
    loss = getattr(keraslosses, REFERENCE_OF[name].name)()
    message = f"`y_true` must have the shape of y_pred in {name}. Received: y_true.shape={shapes[0]}, y_pred.shape={shapes[1]}"
    for call in (getattr(keraslosses, name), loss):
        with raises(message):
            call(y_true, y_pred)


REFERENCE_OF = {entry.function: entry for entry in REFERENCES.values()}


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_labels_may_keep_the_class_axis(shape):
    y_pred = np.random.default_rng(0).normal(size=(4, 3))
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    assert N(loss(np.array([0, 1, 2, 0]).reshape(shape), y_pred)).shape == (4,)


def test_labels_of_images_with_classes_first():
    rng = np.random.default_rng(0)
    y_pred, labels = rng.normal(size=(2, 3, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    first = keraslosses.sparse_categorical_crossentropy(labels[:, None], y_pred, from_logits=True, axis=1)
    last = keraslosses.sparse_categorical_crossentropy(labels, np.moveaxis(y_pred, 1, -1), from_logits=True)
    assert N(first).shape == (2, 4, 5)
    np.testing.assert_allclose(N(first), N(last), rtol=1e-6)


@pytest.mark.parametrize("shape", [(3,), (4, 2), (2, 4)])
def test_labels_of_another_shape_are_refused(shape):
    with raises(
        f"`y_true` must hold one class index for each entry of y_pred in sparse_categorical_crossentropy. Received: y_true.shape={shape}, y_pred.shape=(4, 3)"
    ):
        keraslosses.SparseCategoricalCrossentropy()(np.zeros(shape, "int32"), np.ones((4, 3)))


def test_axis_out_of_range_is_refused():
    with raises("`axis` must lie in [-2, 2) for y_pred of rank 2. Received: axis=2"):
        keraslosses.binary_crossentropy(np.ones((4, 3)), np.ones((4, 3)), axis=2)


# Weights and masks


@pytest.mark.parametrize("shape", [(3,), (4, 3), (4, 1, 1), (1, 4)])
def test_weights_of_another_shape_are_refused(shape):
    with raises(
        f"`sample_weight` must have the shape of the loss, (4,), or its first axes. Received: sample_weight.shape={shape}"
    ):
        keraslosses.MeanSquaredError()(np.ones((4, 3)), np.ones((4, 3)), sample_weight=np.ones(shape))


def test_mask_on_the_averaged_axis_weighs_inside():
    y_true, y_pred = np.zeros((3, 4)), np.arange(12.0).reshape(3, 4)
    mask = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    loss = keraslosses.MeanAbsoluteError(reduction="none")
    np.testing.assert_allclose(N(loss(y_true, masked(y_pred, mask))), [0.5, 4.0, 0.0])
    loss = keraslosses.MeanAbsoluteError()
    np.testing.assert_allclose(N(loss(y_true, masked(y_pred, mask))), 2.25)
    root = keraslosses.RootMeanSquaredError(reduction="none")
    np.testing.assert_allclose(N(root(y_true, masked(y_pred, mask))), [0.5**0.5, 4.0, 0.0], rtol=1e-6)


def test_mask_on_the_class_axis_rules_classes_out():
    logits, mask = np.array([[1.0, 2.0, 3.0]]), np.array([[True, True, False]])
    expected = np.log1p(np.exp(1.0))
    sparse = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(N(sparse([0], masked(logits, mask))), expected, rtol=1e-6)
    dense = keraslosses.CategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(N(dense([[1.0, 0.0, 0.0]], masked(logits, mask))), expected, rtol=1e-6)
    dense = keraslosses.CategoricalCrossentropy()
    np.testing.assert_allclose(N(dense([[1.0, 0.0, 0.0]], masked(np.exp(logits), mask))), expected, rtol=1e-6)


def test_masking_layer_in_fit():
    model = keras.Sequential([keras.Input((5, 2)), keras.layers.Masking(), keras.layers.Dense(3)])
    model.compile("sgd", keraslosses.MeanSquaredError())
    x = np.random.default_rng(0).normal(size=(6, 5, 2)).astype("float32")
    x[:, 3:] = 0.0
    y = np.zeros((6, 5, 3), "float32")
    predicted = model.predict(x, verbose=0)
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), np.mean(predicted[:, :3] ** 2), rtol=1e-5)


# Labels


@pytest.mark.parametrize("label", [3, -1, 1.5, float("nan"), 2**32 + 1])
@pytest.mark.parametrize("weight", [None, [1.0, 0.0]])
def test_label_out_of_range_is_refused_where_it_can_be_seen(label, weight):
    y_true = np.array([0, label])
    message = f"`y_true` must hold class indices in [0, 3) in sparse_categorical_crossentropy. Received: y_true={y_true[1]} at (1,)"
    for labels in (y_true, y_true[:, None]):
        with raises(message):
            keraslosses.SparseCategoricalCrossentropy()(
                labels, np.ones((2, 3), "float32"), sample_weight=weight
            )


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "eager"])
def test_label_out_of_range_is_nan_in_compiled_code(mode):
    y_true, y_pred = np.array([0, 3, 2, -1, 100]), np.eye(5, 3, dtype="float32")
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    values, gradient = value_and_gradient(loss, y_true, y_pred, mode=mode)
    out_of_range = [False, True, False, True, True]
    assert np.isnan(values).tolist() == out_of_range
    assert np.isnan(gradient).tolist() == [[out] * 3 for out in out_of_range]


def test_ignored_labels_are_never_out_of_range():
    loss = keraslosses.SparseCategoricalCrossentropy(ignore_class=255)
    y_pred = np.full((2, 3), 1 / 3, "float32")
    for dtype in ("uint8", "int32", "int64", "float32"):
        np.testing.assert_allclose(N(loss(np.array([0, 255], dtype), y_pred)), np.log(3), rtol=1e-6)


def test_unsigned_labels_against_a_negative_ignore_class():
    loss = keraslosses.SparseCategoricalCrossentropy(ignore_class=-1)
    np.testing.assert_allclose(
        N(loss(np.array([0, 1], "uint8"), np.full((2, 3), 1 / 3))), np.log(3), rtol=1e-6
    )


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_label_beyond_the_whole_numbers_of_float32(dtype):
    label = 16_777_217
    y_pred = np.zeros((1, label + 1), "float32")
    y_pred[0, label] = 100.0
    loss = keraslosses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
    assert float(N(ops.cast(loss(np.array([label], "int32"), y_pred), "float32"))) == 0.0
    with raises(f"Received: y_true={label + 1} at (0,)"):
        loss(np.array([label + 1]), y_pred)


# Dtypes


def called(function, y_pred):
    """What a function gives. JAX, which compiles each operation of a call, tells its dtype without one."""
    if keras.backend.backend() != "jax":
        return function(y_pred)
    import jax

    return jax.eval_shape(function, y_pred)


@pytest.mark.deep_on("jax")
@pytest.mark.parametrize("name", REFERENCES)
def test_function_returns_at_least_float32(name):
    entry = REFERENCES[name]
    y_true, y_pred = entry.inputs(entry.options[0])
    function = functools.partial(getattr(keraslosses, entry.function), y_true, **entry.options[0])
    for dtype in ("float16", "bfloat16", "float32"):
        values = called(function, ops.cast(ops.convert_to_tensor(y_pred), dtype))
        assert keras.backend.standardize_dtype(values.dtype) == "float32"


def test_float64_is_kept_where_the_backend_has_it(backend):
    values = keraslosses.huber(np.zeros((2, 3)), np.full((2, 3), 1e-9))
    assert keras.backend.standardize_dtype(values.dtype) == ("float32" if backend == "jax" else "float64")


def test_float16_mean_of_many_entries():
    loss = keraslosses.MeanSquaredError(dtype="float16")
    assert float(N(loss(np.ones((90_000, 1)), np.zeros((90_000, 1))))) == 1.0


def test_lists_arrays_and_tensors_give_the_same():
    rows = [[1.0, 2.0], [3.0, 5.0]]
    expected = N(keraslosses.huber([[0.0, 0.0], [0.0, 0.0]], rows))
    for kind in (np.array, lambda x: ops.convert_to_tensor(np.array(x, "float32"))):
        np.testing.assert_allclose(N(keraslosses.huber(kind([[0, 0], [0, 0]]), kind(rows))), expected)


# Look-up and options


@pytest.mark.parametrize("name", REFERENCES)
def test_get_takes_both_spellings_configs_and_instances(name):
    entry = REFERENCES[name]
    needed = {
        option: value for option, value in entry.options[0].items() if option in ("num_classes", "counts")
    }
    instance = keraslosses.get({"class_name": name, "config": needed} if needed else name)
    assert type(instance) is getattr(keraslosses, name)
    assert keraslosses.get(entry.function) is getattr(keraslosses, entry.function)
    assert keraslosses.get(instance) is instance
    assert keraslosses.get(keraslosses.serialize(instance)).get_config() == instance.get_config()
    if needed:
        for identifier in (name, f"keraslosses>{name}", type(instance)):
            with raises(
                f"`identifier` must be a config with {', '.join(needed)}: {{\"class_name\": '{name}', "
            ):
                keraslosses.get(identifier)
    else:
        assert type(keraslosses.get(type(instance))) is type(instance)
        assert keraslosses.get(f"keraslosses>{name}").get_config() == instance.get_config()
    short = {"class_name": name, "config": {"reduction": "sum", **needed}}
    assert keraslosses.get(short).reduction == "sum"
    function = getattr(keraslosses, entry.function)
    assert keraslosses.deserialize(keraslosses.serialize(function)) is function


@pytest.mark.parametrize("alias", ["bce", "kld", "mae", "mse", "mape", "msle"])
def test_aliases_of_keras(alias):
    for name in (alias, alias.upper()):
        assert keraslosses.get(name).__name__ == keras.losses.get(name).__name__


def test_get_of_a_class_that_it_cannot_make():
    class Mine(keras.losses.Loss):
        def __init__(self, *, margin):
            super().__init__()

    with raises("`identifier` must be a config with margin: "):
        keraslosses.get(Mine)
    with raises("`identifier` must be a loss or the name of a loss"):
        keraslosses.get(int)


def test_get_none_and_unknown_names():
    assert keraslosses.get(None) is None
    with raises(
        "`identifier` must be a loss or the name of a loss; see keraslosses.names(). Received: identifier='hubert'"
    ):
        keraslosses.get("hubert")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("hubert", "huber"),
        ("Hubber", "Huber"),
        ("HUBER", "Huber"),
        ("smoothl1", "smooth_l1"),
        ("SmoothL1Loss", "SmoothL1"),
        ("Smooth-L1", "SmoothL1"),
        ("dicee", "dice"),
        ("Dicee", "Dice"),
        ("sparse_categorical_crossentropi", "sparse_categorical_crossentropy"),
        ("SparseCategoricalCrossEntropy", "SparseCategoricalCrossentropy"),
        ("Binary", "BinaryCrossentropy"),
        ("Mse", "mse"),
        ("focal", "FocalTversky"),
    ],
)
def test_get_suggests_a_name_that_is_close(given, meant):
    """The same name in another spelling is suggested, not taken: Keras does not take it either."""
    with raises(f"Received: identifier={given!r}. Did you mean {meant!r}?"):
        keraslosses.get(given)


@pytest.mark.parametrize("given", ["", "xyzzy", 3])
def test_get_suggests_nothing_where_no_name_is_close(given):
    with pytest.raises(ValueError, match=re.escape(f"Received: identifier={given!r}") + "$"):
        keraslosses.get(given)


def test_names_that_are_close_are_suggested_for_options_too():
    with raises("Received: reduction='Sum'. Did you mean 'sum'?"):
        keraslosses.Huber(reduction="Sum")
    with raises("Received: reduction='SumOverBatchSize'. Did you mean 'sum_over_batch_size'?"):
        keraslosses.Huber(reduction="SumOverBatchSize")
    with raises("Received: mode='squarred'. Did you mean 'squared'?"):
        keraslosses.IoU(mode="squarred")


@pytest.mark.parametrize("reduction", checks.REDUCTIONS)
def test_reductions_are_those_of_keras(reduction):
    config = keraslosses.Huber(reduction=reduction).get_config()
    assert config["reduction"] == keras.losses.Huber(reduction=reduction).reduction == reduction


def test_the_reduction_of_keras_2_is_named_as_keras_3_names_it():
    with raises(
        "`reduction` must be 'sum_over_batch_size', which Keras 2 called 'auto'. Received: reduction='auto'"
    ):
        keraslosses.Huber(reduction="auto")
    with pytest.raises(ValueError, match="reduction"):
        keras.losses.Huber(reduction="auto")


@pytest.mark.parametrize("name", REFERENCES)
def test_function_refuses_what_its_class_refuses(name):
    entry = REFERENCES[name]
    y_true, y_pred = entry.inputs(entry.options[0])
    for options in entry.bad_options:
        with raises("`" + next(iter(options)) + "` must"):
            getattr(keraslosses, entry.function)(y_true, y_pred, **{**entry.options[0], **options})


@pytest.mark.parametrize("reduction", ["average", "Sum", 3])
def test_reduction_is_checked(reduction):
    with raises(
        "`reduction` must be one of 'sum_over_batch_size', 'mean', 'sum', 'mean_with_sample_weight', 'none', None."
    ):
        keraslosses.Huber(reduction=reduction)


@pytest.mark.parametrize(
    "name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"]
)
def test_weights_of_the_wrong_length_are_refused(name):
    y_true, y_pred = REFERENCES[name].inputs({})
    with raises(
        "`class_weights` must hold 7 numbers, one for each class. Received: class_weights of length 2, class_weights=[1, 2]"
    ):
        getattr(keraslosses, name)(class_weights=[1, 2])(y_true, y_pred)


def test_options_are_attributes_and_numpy_options_are_plain():
    loss = keraslosses.SparseCategoricalCrossentropy(class_weights=np.array([1, 2, 3], "float32"))
    assert loss.class_weights == [1.0, 2.0, 3.0]
    assert loss.from_logits is False
    assert repr(keraslosses.Huber(2.0)) == "Huber(delta=2.0)"


def test_unknown_option_of_a_function():
    with pytest.raises(TypeError, match="delt"):
        keraslosses.huber([1.0], [1.0], delt=2.0)


def test_one_class_alone_warns_as_keras_does():
    with pytest.warns(SyntaxWarning, match="more than one class"):
        keraslosses.CategoricalCrossentropy()([[1.0]], [[1.0]])


# No axis beside the default fits the shapes of all inputs of the checks. test_overlaps has some for these losses.
AT_DEFAULT = {"GeneralizedDice": {"axis"}, "UnifiedFocal": {"axis"}}
# With it, the inputs are two sets: test_another_set.
AT_DEFAULT |= {name: {"reference"} for name in REFERENCES if issubclass(getattr(keraslosses, name), PairLoss)}


@pytest.mark.parametrize("name", REFERENCES)
def test_every_option_has_a_value_off_its_default_in_the_reference(name):
    subject = Subject(getattr(keraslosses, name), REFERENCES[name])
    parameters = inspect.signature(subject.make).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.name not in ("reduction", "name", "dtype")}
    varied = {key for key, value in subject.example().items() if value != defaults[key]}
    assert varied == set(defaults) - AT_DEFAULT.get(name, set())


def test_function_as_loss_in_compile_and_saved(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", loss=keraslosses.smooth_l1)
    x, y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))


def test_segmentation_with_a_void_label_trains():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 4, 5, 2)).astype("float32"), rng.integers(0, 3, (8, 4, 5))
    y[:, 0] = 255
    model = keras.Sequential([keras.Input((4, 5, 2)), keras.layers.Conv2D(3, 1)])
    loss = keraslosses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=255, class_weights=[1.0, 2.0, 0.5], label_smoothing=0.1
    )
    model.compile(keras.optimizers.Adam(0.05), loss)
    history = model.fit(x, y.astype("uint8"), epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
