"""The code for each backend: the only folder of the runtime that names a backend.

These functions are missing in `keras.ops`, or a backend computes them faster: whether a value can be read,
how many replicas share a step, reading and updating single rows of a variable, picking by labels, and losses
for which a backend has a kernel. `portable` has all functions, written with `keras.ops`. The module of a
backend has functions with the same names that replace those of `portable`.
"""

from importlib import import_module
from typing import Any

import keras

from keraslosses.core.backend import portable

BACKEND = keras.backend.backend()
OWN_MODULE = ("jax", "tensorflow", "torch")
native = import_module(f"{__name__}.{BACKEND}") if BACKEND in OWN_MODULE else portable


def best(name: str) -> Any:
    """The function of the backend's module, or of `portable` if the backend has none."""
    return getattr(native, name, getattr(portable, name))


as_tensor = best("as_tensor")
dtype_name = best("dtype_name")
name_scope = best("name_scope")
peek = best("peek")
as_on_an_accelerator = best("as_on_an_accelerator")
unreadable = best("unreadable")
repaired = best("repaired")
CHECKS_ROWS = best("CHECKS_ROWS")
computed = best("computed")
constant = best("constant")
uniform = best("uniform")
has_float64 = best("has_float64")
full_precision = best("full_precision")
may_warn = best("may_warn")
replicas = best("replicas")
explicit = best("explicit")
explicit_mean = best("explicit_mean")
total = best("total")
sums_of_both = best("sums_of_both")
non_negative = best("non_negative")
between = best("between")
positive_total = best("positive_total")
apart = best("apart")
either = best("either")
unit = best("unit")
length = best("length")
times_unless_zero = best("times_unless_zero")
shown_unless_zero = best("shown_unless_zero")
mean_of = best("mean_of")
negative_log_likelihood = best("negative_log_likelihood")
without_gradient_at_infinity = best("without_gradient_at_infinity")
nan_where = best("nan_where")
one_or_nan = best("one_or_nan")
as_indices = best("as_indices")
take = best("take")
filled_up = best("filled_up")
ctc = best("ctc")
class_sums = best("class_sums")
memory_of_device = best("memory_of_device")
products_of_all = best("products_of_all")
FAR_BELOW = best("FAR_BELOW")
size_and_sign = best("size_and_sign")
at_least = best("at_least")
above_or_one = best("above_or_one")
smaller = best("smaller")
larger = best("larger")
extremes = best("extremes")
largest = best("largest")
largest_along = best("largest_along")
smallest_along = best("smallest_along")
running_max = best("running_max")
pick = best("pick")
add_to_picked = best("add_to_picked")
multi_margin = best("multi_margin")
multi_label_margin = best("multi_label_margin")
take_rows = best("take_rows")
add_to_rows = best("add_to_rows")
root = best("root")
squared_distances = best("squared_distances")
squared_differences = best("squared_differences")
places_among = best("places_among")
log_sum_exp_where = best("log_sum_exp_where")
by_rows = best("by_rows")
gather_over_replicas = best("gather_over_replicas")
rows_before = best("rows_before")
mean_over_replicas = best("mean_over_replicas")
