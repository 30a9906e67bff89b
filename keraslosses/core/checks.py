"""Rules for options, and the one form in which every mistake is reported.

A rule takes the name of an option and the value that was given, and raises `ValueError` when the value does
not fit. A loss names its rules where it is declared, so its function and its class check alike.
"""

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from keraslosses.core.spelling import suggestion

Rule = Callable[[str, Any], None]

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
# The default of Keras 2, which Keras 3 refuses.
AUTO = "auto"


def invalid(argument: str, expected: str, received: Any) -> ValueError:
    """The error for an argument: its name, what was expected, what came."""
    return ValueError(f"`{argument}` must {expected}. Received: {argument}={received!r}")


def is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and value == value


def is_integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def number(name: str, value: Any) -> None:
    if not (is_number(value) and abs(value) < float("inf")):
        raise invalid(name, "be a finite number", value)


def positive(name: str, value: Any) -> None:
    if not (is_number(value) and 0 < value < float("inf")):
        raise invalid(name, "be a positive number", value)


def non_negative(name: str, value: Any) -> None:
    if not (is_number(value) and 0 <= value < float("inf")):
        raise invalid(name, "be a number of at least 0", value)


def angle(name: str, value: Any) -> None:
    if not (is_number(value) and 0 <= value < math.pi):
        raise invalid(name, "be an angle in radians, at least 0 and below pi", value)


def fraction(name: str, value: Any) -> None:
    if not (is_number(value) and 0 <= value <= 1):
        raise invalid(name, "lie between 0 and 1", value)


def share(name: str, value: Any) -> None:
    if not (is_number(value) and 0 < value <= 1):
        raise invalid(name, "lie above 0 and at most at 1", value)


def integer(name: str, value: Any) -> None:
    if not is_integer(value):
        raise invalid(name, "be an integer", value)


def positive_integer(name: str, value: Any) -> None:
    if not (is_integer(value) and value > 0):
        raise invalid(name, "be a positive integer", value)


def boolean(name: str, value: Any) -> None:
    if value is not True and value is not False:
        raise invalid(name, "be True or False", value)


def optional_integer(name: str, value: Any) -> None:
    if value is not None and not is_integer(value):
        raise invalid(name, "be None or an integer", value)


def optional_weights(name: str, value: Any) -> None:
    """None, or one non-negative number for each class or output."""
    if value is None:
        return
    if not is_sequence(value) or not all(is_number(w) and 0 <= w < float("inf") for w in value):
        raise invalid(name, "be None or a sequence of numbers of at least 0, one for each class", value)


def optional_weight_or_weights(name: str, value: Any) -> None:
    """None, one non-negative number, or one for each output."""
    if is_number(value) and 0 <= value < float("inf"):
        return
    if value is not None and not is_sequence(value):
        raise invalid(name, "be None, a number of at least 0, or one such number for each output", value)
    optional_weights(name, value)


def weight_or_weights(name: str, value: Any) -> None:
    """One non-negative number, or one for each class."""
    if value is None:
        raise invalid(name, "be a number of at least 0, or a sequence of such numbers", value)
    optional_weight_or_weights(name, value)


def between_zero_and_one(name: str, value: Any) -> None:
    if not (is_number(value) and 0 < value < 1):
        raise invalid(name, "lie strictly between 0 and 1", value)


def tensor(name: str, value: Any) -> None:
    """Any tensor: the kind that reads it checks its shape."""


def one_of(*allowed: Any) -> Rule:
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
    return (isinstance(value, Sequence) and not isinstance(value, str)) or getattr(value, "ndim", None) == 1


def plain(value: Any) -> Any:
    """An option as Python numbers and lists, so that a config is JSON whatever the user passed."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if is_sequence(value):
        return [plain(item) for item in value]
    return value


def shapes_differ(y_true: Any, y_pred: Any, loss: str, expected: str) -> ValueError:
    """The error for two tensors that do not belong together."""
    return ValueError(
        f"`y_true` must {expected} in {loss}. "
        f"Received: y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}"
    )


def compatible(shape: Sequence[int | None], other: Sequence[int | None]) -> bool:
    """Whether two static shapes can be equal; an unknown size fits any."""
    return len(shape) == len(other) and all(
        a is None or b is None or a == b for a, b in zip(shape, other, strict=True)
    )


def vector_length(name: str, values: Sequence[float] | None, size: int | None) -> None:
    """One weight for each class: says how many classes there are, and how many weights came."""
    if values is not None and size is not None and len(values) != size:
        raise ValueError(
            f"`{name}` must hold {size} numbers, one for each class. "
            f"Received: {name} of length {len(values)}, {name}={plain(values)!r}"
        )


def axis_in_range(axis: int, rank: int) -> int:
    """The axis counted from the front."""
    if not -rank <= axis < rank:
        raise ValueError(
            f"`axis` must lie in [-{rank}, {rank}) for y_pred of rank {rank}. Received: axis={axis}"
        )
    return axis % rank
