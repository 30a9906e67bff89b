"""NaN and infinity where they are meant, and nowhere else.

Both are computed: as a number in the graph they would be seen by tools that watch a training for them, such
as `tf.debugging.enable_check_numerics()`, although nothing is wrong.
"""

from keraslosses.core.backend import ops
from keraslosses.core.types import DType, Tensor


def nan_where(condition: Tensor, dtype: DType) -> Tensor:
    """0, and NaN where the condition holds."""
    return ops.sqrt(-ops.cast(condition, dtype))


def one_or_nan(broken: Tensor, dtype: DType) -> Tensor:
    """1, and NaN where something is broken: as a factor it makes NaN of the gradient too."""
    return 1.0 + nan_where(broken, dtype)


def inf_where(condition: Tensor, dtype: DType) -> Tensor:
    """0, and inf where the condition holds."""
    return 0.0 - ops.log(1.0 - ops.cast(condition, dtype))
