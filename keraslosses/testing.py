"""The portability checker for test suites: `assert_portable`, and hard inputs.

A pytest plugin comes with the package: the marker `backends` runs a test once for each installed backend, in
a process of that backend, and the fixture `hard_inputs` is the function of this name.
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

# Seconds for a check.
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
    """Checks a loss, function, layer or model on every installed backend, each in a process of its own.

    Args:
        target: the object, or what `python -m keraslosses check` calls a target: `"package.module:Object"`,
            `"file.py:name"`, or the name of a loss of this package. An object must be one that can be
            imported: a class or function at the top of its file.
        like: the loss of this package whose formula it must give, by name.
        inputs: what it reads where it has no reference: one of the kinds of `check --inputs`, or the path of
            an .npz file with y_true and y_pred.
        shape: the shape of y_pred with the batch. Default: that of the kind.
        dtype: the type of y_pred.
        coupled: whether a value may depend on the other samples of the batch.
        backend_names: backends to run on. Default: all installed ones.
        check_names: checks to run. Default: all.
        rtol: how far the backends may be apart.
        timeout: seconds for a check.
        memory: megabytes for a process. Default: three quarters of the machine's, for all together.

    Raises:
        AssertionError: where a check fails, with every failure and what to do about it.
        ValueError: for a name that is none, or an object that cannot be imported or is nothing to check.
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not ours.
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
    """The inputs of a kind at which an implementation easily goes wrong.

    Each has `what`, `y_true` and `y_pred`.

    Raises:
        ValueError: for a kind that is none of those of `check --inputs`.

    >>> from keraslosses.testing import hard_inputs
    >>> print([hard.what for hard in hard_inputs("binary")][0])
    probabilities of exactly 0 and 1, all right
    """
    request.one_of("kind", kind, KINDS)
    return Drawn(named=kind).hard


def name_of(target: Any) -> str:
    """A target as text: of an object, the file it stands in and its name."""
    if isinstance(target, str):
        return target
    name = getattr(target, "__qualname__", None)
    if name is None or "<" in name:
        raise ValueError(
            "`target` must be text, or a class or function at the top of its file. "
            f"Received: target={target!r}"
        )
    return f"{Path(inspect.getfile(target)).resolve()}:{name}"


def told(check: str, results: Sequence[Result]) -> str:
    """A failed check in words."""
    lines = []
    for finding, on in told_once(result.as_json() for result in results):
        lines.append(f"\n{check} on {', '.join(on)}:")
        lines += [indent(text, "  ") for _, text in paragraphs(finding)]
    return "\n".join(lines)


__all__ = ["assert_portable", "hard_inputs"]
