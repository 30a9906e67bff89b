"""Functions that make NaN or infinity on purpose.

They compute NaN and infinity instead of using constants. Tools such as `tf.debugging.enable_check_numerics()`
would report a constant in the graph, even if no value is wrong.
"""

from keraslosses.core.backend import ops
from keraslosses.core.types import DType, Tensor


def nan_where(condition: Tensor, dtype: DType) -> Tensor:
    """0, but NaN where the condition is true."""
    return ops.sqrt(-ops.cast(condition, dtype))


def one_or_nan(broken: Tensor, dtype: DType) -> Tensor:
    """1, but NaN where an entry is broken. Used as a factor, it makes the gradient NaN too."""
    return 1.0 + nan_where(broken, dtype)


def inf_where(condition: Tensor, dtype: DType) -> Tensor:
    """0, but inf where the condition is true."""
    return 0.0 - ops.log(1.0 - ops.cast(condition, dtype))
