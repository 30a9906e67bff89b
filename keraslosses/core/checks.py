"""Rules for options, and the form of all error messages.

A rule takes the name of an option and its value. It raises `ValueError` if the value is not allowed. The
decorator of a loss names the rules, so the function and the class of the loss check the same.
"""

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from keraslosses.core.spelling import suggestion

# A function of the name of an option and its value, which raises ValueError for a value that is not allowed.
Rule = Callable[[str, Any], None]

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
# The default of Keras 2, which Keras 3 refuses.
AUTO = "auto"


def invalid(argument: str, expected: str, received: Any) -> ValueError:
    """Makes the error for a value that is not allowed.

    Args:
        argument: The name of the argument.
        expected: The words that follow "must" in the message, such as "be even".
        received: The value that the user gave.

    Returns:
        A `ValueError`. The caller raises it.

    Example:

    >>> print(keraslosses.rules.invalid("size", "be even", 3))
    `size` must be even. Received: size=3
    """
    return ValueError(f"`{argument}` must {expected}. Received: {argument}={received!r}")


def is_number(value: Any) -> bool:
    """Whether a value is a real number; NaN and bools are not, infinities are."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value


def is_integer(value: Any) -> bool:
    """Whether a value is an integer, of Python or NumPy; bools are not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def number(name: str, value: Any) -> None:
    """Allows finite real numbers; NaN, infinities and bools are not allowed."""
    if not (is_number(value) and abs(value) < float("inf")):
        raise invalid(name, "be a finite number", value)


def positive(name: str, value: Any) -> None:
    """Allows finite numbers above 0."""
    if not (is_number(value) and 0 < value < float("inf")):
        raise invalid(name, "be a positive number", value)


def non_negative(name: str, value: Any) -> None:
    """Allows finite numbers of at least 0."""
    if not (is_number(value) and 0 <= value < float("inf")):
        raise invalid(name, "be a number of at least 0", value)


def negative(name: str, value: Any) -> None:
    """Allows finite numbers below 0."""
    if not (is_number(value) and -float("inf") < value < 0):
        raise invalid(name, "be a negative number", value)


def at_least_one(name: str, value: Any) -> None:
    """Allows finite numbers of at least 1."""
    if not (is_number(value) and 1 <= value < float("inf")):
        raise invalid(name, "be a number of at least 1", value)


def cosine(name: str, value: Any) -> None:
    """Allows numbers from -1 to 1."""
    if not (is_number(value) and -1 <= value <= 1):
        raise invalid(name, "lie between -1 and 1", value)


def angle(name: str, value: Any) -> None:
    """Allows angles in radians: numbers of at least 0 and smaller than pi."""
    if not (is_number(value) and 0 <= value < math.pi):
        raise invalid(name, "be an angle in radians, at least 0 and below pi", value)


def fraction(name: str, value: Any) -> None:
    """Allows numbers from 0 to 1; 0 and 1 are allowed."""
    if not (is_number(value) and 0 <= value <= 1):
        raise invalid(name, "lie between 0 and 1", value)


def optional_fraction(name: str, value: Any) -> None:
    """Allows None and numbers from 0 to 1."""
    if value is not None and not (is_number(value) and 0 <= value <= 1):
        raise invalid(name, "be None or lie between 0 and 1", value)


def share(name: str, value: Any) -> None:
    """Allows numbers above 0 and at most 1."""
    if not (is_number(value) and 0 < value <= 1):
        raise invalid(name, "be above 0 and at most 1", value)


def integer(name: str, value: Any) -> None:
    """Allows integers, of Python or NumPy; bools are not allowed."""
    if not is_integer(value):
        raise invalid(name, "be an integer", value)


def positive_integer(name: str, value: Any) -> None:
    """Allows integers above 0."""
    if not (is_integer(value) and value > 0):
        raise invalid(name, "be a positive integer", value)


def optional_positive_integer(name: str, value: Any) -> None:
    """Allows None and integers above 0."""
    if value is not None and not (is_integer(value) and value > 0):
        raise invalid(name, "be None or a positive integer", value)


def boolean(name: str, value: Any) -> None:
    """Allows only True and False."""
    if value is not True and value is not False:
        raise invalid(name, "be True or False", value)


def optional_number(name: str, value: Any) -> None:
    """Allows None and finite real numbers."""
    if value is not None and not (is_number(value) and abs(value) < float("inf")):
        raise invalid(name, "be None or a finite number", value)


def optional_integer(name: str, value: Any) -> None:
    """Allows None and integers."""
    if value is not None and not is_integer(value):
        raise invalid(name, "be None or an integer", value)


def optional_weights(name: str, value: Any) -> None:
    """Allows None, or a sequence of finite numbers of at least 0: one for each class.

    A rule does not know the number of classes. The kind that reads the inputs checks the length.
    """
    if value is None:
        return
    if not is_sequence(value) or not all(is_number(w) and 0 <= w < float("inf") for w in value):
        raise invalid(name, "be None or a sequence of numbers of at least 0, one for each class", value)


def optional_weight_or_weights(name: str, value: Any) -> None:
    """Allows None, one finite number of at least 0, or a sequence of such numbers: one for each output."""
    if is_number(value) and 0 <= value < float("inf"):
        return
    if value is not None and not is_sequence(value):
        raise invalid(name, "be None, a number of at least 0, or one such number for each output", value)
    optional_weights(name, value)


def weight_or_weights(name: str, value: Any) -> None:
    """Allows one finite number of at least 0, or a sequence of such numbers: one for each class."""
    if value is None:
        raise invalid(name, "be a number of at least 0, or a sequence of such numbers", value)
    optional_weight_or_weights(name, value)


def counts(name: str, value: Any) -> None:
    """Allows a sequence of finite numbers of at least 0, one for each class, that are not all 0."""
    fits = is_sequence(value) and all(is_number(n) and 0 <= n < float("inf") for n in value)
    if not fits or not any(value):
        raise invalid(
            name, "be a sequence of numbers of at least 0, one for each class, and not all 0", value
        )


def between_zero_and_one(name: str, value: Any) -> None:
    """Allows numbers above 0 and smaller than 1; 0 and 1 are not allowed."""
    if not (is_number(value) and 0 < value < 1):
        raise invalid(name, "lie strictly between 0 and 1", value)


def tensor(name: str, value: Any) -> None:
    """Allows any value: the rule for an option that is a tensor. The kind checks its shape."""


def one_of(*allowed: Any) -> Rule:
    """Makes a rule that allows only the given values.

    Args:
        *allowed: The values that the option may have. None may be one of them.

    Returns:
        A rule. A value passes if it equals one of the allowed values and has the same type.

    Example:

    >>> rule = keraslosses.rules.one_of("l1", "l2")
    >>> rule("norm", "l2")
    """

    def rule(name: str, value: Any) -> None:
        if not any(
            value is choice or (value == choice and type(value) is type(choice)) for choice in allowed
        ):
            error = invalid(name, f"be one of {', '.join(map(repr, allowed))}", value)
            raise ValueError(f"{error}{suggestion(value, allowed)}")

    return rule


def reduction(name: str, value: Any) -> None:
    """One of the reductions of Keras 3."""
    if value == AUTO:
        expected = f"be {REDUCTIONS[0]!r}, which Keras 2 called {AUTO!r}"
        raise invalid(name, expected, value)
    one_of(*REDUCTIONS)(name, value)


def is_sequence(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list, a tuple, another sequence or an array with one axis; strings are not."""
    return (isinstance(value, Sequence) and not isinstance(value, str | bytes)) or getattr(
        value, "ndim", None
    ) == 1


def plain(value: Any) -> Any:
    """The option with Python numbers and lists in place of arrays, so that a config can be saved as JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if is_sequence(value):
        return [plain(item) for item in value]
    return value


def shapes_differ(y_true: Any, y_pred: Any, loss: str, expected: str) -> ValueError:
    """The error for a y_true and a y_pred whose shapes do not fit together."""
    return ValueError(
        f"`y_true` must {expected} in {loss}. "
        f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
    )


def compatible(shape: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two static shapes can be equal; an unknown size fits any size."""
    return len(shape) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(shape, other, strict=True)
    )


def vector_length(name: str, values: Sequence[float] | None, size: int | None) -> None:
    """Raises unless there is one number for each class. None and an unknown number of classes pass."""
    if values is not None and size is not None and len(values) != size:
        raise ValueError(
            f"`{name}` must hold {size} numbers, one for each class. "
            f"Received: {name} of length {len(values)}, {name}={plain(values)!r}"
        )


def axis_in_range(axis: int, rank: int, name: str = "axis") -> int:
    """The axis, counted from the first; raises if y_pred of this rank has no such axis."""
    if not -rank <= axis < rank:
        raise ValueError(
            f"`{name}` must lie in [-{rank}, {rank}) for y_pred of rank {rank}. Received: {name}={axis}"
        )
    return axis % rank


def class_axis(axis: int, rank: int, owner: str) -> int:
    """The axis of the classes, counted from the first; raises if it is that of the batch."""
    place = axis_in_range(axis, rank, "class_axis")
    if place == 0:
        raise invalid("class_axis", f"not be the axis of the batch in {owner}", axis)
    return place
