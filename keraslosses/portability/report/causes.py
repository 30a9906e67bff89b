"""Groups findings by their cause: findings that need the same repair, on any target and backend."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keraslosses.portability.report.result import told_once

# An exception with the first line of its message.
RAISED = re.compile(r"raises \w+.*")
NUMBERS = re.compile(r"\d[\d., ]*")


@dataclass
class Cause:
    """A cause: its first finding, and the other findings that need the same repair.

    `target`, `finding` and `on` (the backends) belong to the first finding. `checks` are the checks with
    findings of this cause. `more` holds the texts of further findings of the same target. `elsewhere` holds
    the backends of each other target.
    """

    target: str
    checks: list[str]
    finding: Mapping[str, str]
    on: Sequence[str]
    more: list[str] = field(default_factory=list)
    elsewhere: dict[str, list[str]] = field(default_factory=dict)


def causes(failed: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """The causes of failed results (from `as_json`). The causes with the most targets come first."""
    places: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for result in failed:
        places.setdefault((result["target"], result["check"]), []).append(result)
    found: dict[str, Cause] = {}
    for (target, check), results in places.items():
        for finding, on in told_once(results):
            cause = found.setdefault(key(finding), Cause(target, [check], finding, on))
            if check not in cause.checks:
                cause.checks.append(check)
            if cause.target != target:
                known = cause.elsewhere.setdefault(target, [])
                known += [backend for backend in on if backend not in known]
            elif cause.finding is not finding:
                cause.more.append(finding["text"])
    return sorted(found.values(), key=lambda cause: -len(cause.elsewhere))


def key(finding: Mapping[str, str]) -> str:
    """The key of a cause: the exception without its numbers, or else the advice."""
    raised = RAISED.search(finding["text"])
    return NUMBERS.sub("#", raised.group()) if raised else finding["advice"]
