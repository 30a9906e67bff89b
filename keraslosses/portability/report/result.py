"""The result of one check of one target on one backend."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keraslosses.portability.finding import Finding
from keraslosses.portability.report.advice import advice_for

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

# The parts of a finding in the order of the report, and the text before each part.
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
    """The result of one check of one target on one backend.

    `why` says why the check was skipped. `measured` names the arrays that must be the same on every backend,
    each with the code of the finding if it is not, and its inputs. `cannot_be_checked` is a mistake of the
    user: the target does not exist, or there are no checks for it.
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
    """The findings of one check of one target, each with its backends. Findings of the same text are merged.

    Takes results from `as_json`. The numbers of a merged finding are those of its first backend.
    """
    once: dict[str, tuple[dict[str, str], list[str]]] = {}
    for result in results:
        for finding in result["findings"]:
            _, on = once.setdefault(finding["text"], (finding, []))
            if result["backend"] not in on:
                on.append(result["backend"])
    return list(once.values())


def paragraphs(finding: Mapping[str, str]) -> list[tuple[str, str]]:
    """The name and the text of each part of a finding that is not empty."""
    return [(part, f"{before}{finding[part]}") for part, before in PARTS.items() if finding[part]]
