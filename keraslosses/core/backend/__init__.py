"""The seam: the only folder of the runtime that names a backend, with a module for each.

What `keras.ops` cannot say portably or cannot say as fast as the backend can: whether a value can be looked
at, how many replicas share a step, reading and updating single rows of a variable, picking by labels, and
losses for which the backend has a kernel. `portable` has every function in `keras.ops`; a backend's module
has those that it does better, by the same name.
"""

from importlib import import_module
from typing import Any

import keras

from keraslosses.core.backend import portable

BACKEND = keras.backend.backend()
OWN_MODULE = ("jax", "tensorflow", "torch")
native = import_module(f"{__name__}.{BACKEND}") if BACKEND in OWN_MODULE else portable


def best(name: str) -> Any:
    """The backend's own form of a function, else the portable one."""
    return getattr(native, name, getattr(portable, name))


peek = best("peek")
unreadable = best("unreadable")
repaired = best("repaired")
computed = best("computed")
constant = best("constant")
has_float64 = best("has_float64")
full_precision = best("full_precision")
may_warn = best("may_warn")
replicas = best("replicas")
explicit = best("explicit")
explicit_mean = best("explicit_mean")
total = best("total")
negative_log_likelihood = best("negative_log_likelihood")
without_gradient_at_infinity = best("without_gradient_at_infinity")
filled_up = best("filled_up")
ctc = best("ctc")
class_sums = best("class_sums")
FAR_BELOW = best("FAR_BELOW")
size_and_sign = best("size_and_sign")
largest = best("largest")
pick = best("pick")
add_to_picked = best("add_to_picked")
multi_margin = best("multi_margin")
multi_label_margin = best("multi_label_margin")
take_rows = best("take_rows")
add_to_rows = best("add_to_rows")
gather_over_replicas = best("gather_over_replicas")
