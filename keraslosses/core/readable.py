"""What a loss can read: dense tensors of numbers. Anything else is refused before it is converted."""

from typing import Any

from keraslosses.core import backend


def check_readable(owner: str | None, ragged: bool = False, **arguments: Any) -> None:
    """Raises for an argument that is ragged (unless it may be), sparse or nested, or holds no numbers.

    It looks at types only: that takes no time beside the loss.
    """
    for argument, value in arguments.items():
        found = backend.unreadable(value)
        if found is not None and not (ragged and type(value).__name__ == "RaggedTensor"):
            dtype = getattr(value, "dtype", None)
            raise ValueError(
                f"`{argument}` must {found.expected}{'' if owner is None else f' in {owner}'}. "
                f"Received: {argument} of type {type(value).__name__}{f', dtype {dtype}' if dtype else ''}. "
                f"{found.advice}"
            )
