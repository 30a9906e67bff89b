"""The class of a loss function, made without writing it."""

import inspect
from typing import Any

from keraslosses.core import checks
from keraslosses.core.loss import FunctionLoss
from keraslosses.core.saving import package_of, saved

KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD


def loss_class(function: Any, reference: Any = None) -> type[FunctionLoss]:
    """Makes the `keras.losses.Loss` of a loss function: `scaled_error` becomes `ScaledError`.

    The class takes the options of the function, then `reduction`, `name` and `dtype`, as Keras's losses do.
    Assign it to a name of its own in the module of the function, so that it can be pickled. Keras can save
    it: it is registered as `"Custom>ScaledError"`.

    Args:
        function: A function made by `loss_function`.
        reference: What the checks and the plots know of it: a `keraslosses.reference.Reference` with the
            formula in NumPy. Default: they know of its inputs what they are told.

    Raises:
        ValueError: for a function that `loss_function` did not make.

    Example:

    >>> from keras import ops
    >>> from keraslosses import kinds
    >>> @keraslosses.loss_function(kinds.Elementwise())
    ... def cubic_error(y_true, y_pred):
    ...     return ops.abs(y_pred - y_true) ** 3
    >>> CubicError = keraslosses.loss_class(cubic_error)
    >>> print(float(CubicError(reduction="sum")([[1.0], [2.0]], [[3.0], [2.0]])))
    8.0
    """
    if not hasattr(function, "contract"):
        raise checks.invalid("function", "be made by keraslosses.loss_function", function)
    signature = signature_of(function)

    def __init__(self: FunctionLoss, *args: Any, **kwargs: Any) -> None:
        given = signature.bind(self, *args, **kwargs)
        given.apply_defaults()
        options = dict(list(given.arguments.items())[1:])
        FunctionLoss.__init__(self, function, **options)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    members = {
        "__init__": __init__,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "reference": reference,
    }
    made = type(camel_case(function.__name__), (FunctionLoss,), members)
    return saved(made, package_of(function.__module__))


def signature_of(function: Any) -> inspect.Signature:
    """The arguments of the class: the options of the function, and those of every loss."""
    options = list(inspect.signature(function).parameters.values())[2:]
    given = {"reduction": "sum_over_batch_size", "name": function.__name__, "dtype": None}
    return inspect.Signature(
        [
            inspect.Parameter("self", KEYWORD),
            *(option.replace(kind=KEYWORD) for option in options),
            *(inspect.Parameter(name, KEYWORD, default=default) for name, default in given.items()),
        ]
    )


def camel_case(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
