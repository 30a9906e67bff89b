"""The losses of TensorFlow Addons, by their names there and with the same arguments and defaults.

This module is not imported with the package. Its import registers the losses with Keras under the names that
TensorFlow Addons gave them, such as `"Addons>ContrastiveLoss"`, so that a saved model with such a loss loads:

```python
import keraslosses.addons

model = keras.saving.load_model("model_with_addons.h5")
```

The values are those of TensorFlow Addons 0.23. For new models take the losses of `keraslosses` itself: they
have more options.
"""

from keraslosses.addons.batches import NpairsLoss, NpairsMultilabelLoss, WeightedKappaLoss
from keraslosses.addons.samples import (
    ContrastiveLoss,
    GIoULoss,
    PinballLoss,
    SigmoidFocalCrossEntropy,
    SparsemaxLoss,
)
from keraslosses.addons.triplets import LiftedStructLoss, TripletHardLoss, TripletSemiHardLoss

__all__ = [
    "ContrastiveLoss",
    "GIoULoss",
    "LiftedStructLoss",
    "NpairsLoss",
    "NpairsMultilabelLoss",
    "PinballLoss",
    "SigmoidFocalCrossEntropy",
    "SparsemaxLoss",
    "TripletHardLoss",
    "TripletSemiHardLoss",
    "WeightedKappaLoss",
]
