"""Rules for the options of a loss function. A rule raises `ValueError` for a value that is not allowed.

A rule is a function with two arguments: the name of the option, and its value. You can write your own:

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
