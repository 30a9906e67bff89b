"""`loss_class` makes the class of a loss function."""

import inspect
from typing import Any

from keraslosses.core import checks
from keraslosses.core.loss import FunctionLoss
from keraslosses.core.saving import package_of, saved

KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD


def loss_class(function: Any, reference: Any = None) -> type[FunctionLoss]:
    """Makes the class of a loss function, a `keras.losses.Loss`: `scaled_error` becomes `ScaledError`.

    The class takes the options of the function, then `reduction`, `name` and `dtype`, like the losses of
    Keras. Assign the class to the name `ScaledError` in the module of the function; then it can be pickled.
    Keras can save it: it is registered as `"Custom>ScaledError"`.

    Args:
        function: A function made by `loss_function`.
        reference: A `keraslosses.reference.Reference` with the formula in NumPy, for the checks and the
            plots. Default: None. Then you describe the inputs when you run the checks.

    Returns:
        A subclass of `FunctionLoss`. It has the name of the function in camel case, and its docstring.

    Raises:
        ValueError: If `loss_function` did not make the function.

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
    """The arguments of the class: the options of the function, then those that every loss has."""
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
