"""Predictions that carry a Keras mask, as those behind a Masking or Embedding layer do."""

import numpy as np
from keras import ops

from keraslosses.core import keras_internals


def masked(y_pred, mask):
    tensor = ops.convert_to_tensor(np.asarray(y_pred, "float32"))
    keras_internals.set_attribute(tensor, "_keras_mask", ops.convert_to_tensor(np.asarray(mask)))
    return tensor
