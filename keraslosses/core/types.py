"""Names for types that Python cannot check, because each backend has its own.

They say what an argument is; mypy treats them as `Any`.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

# A tensor of the running backend, or what `ops.convert_to_tensor` takes: an array, numbers, nested lists.
Tensor: TypeAlias = Any
# A dtype's name, or what Keras takes in its place: a `DTypePolicy`, or None for `keras.config.floatx()`.
DType: TypeAlias = Any
# The size of each axis; None if it is not known before the code runs.
Shape: TypeAlias = tuple[int | None, ...]
# The options of a loss by name.
Options: TypeAlias = Mapping[str, Any]
