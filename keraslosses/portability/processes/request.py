"""Checks the arguments of the user, and turns a target with its inputs into a request for the worker."""

from collections.abc import Collection, Sequence
from typing import Any

from keraslosses.core.spelling import did_you_mean
from keraslosses.portability.checks import CHECKS
from keraslosses.portability.targets.inputs import KINDS, own_arrays
from keraslosses.reference import REFERENCES

# The name of the check that always runs, before the others.
RUNS = "runs"
DTYPES = ("float16", "bfloat16", "float32", "float64")


class WrongUse(ValueError):
    """A wrong argument. `argument` is its name."""

    def __init__(self, argument: str, text: str):
        super().__init__(f"`{argument}`: {text}")
        self.argument, self.text = argument, text


def described(
    text: str,
    like: str | None = None,
    inputs: str = "real",
    shape: Sequence[int] = (),
    dtype: str = "float32",
    coupled: bool = False,
) -> dict[str, Any]:
    """The target as the worker reads it.

    Raises:
        WrongUse: If an argument has a value that is not allowed.
    """
    if like is not None:
        one_of("like", like, REFERENCES)
    one_of("dtype", dtype, DTYPES)
    own = inputs.endswith(".npz")
    if own:
        check_file(inputs)
        if shape:
            raise WrongUse("shape", f"{inputs} already has a shape. Received: {tuple(shape)}")
    else:
        one_of("inputs", inputs, KINDS)
        check_shape(shape, inputs)
    return {
        "text": text,
        "like": like,
        "kind": "real" if own else inputs,
        "file": inputs if own else None,
        "shape": list(shape),
        "dtype": dtype,
        "coupled": coupled or (not own and KINDS[inputs][0].coupled),
    }


def chosen_checks(names: Sequence[str]) -> list[str]:
    """The checks that the user named, in the order of `CHECKS`, without the one that always runs.

    Default: all checks.

    Raises:
        WrongUse: If a name is not a check.
    """
    for name in names:
        one_of("checks", name, (RUNS, *CHECKS))
    return [name for name in CHECKS if name in names or not names]


def one_of(argument: str, value: Any, known: Collection[str]) -> None:
    if value not in known:
        expected = f"expected one of {', '.join(known)}. Received: {value!r}"
        raise WrongUse(argument, f"{expected}{did_you_mean(str(value), known)}")


def check_file(path: str) -> None:
    try:
        own_arrays(path)
    except ValueError as error:
        raise WrongUse("inputs", str(error)) from None


def check_shape(shape: Sequence[int], name: str) -> None:
    """Checks that a shape has enough axes for the kind, and the last axis that it needs (four for boxes)."""
    kind, _ = KINDS[name]
    positive = len(shape) >= len(kind.shape) and all(size > 0 for size in shape)
    if shape and not (positive and shape[-1] == (kind.width or shape[-1])):
        raise WrongUse("shape", f"expected a shape of {name}, such as {kind.shape}. Received: {tuple(shape)}")
