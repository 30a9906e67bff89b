"""The tables of the pages on migration: the losses of other libraries, and what takes their place here."""

from keraslosses.cli.migrate.of_classes import CORAL_PYTORCH, DLORDINAL, TIMM
from keraslosses.cli.migrate.of_jax import OPTAX
from keraslosses.cli.migrate.of_keras import KERAS_2, KERAS_CV, SEGMENTATION_MODELS, TENSORFLOW_ADDONS
from keraslosses.cli.migrate.of_mmdetection import MMDETECTION
from keraslosses.cli.migrate.of_monai import MONAI
from keraslosses.cli.migrate.of_segmentation import KORNIA, SEGMENTATION_MODELS_PYTORCH
from keraslosses.cli.migrate.of_torch import METRIC_LEARNING, TORCH, TORCHVISION
from keraslosses.cli.migrate.row import Row

Tables = dict[str, tuple[Row, ...]]

FOR_KERAS: Tables = {
    "TensorFlow Addons": TENSORFLOW_ADDONS,
    "segmentation_models (Keras)": SEGMENTATION_MODELS,
    "KerasCV": KERAS_CV,
    "Keras 2": KERAS_2,
}
OF_TORCH: Tables = {"torch.nn": TORCH, "torchvision": TORCHVISION}
FOR_MASKS_ON_TORCH: Tables = {
    "segmentation_models_pytorch": SEGMENTATION_MODELS_PYTORCH,
    "kornia": KORNIA,
    "MONAI": MONAI,
}
FOR_TORCH: Tables = {
    "mmdetection": MMDETECTION,
    "pytorch-metric-learning": METRIC_LEARNING,
    "timm": TIMM,
    "coral-pytorch": CORAL_PYTORCH,
    "dlordinal": DLORDINAL,
}
FOR_JAX: Tables = {"optax": OPTAX}
TABLES: Tables = {**FOR_KERAS, **OF_TORCH, **FOR_MASKS_ON_TORCH, **FOR_TORCH, **FOR_JAX}
