"""The migration tables: the code of a row has the value of the other library's loss.

The losses of torch, pytorch-metric-learning and MONAI are run. Those of libraries that are not installed are
written here again, in NumPy, from their source, or stand with the numbers of their documentation and tests.
stored_values.json holds numbers of mmdetection, google/bi-tempered-loss, LDAM-DRW and TensorFlow Addons' kappa, which could not
be installed: their functions, written again from their source, gave them in float64. Those of kornia, timm, coral-pytorch,
dlordinal and segmentation-models-pytorch come from the libraries.
"""

import json
import math
from pathlib import Path

import keras
import monai.losses
import numpy as np
import pytest
import torch
from peers import (
    CLASSES_OF_ALL,
    CLASSES_SECOND,
    LABEL_LISTS,
    LABELS,
    LOG_PROBABILITIES_SECOND,
    PER_CLASS,
    POSITIVE,
    PROBABILITIES,
    REAL,
    SIGNS,
    SIMPLEX,
    SOME_IGNORED,
    YES_NO,
    drawn,
    softmax,
)
from pytorch_metric_learning import losses as metric_learning

import keraslosses
from keraslosses.cli.migrate.table import TABLES

pytestmark = pytest.mark.deep_in_turn("jax", "tensorflow")

ROWS = {row.theirs: row for rows in TABLES.values() for row in rows}


def here(theirs, y_true, y_pred, classes=CLASSES_OF_ALL):
    """The value of the code of a row."""
    names = {"keraslosses": keraslosses, "math": math, "C": classes}
    return float(keras.ops.convert_to_numpy(eval(ROWS[theirs].here, names)(y_true, y_pred)))


def here_with(row, options, y_true, y_pred, classes=CLASSES_OF_ALL):
    """The value of the code of a row with their options, under the names that they have here."""
    config = eval(row.here, {"keraslosses": keraslosses, "C": classes}).get_config() | {
        row.arguments[name]: value for name, value in options.items()
    }
    return float(
        keras.ops.convert_to_numpy(getattr(keraslosses, row.name).from_config(config)(y_true, y_pred))
    )


def close(received, expected):
    np.testing.assert_allclose(received, expected, rtol=2e-5, atol=1e-6)


# torch: the loss with its defaults, its inputs, and ours where they differ.


def by_torch(theirs, y_pred, y_true, *lengths, **options):
    pred, true = torch.from_numpy(np.asarray(y_pred)).double(), torch.from_numpy(np.asarray(y_true))
    true = true.double() if true.is_floating_point() else true.long()
    return float(getattr(torch.nn, theirs.removeprefix("torch.nn."))(**options)(pred, true, *lengths))


ROW_LABELS, ROW_SCORES = LABELS.reshape(-1), REAL[1].reshape(-1, CLASSES_OF_ALL)
LISTS = LABEL_LISTS.reshape(-1, CLASSES_OF_ALL)
OF_TORCH = {
    "MSELoss": (REAL, REAL),
    "L1Loss": (REAL, REAL),
    "SmoothL1Loss": (REAL, REAL),
    "HuberLoss": (REAL, REAL),
    "CrossEntropyLoss": ((SOME_IGNORED, CLASSES_SECOND),) * 2,
    "NLLLoss": ((SOME_IGNORED, LOG_PROBABILITIES_SECOND),) * 2,
    "BCELoss": ((YES_NO, PROBABILITIES),) * 2,
    "BCEWithLogitsLoss": ((YES_NO, REAL[1]),) * 2,
    "MultiLabelSoftMarginLoss": ((YES_NO, REAL[1]),) * 2,
    "SoftMarginLoss": ((SIGNS, REAL[1]), (YES_NO, REAL[1])),
    "HingeEmbeddingLoss": ((SIGNS, POSITIVE[1]),) * 2,
    "KLDivLoss": ((SIMPLEX[0], np.log(SIMPLEX[1])), SIMPLEX),
    "PoissonNLLLoss": ((POSITIVE[0], REAL[1]), (POSITIVE[0], np.exp(REAL[1]))),
    "MultiMarginLoss": ((ROW_LABELS, ROW_SCORES),) * 2,
    "MultiLabelMarginLoss": ((LISTS, ROW_SCORES),) * 2,
}


@pytest.mark.parametrize("name", OF_TORCH)
# torch names what its mean of KL divergences lacks.
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
def test_torch(name):
    (true, pred), ours = OF_TORCH[name]
    close(here(f"torch.nn.{name}", *ours), by_torch(f"torch.nn.{name}", pred, true))


WEIGHT = np.array(PER_CLASS)
OPTIONS = [
    ("SmoothL1Loss", {"beta": 0.5}),
    ("HuberLoss", {"delta": 0.5}),
    ("CrossEntropyLoss", {"weight": WEIGHT, "label_smoothing": 0.1}),
    ("NLLLoss", {"weight": WEIGHT, "ignore_index": -100}),
    ("BCELoss", {"weight": WEIGHT}),
    ("BCEWithLogitsLoss", {"weight": WEIGHT, "pos_weight": WEIGHT[::-1].copy()}),
    ("MultiLabelSoftMarginLoss", {"weight": WEIGHT}),
    ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHT}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=[name for name, _ in OPTIONS])
def test_arguments_of_torch_under_their_names_here(name, options):
    (true, pred), ours = OF_TORCH[name]
    row = ROWS[f"torch.nn.{name}"]
    plain = {o: value.tolist() if isinstance(value, np.ndarray) else value for o, value in options.items()}
    theirs = {
        option: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        for option, value in options.items()
    }
    close(here_with(row, plain, *ours), by_torch(row.theirs, pred, true, **theirs))


def test_torch_ctc():
    frames = drawn(3, 8, 5)
    labels, lengths = np.array([[1, 2, 2], [3, -1, -1], [4, 1, -1]]), [3, 1, 2]
    by_time = np.log(softmax(frames)).transpose(1, 0, 2)
    theirs = by_torch("torch.nn.CTCLoss", by_time, np.maximum(labels, 0), [8, 8, 8], lengths)
    close(here("torch.nn.CTCLoss", labels, frames), theirs)


# Losses of several tensors, which ours reads stacked.
OF_TENSORS = {
    "CosineEmbeddingLoss": (SIGNS[:, 0, 0], REAL[1][:, :2]),
    "MarginRankingLoss": (SIGNS[:, 0, 0], REAL[1][:, 0, :2]),
    "TripletMarginLoss": (LABELS[:, 0], REAL[1][:, :3]),
}


@pytest.mark.parametrize("name", OF_TENSORS)
def test_torch_of_several_tensors(name):
    true, stacked = OF_TENSORS[name]
    parts = torch.from_numpy(stacked).double().unbind(1)
    given = parts if name == "TripletMarginLoss" else (*parts, torch.from_numpy(true))
    close(here(f"torch.nn.{name}", true, stacked), float(getattr(torch.nn, name)()(*given)))


def test_every_loss_of_torch_has_a_row_and_every_row_with_code_is_run():
    rows = {row.theirs.removeprefix("torch.nn."): row for row in TABLES["torch.nn"]}
    assert rows.keys() == set(torch.nn.modules.loss.__all__) - {"NLLLoss2d"}
    assert {name for name, row in rows.items() if row.here} == {"CTCLoss", *OF_TORCH, *OF_TENSORS}


# torchvision: the numbers of its tests (boxes) and its formula (focal loss)

BOXES = [[-1.0, -1, 1, 1], [0, 0, 1, 1], [0, 1, 1, 2], [1, 1, 2, 2]]
# By the places of two boxes in that list.
BY_DISTANCE = {(0, 0): 0, (0, 1): 0.8125, (0, 2): 1.1923, (0, 3): 1.25}
OF_TORCHVISION = {
    "generalized_box_iou_loss": {(0, 0): 0, (0, 1): 0.75, (1, 2): 1.0, (1, 3): 1.5},
    "distance_box_iou_loss": BY_DISTANCE,
    "complete_box_iou_loss": BY_DISTANCE,
}


@pytest.mark.parametrize("name", OF_TORCHVISION)
def test_boxes_of_torchvision(name):
    for (one, other), value in OF_TORCHVISION[name].items():
        received = here(f"torchvision.ops.{name}", [BOXES[one]], [BOXES[other]])
        np.testing.assert_allclose(received, value, atol=1e-4)


def sigmoid_focal(y, p, alpha=0.25):
    """The focal loss of every element: that of torchvision, TensorFlow Addons and KerasCV."""
    p_t = y * p + (1 - y) * (1 - p)
    return (alpha * y + (1 - alpha) * (1 - y)) * (1 - p_t) ** 2 * -np.log(p_t)


def test_focal_losses():
    elements = sigmoid_focal(YES_NO, PROBABILITIES.astype("float64"))
    close(here("torchvision.ops.sigmoid_focal_loss", YES_NO, REAL[1]), elements.mean())
    for theirs in ("tfa.losses.SigmoidFocalCrossEntropy", "keras_cv.losses.FocalLoss"):
        close(here(theirs, YES_NO, PROBABILITIES), elements.sum(-1).mean())


# TensorFlow Addons: the numbers of its documentation


def test_addons():
    values = [6.8532745e-06, 1.9097870e-04, 2.0559824e-05]
    close(
        here("tfa.losses.SigmoidFocalCrossEntropy", [[1.0], [1], [0]], [[0.97], [0.91], [0.03]], 1),
        np.mean(values),
    )
    boxes = [[4.0, 3, 7, 5], [5, 6, 10, 7]], [[3.0, 4, 6, 8], [14, 14, 15, 15]]
    close(here("tfa.losses.GIoULoss", *boxes), np.mean([1.075, 1.9333333]))
    distances = [0.9, 0.7, 1.3, 0.3, 1.0, 0.5]
    close(here("tfa.losses.ContrastiveLoss", [1.0, 1, 1, 0, 0, 0], distances, 1), 0.621666)


def test_addons_sequence_loss():
    """Its mean over times and batch: the weighted sum divided by the sum of the weights."""
    weights = np.array([[1.0, 1, 0.5, 0, 0]] * 3)
    of_label = np.take_along_axis(np.log(softmax(REAL[1])), LABELS[..., None], -1)[..., 0]
    loss = eval(ROWS["tfa.seq2seq.SequenceLoss"].here)
    received = loss(LABELS, REAL[1], sample_weight=weights.astype("float32"))
    close(keras.ops.convert_to_numpy(received), -(weights * of_label).sum() / weights.sum())


# KerasCV


def test_keras_cv():
    """Boxes and values of its tests, for one image; its boxes there are xywh."""
    true = np.array([[0.0, 0, 1, 1], [0, 0, 2, 3], [4, 5, 3, 6], [2, 2, 3, 3]])
    pred = np.array([[0.0, 0, 5, 6], [0, 0, 7, 3], [4, 5, 5, 6], [2, 1, 3, 3]])
    true[:, 2:] += true[:, :2]
    pred[:, 2:] += pred[:, :2]
    close(here("keras_cv.losses.GIoULoss", true, pred), 0.6452381)
    overlaps = [1 / 30, 2 / 7, 3 / 5, 1 / 2]
    close(here("keras_cv.losses.IoULoss", true, pred), -np.log(overlaps).mean())
    error = np.abs(REAL[0] - REAL[1])
    close(
        here("keras_cv.losses.SmoothL1Loss", *REAL),
        np.where(error < 1, error**2 / 2, error - 0.5).mean(),
    )


def test_keras_cv_ciou_with_its_smaller_term():
    """Its term for the aspect ratio is v², v = 4/π² (difference of the angles)²: 4/π² of the right one."""
    right = here("keras_cv.losses.CIoULoss", [[0.0, 0, 2, 4]], [[1.0, 1, 4, 3]])
    close(right, 1 - 0.0836961)
    assert abs((1 - 0.0941211) - right) > 0.01


# segmentation_models for Keras

MASKS, CLASSES = softmax(drawn(2, 4, 5, 3)).astype("float64"), 3
TRUE = np.eye(3)[np.argmax(drawn(2, 4, 5, 3), -1)]


def overlap_of_masks(axes, alpha, beta, smooth):
    hit = (TRUE * MASKS).sum(axes)
    wrong, missed = ((1 - TRUE) * MASKS).sum(axes), (TRUE * (1 - MASKS)).sum(axes)
    return np.mean(1 - (hit + smooth) / (hit + alpha * wrong + beta * missed + smooth))


def of_segmentation_models():
    """Its losses by name."""
    p_t = TRUE * MASKS + (1 - TRUE) * (1 - MASKS)
    parts = {
        "dice_loss": overlap_of_masks((0, 1, 2), 0.5, 0.5, 1e-5 / 2),
        "jaccard_loss": overlap_of_masks((0, 1, 2), 1, 1, 1e-5),
        "binary_crossentropy": -np.log(p_t).mean(),
        "categorical_crossentropy": -(TRUE * np.log(MASKS)).mean(),
        "binary_focal_loss": (0.25 * (1 - p_t) ** 2 * -np.log(p_t)).mean(),
        "categorical_focal_loss": -(TRUE * 0.25 * (1 - MASKS) ** 2 * np.log(MASKS)).mean(),
    }
    classes = {
        "DiceLoss": "dice_loss",
        "JaccardLoss": "jaccard_loss",
        "BinaryCELoss": "binary_crossentropy",
        "CategoricalCELoss": "categorical_crossentropy",
        "BinaryFocalLoss": "binary_focal_loss",
        "CategoricalFocalLoss": "categorical_focal_loss",
    }
    shorts = {
        "bce": "binary_crossentropy",
        "cce": "categorical_crossentropy",
        "binary_focal": "binary_focal_loss",
        "categorical_focal": "categorical_focal_loss",
    }
    sums = {
        f"{short}_{overlap}": parts[name] + parts[overlap]
        for short, name in shorts.items()
        for overlap in ("dice_loss", "jaccard_loss")
    }
    return parts | sums | {name: parts[of] for name, of in classes.items()}


def test_segmentation_models():
    expected = of_segmentation_models()
    rows = [row.theirs for row in TABLES["segmentation_models (Keras)"]]
    assert {name.rpartition(".")[2] for name in rows} == expected.keys()
    for name in rows:
        close(here(name, TRUE, MASKS, CLASSES), expected[name.rpartition(".")[2]])


# MONAI

TRUE_FIRST, MASKS_FIRST = (np.ascontiguousarray(np.moveaxis(array, -1, 1)) for array in (TRUE, MASKS))
OF_MONAI = {
    "DiceLoss": ({}, MASKS_FIRST),
    "TverskyLoss": ({}, MASKS_FIRST),
    "GeneralizedDiceLoss": ({}, MASKS_FIRST),
    "FocalLoss": ({}, drawn(*MASKS_FIRST.shape)),
    # Their logits, of which ours gets the probabilities.
    "DiceCELoss": ({"softmax": True}, np.log(MASKS_FIRST)),
    "DiceFocalLoss": ({"sigmoid": True}, np.log(MASKS_FIRST) - np.log1p(-MASKS_FIRST)),
}


@pytest.mark.parametrize("name", OF_MONAI)
def test_monai(name):
    options, pred = OF_MONAI[name]
    theirs = getattr(monai.losses, name)(**options)
    expected = theirs(torch.from_numpy(pred), torch.from_numpy(TRUE_FIRST))
    ours = MASKS_FIRST if options else pred
    close(here(f"monai.losses.{name}", TRUE_FIRST, ours), float(expected))


MONAI_OPTIONS = [
    ("DiceLoss", {"batch": True}, keraslosses.Dice(axis=(0, 2, 3))),
    ("DiceLoss", {"jaccard": True}, keraslosses.Tversky(alpha=1.0, beta=1.0, axis=(2, 3))),
    ("TverskyLoss", {"alpha": 0.3, "beta": 0.7}, keraslosses.Tversky(alpha=0.3, beta=0.7, axis=(2, 3))),
    ("DiceLoss", {"squared_pred": True}, keraslosses.Dice(axis=(2, 3), squared=True)),
    ("DiceLoss", {"jaccard": True}, keraslosses.Jaccard(axis=(2, 3))),
    ("DiceLoss", {"smooth_nr": 2.0, "smooth_dr": 2.0}, keraslosses.Dice(axis=(2, 3), smooth=2.0)),
    (
        "GeneralizedDiceLoss",
        {"w_type": "simple", "batch": True, "smooth_nr": 0.5, "smooth_dr": 0.5},
        keraslosses.GeneralizedDice("simple", axis=(0, 2, 3), class_axis=1, smooth=0.5),
    ),
    (
        "FocalLoss",
        {"alpha": 0.3, "gamma": 1.5},
        keraslosses.BinaryFocalCrossentropy(
            apply_class_balancing=True, alpha=0.3, gamma=1.5, from_logits=True
        ),
    ),
    (
        "FocalLoss",
        {"use_softmax": True},
        1 / CLASSES * keraslosses.CategoricalFocalCrossentropy(from_logits=True, alpha=1.0, axis=1),
    ),
]


@pytest.mark.parametrize(("name", "options", "ours"), MONAI_OPTIONS)
def test_what_the_rows_say_about_options_of_monai(name, options, ours):
    theirs = getattr(monai.losses, name)(**options)
    pred = OF_MONAI[name][1]
    expected = theirs(torch.from_numpy(pred), torch.from_numpy(TRUE_FIRST))
    close(keras.ops.convert_to_numpy(ours(TRUE_FIRST, pred)), float(expected))


def test_unified_focal_of_monai():
    """Of two classes, whose probabilities theirs reads."""
    pred = np.stack([MASKS_FIRST[:, 0], 1 - MASKS_FIRST[:, 0]], 1)
    true = np.stack([TRUE_FIRST[:, 0], 1 - TRUE_FIRST[:, 0]], 1)
    theirs = monai.losses.AsymmetricUnifiedFocalLoss()(*map(torch.from_numpy, (pred, true)))
    close(here("monai.losses.AsymmetricUnifiedFocalLoss", true, pred), float(theirs))


def test_boxes_of_monai():
    true, pred = (torch.tensor(BOXES)[places] for places in ([0, 0, 1, 1], [0, 1, 2, 3]))
    expected = monai.losses.BoxGIoULoss()(pred, true)
    close(here("monai.losses.BoxGIoULoss", true.numpy(), pred.numpy()), float(expected))


def test_masked_dice_of_monai():
    mask = (np.arange(20).reshape(1, 1, 4, 5) % 3 > 0).astype("float64")
    expected = monai.losses.MaskedDiceLoss()(*map(torch.from_numpy, (MASKS_FIRST, TRUE_FIRST, mask)))
    received = keraslosses.Dice(axis=(2, 3), class_axis=1)(TRUE_FIRST, MASKS_FIRST, mask[:, 0])
    close(keras.ops.convert_to_numpy(received), float(expected))


# Losses of images, of registration and of training steps, and wrappers: no loss of this package is alike.
OTHER_TASKS_OF_MONAI = {
    "BendingEnergyLoss", "DeepSupervisionLoss", "DiffusionLoss", "GlobalMutualInformationLoss", "JukeboxLoss",
    "LocalNormalizedCrossCorrelationLoss", "MaskedLoss", "MultiScaleLoss", "PatchAdversarialLoss",
    "PerceptualLoss", "SSIMLoss", "SURELoss",
}  # fmt: skip


def test_soft_cldice_of_monai_for_one_class():
    """Its `smooth` of 1e-4 is as good as nothing here."""
    true, pred = TRUE_FIRST[:, :1], MASKS_FIRST[:, :1]
    theirs = monai.losses.SoftclDiceLoss(smooth=1e-12)
    close(
        here("monai.losses.SoftclDiceLoss", true, pred), float(theirs(*map(torch.from_numpy, (pred, true))))
    )


def test_every_loss_of_monai_has_a_row():
    rows = {row.theirs.removeprefix("monai.losses."): row for row in TABLES["MONAI"]}
    assert rows.keys() | OTHER_TASKS_OF_MONAI == {name for name in dir(monai.losses) if name.endswith("Loss")}
    assert {name for name, row in rows.items() if row.here} == OF_MONAI.keys() | {
        "BoxGIoULoss",
        "AsymmetricUnifiedFocalLoss",
        "SoftclDiceLoss",
    }


# Numbers of the libraries

STORED = json.loads(Path(__file__).with_name("stored_values.json").read_text("utf-8"))


@pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored["call"])
def test_stored_values(stored):
    true, pred = np.array(stored["y_true"]), np.array(stored["y_pred"], "float32")
    true = true if true.dtype.kind == "i" else true.astype("float32")
    theirs, classes = stored["theirs"], pred.shape[1]
    if "here" in stored:
        names = {"keraslosses": keraslosses, "C": classes}
        received = float(keras.ops.convert_to_numpy(eval(stored["here"], names)(true, pred)))
    elif stored["options"]:
        received = here_with(ROWS[theirs], stored["options"], true, pred, classes)
    else:
        received = here(theirs, true, pred, classes)
    close(received, stored["value"])


STORED_LIBRARIES = (
    "segmentation_models_pytorch",
    "kornia",
    "mmdetection",
    "timm",
    "coral-pytorch",
    "dlordinal",
)
WITH_DEFAULTS = {stored["theirs"] for stored in STORED if stored.get("options") == {}}


def test_every_row_of_these_libraries_with_code_has_a_stored_value_with_its_defaults():
    """Some of dlordinal's make the targets, which `soft_ordinal_labels` does here."""
    made = {stored["theirs"] for stored in STORED if "soft_ordinal_labels" in stored.get("here", "")}
    rows = {row.theirs for library in STORED_LIBRARIES for row in TABLES[library] if row.here}
    assert rows <= WITH_DEFAULTS | made


# pytorch-metric-learning

FEATURES, DIRECTIONS = drawn(12, 4), drawn(4, CLASSES_OF_ALL)
UNITS = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
COSINES = UNITS @ (DIRECTIONS / np.linalg.norm(DIRECTIONS, axis=0))
PERSONS = np.arange(12) % 4


@pytest.mark.parametrize("name", ["ArcFaceLoss", "CosFaceLoss", "SphereFaceLoss"])
# SphereFaceLoss takes SciPy's binomials of torch's numbers, of which NumPy 2 warns.
@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning")
def test_margins_of_metric_learning(name):
    theirs = getattr(metric_learning, name)(CLASSES_OF_ALL, 4)
    theirs.W.data = torch.from_numpy(DIRECTIONS)
    expected = theirs(torch.from_numpy(UNITS), torch.from_numpy(PERSONS)).detach()
    close(here(f"pytorch_metric_learning.losses.{name}", PERSONS, COSINES), float(expected))


# Two samples of each of two persons, so that each has partners.
FOUR = np.array([0, 0, 1, 1])


@pytest.mark.parametrize(
    "name",
    [
        "TripletMarginLoss",
        "ContrastiveLoss",
        "LiftedStructureLoss",
        "MultiSimilarityLoss",
        "SupConLoss",
        "NTXentLoss",
        "FastAPLoss",
        "SmoothAPLoss",
    ],
)
def test_pairs_of_metric_learning(name):
    rows = np.concatenate([UNITS, -UNITS])[:4]
    expected = getattr(metric_learning, name)()(torch.from_numpy(rows), torch.from_numpy(FOUR))
    close(here(f"pytorch_metric_learning.losses.{name}", FOUR, rows), float(expected))


def test_circle_of_metric_learning():
    expected = metric_learning.CircleLoss()(torch.from_numpy(UNITS), torch.from_numpy(PERSONS))
    close(here("pytorch_metric_learning.losses.CircleLoss", PERSONS, UNITS), float(expected))


def test_vicreg_of_metric_learning():
    views = np.stack([FEATURES, UNITS], axis=1)
    expected = metric_learning.VICRegLoss()(torch.from_numpy(FEATURES), ref_emb=torch.from_numpy(UNITS))
    close(here("pytorch_metric_learning.losses.VICRegLoss", PERSONS, views), float(expected))


# Keras 2


def test_keras_2():
    close(here("tf.keras.losses.Huber", *REAL), by_torch("torch.nn.HuberLoss", *REAL[::-1]))
    names = ("AUTO", "SUM_OVER_BATCH_SIZE", "SUM", "NONE")
    for name in names:
        reduction = eval(ROWS[f"tf.keras.losses.Reduction.{name}"].here)
        assert keras.losses.Huber(reduction=reduction).reduction == reduction


def test_every_row_with_code_is_run_here():
    """The tests above name each row; some libraries check this themselves."""
    checked = ("torch.nn", "segmentation_models (Keras)", "MONAI", "optax", "Keras 2", *STORED_LIBRARIES)
    text = Path(__file__).read_text("utf-8")
    for title, rows in TABLES.items():
        if title not in checked:
            for row in rows:
                name = row.theirs.rpartition(".")[2]
                assert not row.here or row.theirs in WITH_DEFAULTS or name in text, row.theirs
