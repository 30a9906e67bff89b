"""The tables of the page "Migrate": the losses of other libraries, and what takes their place here."""

from keraslosses.cli.migrate.of_jax import OPTAX
from keraslosses.cli.migrate.of_keras import KERAS_2, KERAS_CV, SEGMENTATION_MODELS, TENSORFLOW_ADDONS
from keraslosses.cli.migrate.of_torch import METRIC_LEARNING, SEGMENTATION_MODELS_PYTORCH, TORCH, TORCHVISION
from keraslosses.cli.migrate.row import Row

TABLES: dict[str, tuple[Row, ...]] = {
    "TensorFlow Addons": TENSORFLOW_ADDONS,
    "torch.nn": TORCH,
    "torchvision": TORCHVISION,
    "segmentation_models (Keras)": SEGMENTATION_MODELS,
    "segmentation_models_pytorch": SEGMENTATION_MODELS_PYTORCH,
    "KerasCV": KERAS_CV,
    "pytorch-metric-learning": METRIC_LEARNING,
    "optax": OPTAX,
    "Keras 2": KERAS_2,
}
