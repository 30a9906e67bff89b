"""A layer that makes a Keras mask from the lengths of the sequences in a batch."""

from typing import Any

import keras

from keraslosses.core import checks, keras_internals
from keraslosses.core.backend import ops
from keraslosses.core.fixed import FixedOptions
from keraslosses.core.kinds.sequences import blank_class, lengths_of, prefix_mask
from keraslosses.core.saving import saved
from keraslosses.core.types import Tensor

# With this logit a probability is exactly 0. The number is within the range of float16.
NEVER = -1e4


@saved
class SequenceMask(FixedOptions, keras.layers.Layer):
    """Attaches a Keras mask to sequences of known lengths: the mask keeps the frames before the end.

    The layers after it, `CTC`, `ctc_decode` and `EditDistance` read the mask. It replaces a mask that x has.

    Keras does not always keep a mask. `predict` drops it on every backend. On JAX, the training step drops it
    before it computes metrics; evaluation keeps it. Set `blank_index` for such cases: the frames after the
    end then become blanks with probability 1. Decoding them adds no label and changes no probability.

    Args:
        blank_index: The class of the blank; a negative index counts from the end. Then x must hold logits:
            after the end, the logit of the blank becomes 0 and every other logit -10,000. No gradient flows
            to these frames. Default: None, the values do not change.
        **kwargs: `name` and the other arguments of a Keras layer.

    Shapes: call it as `layer(x, lengths)`. x is `(batch, frames, ..)`. The lengths are `(batch,)` or
    `(batch, 1)`, integers from 0 to the number of frames. The result has the shape and dtype of x. Its mask
    is `(batch, frames)`.

    Raises:
        ValueError: If lengths have another shape or dtype, if `blank_index` is out of range, or if a length
            is negative or above the number of frames. Lengths are checked in eager code on the CPU.
            Elsewhere, a length that is too large counts as the number of frames, and a negative one as 0.

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

    def call(self, x: Tensor, lengths: Tensor) -> Tensor:
        if len(x.shape) < 2:
            raise ValueError(
                f"`x` must have shape (batch, frames, ..) in SequenceMask. Received: x.shape={tuple(x.shape)}"
            )
        mask = prefix_mask(lengths_of("SequenceMask", "lengths", lengths, x), ops.shape(x)[1])
        output = ops.copy(x) if self.blank_index is None else self.with_blanks(x, mask)
        keras_internals.set_attribute(output, "_keras_mask", mask)
        return output

    def with_blanks(self, x: Tensor, mask: Tensor) -> Tensor:
        """The logits `(batch, frames, classes)`, in which the frames after the end are certainly blanks."""
        if len(x.shape) != 3:
            raise ValueError(
                "`x` must have shape (batch, frames, classes) in SequenceMask with a blank_index. "
                f"Received: x.shape={tuple(x.shape)}"
            )
        blank = blank_class(self.blank_index, x.shape[-1])
        is_blank = ops.arange(x.shape[-1], dtype="int32") == blank
        certain = ops.where(is_blank, ops.zeros((), dtype=x.dtype), NEVER)
        return ops.where(mask[:, :, None], x, certain)

    def compute_mask(self, x: Tensor, previous_mask: Any = None) -> None:
        """Does nothing: `call` has the lengths, so it attaches the mask."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "blank_index": self.blank_index}
