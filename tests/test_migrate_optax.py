"""The migration table of optax: the code of a row has the value of the loss of optax."""

import keras
import numpy as np
import optax
import pytest
from peers import LABELS, ONE_HOT, REAL, SIGNS, SIMPLEX, YES_NO, drawn

import keraslosses
from keraslosses.cli.migrate.of_jax import OPTAX
from keraslosses.reference import REFERENCES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

ROWS = {row.theirs.rpartition(".")[2]: row for row in OPTAX}
MASKS = drawn(2, 4, 5, 3)
OF_CLASS = np.eye(3, dtype="float32")[np.argmax(drawn(2, 4, 5, 3), -1)]
ONE_MASK = drawn(2, 4, 5, 1)
LABELS_OF_FRAMES = np.array([[1, 2, 2], [3, -1, -1], [4, 1, -1]])
FRAMES = drawn(3, 8, 5)

# By the name: the inputs of optax (y_pred, y_true), ours (y_true, y_pred), and what theirs takes besides.
PAIRS = {
    **dict.fromkeys(("squared_error", "l2_loss", "huber_loss", "log_cosh"), (REAL[::-1], REAL, {})),
    "cosine_similarity": (REAL[::-1], REAL, {}),
    "cosine_distance": (REAL[::-1], REAL, {}),
    "sigmoid_binary_cross_entropy": ((REAL[1], YES_NO), (YES_NO, REAL[1]), {}),
    "softmax_cross_entropy": ((REAL[1], ONE_HOT), (ONE_HOT, REAL[1]), {}),
    "safe_softmax_cross_entropy": ((REAL[1], ONE_HOT), (ONE_HOT, REAL[1]), {}),
    "softmax_cross_entropy_with_integer_labels": ((REAL[1], LABELS), (LABELS, REAL[1]), {}),
    "poly_loss_cross_entropy": ((REAL[1], ONE_HOT), (ONE_HOT, REAL[1]), {}),
    "sigmoid_focal_loss": ((REAL[1], YES_NO), (YES_NO, REAL[1]), {}),
    "kl_divergence": ((np.log(SIMPLEX[1]), SIMPLEX[0]), SIMPLEX, {}),
    "kl_divergence_with_log_targets": ((np.log(SIMPLEX[1]), np.log(SIMPLEX[0])), SIMPLEX, {}),
    "hinge_loss": ((REAL[1], SIGNS), (SIGNS, REAL[1]), {}),
    "dice_loss": ((MASKS, OF_CLASS), (OF_CLASS, MASKS), {}),
    "binary_dice_loss": ((ONE_MASK, OF_CLASS[..., :1]), (OF_CLASS[..., :1], ONE_MASK), {}),
    "ctc_loss": (
        (FRAMES, np.zeros((3, 8)), np.maximum(LABELS_OF_FRAMES, 0), (LABELS_OF_FRAMES < 0).astype("float32")),
        (LABELS_OF_FRAMES, FRAMES),
        {},
    ),
}
# What is added to the value of ours, times what.
OTHER_SCALE = {"cosine_similarity": (0.0, -1.0), "cosine_distance": (1.0, 1.0)}


@pytest.mark.deep
@pytest.mark.parametrize("name", PAIRS)
def test_value(name):
    theirs, ours, options = PAIRS[name]
    expected = float(np.mean(getattr(optax.losses, name)(*theirs, **options)))
    received = float(keras.ops.convert_to_numpy(eval(ROWS[name].here)(*ours)))
    added, times = OTHER_SCALE.get(name, (0.0, 1.0))
    np.testing.assert_allclose(added + times * received, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "theirs", "here"),
    [
        ("huber_loss", {"delta": 0.5}, {"delta": 0.5}),
        ("sigmoid_focal_loss", {"alpha": 0.3, "gamma": 1.5}, {"apply_class_balancing": True}),
        ("dice_loss", {"alpha": 0.2, "beta": 0.9, "smooth": 0.5}, {}),
    ],
)
def test_arguments_under_their_names_here(name, theirs, here):
    pair, ours, options = PAIRS[name]
    row = ROWS[name]
    renamed = {row.arguments[option]: value for option, value in theirs.items()}
    loss = getattr(keraslosses, row.name).from_config(eval(row.here).get_config() | renamed | here)
    expected = float(np.mean(getattr(optax.losses, name)(*pair, **options, **theirs)))
    np.testing.assert_allclose(float(keras.ops.convert_to_numpy(loss(*ours))), expected, rtol=2e-5)


def test_every_loss_of_optax_has_a_row_and_every_row_with_code_is_run():
    helpers = {
        "smooth_labels",
        "make_fenchel_young_loss",
        "convex_kl_divergence",
        "ctc_loss_with_forward_probs",
    }
    public = {name for name in dir(optax.losses) if not name.startswith("_")}
    assert ROWS.keys() == public - helpers
    assert {name for name, row in ROWS.items() if row.here} == PAIRS.keys()
    assert {row.name for row in OPTAX} - {""} <= REFERENCES.keys()
