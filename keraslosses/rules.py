"""Rules for the options of a loss function: each raises `ValueError` for a value that does not fit.

A rule is a function of the option's name and the value that was given. Your own rule is such a function too:

```python
def even(name, value):
    if value % 2:
        raise ValueError(f"`{name}` must be even. Received: {name}={value!r}")
```
"""

from keraslosses.core.checks import (
    Rule,
    angle,
    between_zero_and_one,
    boolean,
    fraction,
    integer,
    invalid,
    non_negative,
    number,
    one_of,
    optional_integer,
    optional_weights,
    positive,
    positive_integer,
    share,
    tensor,
)
from keraslosses.core.kinds.regions import axes_or_none

__all__ = [
    "Rule",
    "angle",
    "axes_or_none",
    "between_zero_and_one",
    "boolean",
    "fraction",
    "integer",
    "invalid",
    "non_negative",
    "number",
    "one_of",
    "optional_integer",
    "optional_weights",
    "positive",
    "positive_integer",
    "share",
    "tensor",
]
