"""The portability checker for test suites: `assert_portable` and `hard_inputs`.

The package has a pytest plugin. Its marker `backends` runs a test once for each installed backend, in a
process of that backend. Its fixture `hard_inputs` is the function `hard_inputs` of this module.
"""

import inspect
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from keraslosses.portability.processes import agreement, backends, request, run
from keraslosses.portability.report.result import FAILED, Result, paragraphs, told_once
from keraslosses.portability.targets.inputs import KINDS, Drawn
from keraslosses.reference import Hard

# The time limit of one check, in seconds.
TIMEOUT = 120.0


def assert_portable(
    target: Any,
    *,
    like: str | None = None,
    inputs: str = "real",
    shape: Sequence[int] = (),
    dtype: str = "float32",
    coupled: bool = False,
    backend_names: Sequence[str] = (),
    check_names: Sequence[str] = (),
    rtol: float = agreement.RTOL,
    timeout: float = TIMEOUT,
    memory: int | None = None,
) -> None:
    """Checks a loss, function, layer or model on every installed backend.

    Each backend runs in its own process.

    Args:
        target: The object to check, or its name as text, written as for `python -m keraslosses check`:
            `"package.module:Object"`, `"file.py:name"`, or the name of a loss of this package. An object
            must be a class or a function at the top level of its file, so that it can be imported.
        like: The name of a loss of this package. The target must compute the same formula.
        inputs: The inputs that the target reads, if it has no reference: one of the kinds of
            `check --inputs`, or the path of an .npz file with the arrays y_true and y_pred.
        shape: The shape of y_pred, including the batch. Default: the shape of the kind.
        dtype: The dtype of y_pred.
        coupled: Whether the value of a sample may depend on the other samples of the batch.
        backend_names: The backends to run on. Default: all installed ones.
        check_names: The checks to run. Default: all.
        rtol: The relative difference that is allowed between the backends.
        timeout: The time limit of one check, in seconds.
        memory: The memory limit of one process, in megabytes. Default: three quarters of the machine's
            memory, divided by the number of processes.

    Raises:
        AssertionError: If a check fails. The message lists every failure and what to do about it.
        ValueError: If a name is unknown, or the object cannot be imported or cannot be checked.
    """
    __tracebackhide__ = True  # pytest then shows the line of the test, not a line of this file.
    names = backends.chosen(list(backend_names), run.KNOWN)
    asked = request.described(name_of(target), like, inputs, shape, dtype, coupled)
    limit = memory or backends.share_of_memory(len(names))
    plan = run.Plan([asked], names, request.chosen_checks(check_names), timeout, limit, rtol)
    failed = [result for result in run.run(plan) if result.status == FAILED]
    if any(result.cannot_be_checked for result in failed):
        raise ValueError(f"`target`: {failed[0].findings[0].text} Received: target={asked['text']!r}")
    if failed:
        checks = dict.fromkeys(result.check for result in failed)
        parts = [told(check, [result for result in failed if result.check == check]) for check in checks]
        raise AssertionError("\n".join([f"{asked['text']} is not portable:", *parts]))


def hard_inputs(kind: str) -> tuple[Hard, ...]:
    """Gives inputs at which many implementations fail, such as equal inputs or probabilities of 0.

    Each item has the attributes `what` (a description), `y_true` and `y_pred`.

    Args:
        kind: One of the kinds of `check --inputs`.

    Raises:
        ValueError: If there is no such kind.

    >>> from keraslosses.testing import hard_inputs
    >>> print([hard.what for hard in hard_inputs("binary")][0])
    probabilities of exactly 0 and 1, all right
    """
    request.one_of("kind", kind, KINDS)
    return Drawn(named=kind).hard


def name_of(target: Any) -> str:
    """The target as text. For an object this is `file:name`."""
    if isinstance(target, str):
        return target
    name = getattr(target, "__qualname__", None)
    if name is None or "<" in name:
        raise ValueError(
            "`target` must be text, or a class or function at the top level of its file. "
            f"Received: target={target!r}"
        )
    return f"{Path(inspect.getfile(target)).resolve()}:{name}"


def told(check: str, results: Sequence[Result]) -> str:
    """The findings of a failed check as text."""
    lines = []
    for finding, on in told_once(result.as_json() for result in results):
        lines.append(f"\n{check} on {', '.join(on)}:")
        lines += [indent(text, "  ") for _, text in paragraphs(finding)]
    return "\n".join(lines)


__all__ = ["assert_portable", "hard_inputs"]
