"""What failed, by cause: findings that call for the same repair, of whatever targets and backends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keraslosses.portability.report.result import told_once

# An exception with the first line of what it says.
RAISED = re.compile(r"raises \w+.*")
NUMBERS = re.compile(r"\d[\d., ]*")


@dataclass
class Cause:
    """The first finding of one target on some backends, and the others that call for the same.

    `checks` are those that found them, `more` the texts of the others of its target, `elsewhere` the backends
    by each other target.
    """

    target: str
    checks: list[str]
    finding: Mapping[str, str]
    on: Sequence[str]
    more: list[str] = field(default_factory=list)
    elsewhere: dict[str, list[str]] = field(default_factory=dict)


def causes(failed: Iterable[Mapping[str, Any]]) -> list[Cause]:
    """The causes of failed results `as_json`, those first that most targets have."""
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
    """What findings of one cause have in common: the exception but for its numbers, else what to do."""
    raised = RAISED.search(finding["text"])
    return NUMBERS.sub("#", raised.group()) if raised else finding["advice"]
