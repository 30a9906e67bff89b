"""The losses of TensorFlow Addons, by their names there and with the same arguments and defaults.

This module is not imported with the package. Its import registers the losses with Keras under the names that
TensorFlow Addons gave them, such as `"Addons>ContrastiveLoss"`, so that a saved model with such a loss loads:

```python
import keraslosses.addons

model = keras.saving.load_model("model_with_addons.h5")
```

Its functions are here too, such as `triplet_semihard_loss`. They take the arguments that they have there, and
give a value for each sample or for the batch, as there.

The values are those of TensorFlow Addons 0.23. For new models take the losses of `keraslosses` itself: they
have more options.
"""

from keraslosses.addons.batches import NpairsLoss, NpairsMultilabelLoss, WeightedKappaLoss
from keraslosses.addons.functions import (
    contrastive_loss,
    giou_loss,
    lifted_struct_loss,
    npairs_loss,
    npairs_multilabel_loss,
    pinball_loss,
    sigmoid_focal_crossentropy,
    sparsemax_loss,
    triplet_hard_loss,
    triplet_semihard_loss,
)
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
    "contrastive_loss",
    "giou_loss",
    "lifted_struct_loss",
    "npairs_loss",
    "npairs_multilabel_loss",
    "pinball_loss",
    "sigmoid_focal_crossentropy",
    "sparsemax_loss",
    "triplet_hard_loss",
    "triplet_semihard_loss",
]
