"""The check that an input is a dense tensor of numbers. Other inputs raise an error before any conversion."""

from typing import Any

from keraslosses.core import backend


def check_readable(owner: str | None, ragged: bool = False, **arguments: Any) -> None:
    """Raises for an argument that is sparse, nested, ragged (unless `ragged`), or that holds no numbers.

    It checks types only, so it takes almost no time.
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
