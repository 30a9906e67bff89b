"""A layer that says where the sequences of a batch end."""

from typing import Any

import keras

from keraslosses.core import checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.sequences import blank_class, lengths_of, prefix_mask
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor

# A logit so low that its probability is exactly 0, and within the range of float16.
NEVER = -1e4


@saved
class SequenceMask(FixedOptions, keras.layers.Layer):
    """Attaches the Keras mask of sequences whose lengths are known: the frames before each end.

    Layers behind it, `CTC`, `ctc_decode` and `EditDistance` read the mask. It replaces one that is there.

    A mask does not travel everywhere: `predict` drops it on every backend, and so does the training step of
    JAX before it computes metrics (its evaluation does not). With `blank_index` the frames behind the end
    become certain blanks as well, so that decoding them adds no label and does not change a probability.

    Args:
        blank_index: None: the values stay as they are. Else x holds logits, and this is the class of the
            blank, negative from the end: behind the end its logit becomes 0 and every other -10,000. No
            gradient flows to these frames.
        name, and other arguments of a Keras layer.

    Shapes: called as `layer(x, lengths)` with x `(batch, frames, ..)` and lengths `(batch,)` or `(batch, 1)`,
    integers from 0 to the number of frames; the result has the shape and type of x, its mask is `(batch,
    frames)`.

    Raises:
        ValueError: for lengths of another shape or type, for `blank_index` out of range, or for a length
            outside 0 to frames where it can be seen (eager, on the CPU). In compiled code a longer one
            counts as the number of frames, a negative one as 0.

    Example:

    >>> frames = keras.Input((None, 8))
    >>> lengths = keras.Input((), dtype="int32")
    >>> logits = keras.layers.Dense(5)(frames)
    >>> logits = keraslosses.SequenceMask(blank_index=0)(logits, lengths)
    >>> model = keras.Model([frames, lengths], logits)
    >>> print(model.predict([np.zeros((1, 3, 8)), np.array([2])], verbose=0)[0, 2].tolist())
    [0.0, -10000.0, -10000.0, -10000.0, -10000.0]
    """

    def __init__(self, blank_index: int | None = None, **kwargs: Any):
        checks.optional_integer("blank_index", blank_index)
        super().__init__(autocast=False, **kwargs)
        self.blank_index = blank_index
        self.supports_masking = True

    def call(self, x: Any, lengths: Tensor) -> Any:
        if len(x.shape) < 2:
            raise ValueError(
                f"`x` must have shape (batch, frames, ..) in SequenceMask. Received: x.shape={tuple(x.shape)}"
            )
        mask = prefix_mask(lengths_of("SequenceMask", "lengths", lengths, x), ops.shape(x)[1])
        output = ops.copy(x) if self.blank_index is None else self.with_blanks(x, mask)
        keras_internals.set_attribute(output, "_keras_mask", mask)
        return output

    def with_blanks(self, x: Any, mask: Tensor) -> Any:
        """Logits `(batch, frames, classes)`, those behind the end of certain blanks."""
        if len(x.shape) != 3:
            raise ValueError(
                "`x` must have shape (batch, frames, classes) in SequenceMask with a blank_index. "
                f"Received: x.shape={tuple(x.shape)}"
            )
        blank = blank_class(self.blank_index, x.shape[-1])
        is_blank = ops.arange(x.shape[-1], dtype="int32") == blank
        certain = ops.where(is_blank, ops.zeros((), dtype=x.dtype), NEVER)
        return ops.where(mask[:, :, None], x, certain)

    def compute_mask(self, x: Any, previous_mask: Any = None) -> None:
        """Nothing: `call`, which has the lengths, attaches the mask itself."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "blank_index": self.blank_index}
