"""The result of one check, of one target, on one backend."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keraslosses.portability.finding import Finding
from keraslosses.portability.report.advice import advice_for

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

# The parts of a finding in the order in which they are read, and what stands before each.
PARTS = {
    "text": "",
    "expected": "expected: ",
    "received": "received: ",
    "inputs": "",
    "error": "",
    "advice": "What to do: ",
}


@dataclass
class Result:
    """What one check says of one target on one backend; `why` says why it was skipped.

    `measured` says what must be the same on every backend, the code where it is not, and from which inputs
    it comes. A target that
    `cannot_be_checked` is the user's mistake: it is not there, or nothing that has checks.
    """

    target: str
    check: str
    backend: str
    findings: list[Finding] = field(default_factory=list)
    why: str = ""
    seconds: float = 0.0
    measured: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cannot_be_checked: bool = False

    @property
    def status(self) -> str:
        if self.findings:
            return FAILED
        return SKIPPED if self.why else PASSED

    def as_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "check": self.check,
            "backend": self.backend,
            "status": self.status,
            "why": self.why,
            "seconds": round(self.seconds, 3),
            "findings": [{**vars(f), "advice": advice_for(f)} for f in self.findings],
        }


def told_once(results: Iterable[Mapping[str, Any]]) -> list[tuple[dict[str, str], list[str]]]:
    """The findings of one check of one target, those that say the same once: with all backends that say so.

    Takes results `as_json`. The numbers beside what is said are those of the first of the backends.
    """
    once: dict[str, tuple[dict[str, str], list[str]]] = {}
    for result in results:
        for finding in result["findings"]:
            _, on = once.setdefault(finding["text"], (finding, []))
            if result["backend"] not in on:
                on.append(result["backend"])
    return list(once.values())


def paragraphs(finding: Mapping[str, str]) -> list[tuple[str, str]]:
    """The parts of a finding that are not empty, as plain text shows them: the name of each, and its text."""
    return [(part, f"{before}{finding[part]}") for part, before in PARTS.items() if finding[part]]
