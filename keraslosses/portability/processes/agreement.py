"""Compares the arrays that each backend measured."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from keraslosses.portability.finding import Finding, difference, shown

# The allowed difference between two backends, relative to the number and to the largest number of the array.
RTOL = 1e-4


def disagreements(
    measured: Mapping[str, Path], described: Mapping[str, Sequence[str]], rtol: float = RTOL
) -> dict[str, list[Finding]]:
    """The findings of each backend whose arrays differ from those of most backends.

    If no two backends agree, each of them has a finding. `described` has the code and the inputs of each
    array.
    """
    arrays = {backend: arrays_of(path) for backend, path in measured.items()}
    found: dict[str, list[Finding]] = {backend: [] for backend in arrays}
    for what in dict.fromkeys(what for mine in arrays.values() for what in mine):
        of_all = {backend: mine[what] for backend, mine in arrays.items() if what in mine}
        for backend, finding in odd_ones(what, of_all, described[what], rtol).items():
            found[backend].append(finding)
    return found


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {what: np.asarray(file[what], "float64") for what in file.files}


def odd_ones(
    what: str, arrays: Mapping[str, np.ndarray], told: Sequence[str], rtol: float
) -> dict[str, Finding]:
    """A finding for each backend outside the largest group of backends that agree."""
    agreeing = {backend: {backend} for backend in arrays}
    for one, other in combinations(arrays, 2):
        if difference(arrays[one], arrays[other], rtol, rtol / 10) is None:
            agreeing[one].add(other)
            agreeing[other].add(one)
    most = max(len(group) for group in agreeing.values())
    if most == len(arrays):
        return {}
    found = {}
    for backend in arrays:
        # If no group has more than half of the backends, each backend has a finding.
        others = max((agreeing[other] - {backend} for other in arrays if other != backend), key=len)
        if len(agreeing[backend]) < most or 2 * most <= len(arrays):
            found[backend] = one_differs(
                what, arrays, backend, sorted(others - agreeing[backend]), told, rtol
            )
    return found


def one_differs(
    what: str,
    arrays: Mapping[str, np.ndarray],
    backend: str,
    others: list[str],
    told: Sequence[str],
    rtol: float,
) -> Finding:
    expected, received = arrays[others[0]], arrays[backend]
    code, inputs = told
    text = difference(expected, received, rtol, rtol / 10) or "differs"
    return Finding(
        code,
        f"{what}: {text.replace('expected', 'but')} on {' and '.join(others)}",
        f"{shown(expected)} ({', '.join(others)})",
        shown(received),
        inputs,
    )
