"""The result of one check, of one target, on one backend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keraslosses.portability.finding import Finding
from keraslosses.portability.report.advice import advice_for

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Result:
    """What one check says of one target on one backend; `why` says why it was skipped.

    `measured` says what must be the same on every backend, and from which inputs it comes. A target that
    `cannot_be_checked` is the user's mistake: it is not there, or nothing that has checks.
    """

    target: str
    check: str
    backend: str
    findings: list[Finding] = field(default_factory=list)
    why: str = ""
    seconds: float = 0.0
    measured: Mapping[str, str] = field(default_factory=dict)
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
            "findings": [{**vars(f), "advice": advice_for(self.check, f)} for f in self.findings],
        }
