"""A run of the checker: all checks of all targets on all backends. The backends run at the same time."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from keraslosses.portability.finding import Finding
from keraslosses.portability.processes import agreement, backends
from keraslosses.portability.processes.request import RUNS
from keraslosses.portability.report.result import Result
from keraslosses_child import Lost

WORKER = "keraslosses.portability.processes.worker"
# The backends that can be chosen. numpy computes values, but no gradients.
KNOWN = (*backends.BACKENDS, "numpy")


@dataclass(frozen=True)
class Plan:
    """What to check and how.

    The targets are requests for the worker. `timeout` is in seconds for each check, `memory` in megabytes
    for each process.
    """

    targets: Sequence[Mapping[str, Any]]
    backends: Sequence[str]
    checks: Sequence[str]
    timeout: float
    memory: int
    rtol: float = agreement.RTOL


class Worker:
    """The process that checks on one backend. It starts at the first request."""

    def __init__(self, backend: str, memory: int):
        self.backend = backend
        self.child = backends.child(backend, WORKER, memory=memory)

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request. The time limit `seconds` does not include the start of the process.

        Raises:
            Lost: If there is no answer.
        """
        if self.child.process is None:
            self.child.ask(json.dumps({"do": "hello"}), backends.PATIENCE)
        answer: dict[str, Any] = json.loads(self.child.ask(json.dumps(request), seconds))
        return answer

    def close(self) -> None:
        self.child.close()


class Run:
    """The results of a run, and the steps that fill them."""

    def __init__(self, plan: Plan, folder: Path, advance: Callable[[str, str], None]):
        self.plan, self.folder, self.advance = plan, folder, advance
        self.results: dict[tuple[str, str, str], Result] = {}
        self.saved: dict[str, list[str]] = {}

    def check_on(self, worker: Worker) -> None:
        """Checks every target on one backend."""
        for number, target in enumerate(self.plan.targets):
            self.check_target(worker, number, target)

    def check_target(self, worker: Worker, number: int, target: Mapping[str, Any]) -> None:
        """Checks one target: first whether it runs, then the other checks, until the process is lost."""
        weights = str(self.folder / f"{number}-weights.npz")
        result, answer = self.asked(
            worker, target, RUNS, {"do": "open", "target": target, "weights": weights}
        )
        result.cannot_be_checked = answer.get("cannot_be_checked", False)
        skipped = answer.get("skipped", {})
        lost = "" if skipped else "it does not run"
        for check in self.plan.checks:
            why = lost or skipped.get(check)
            if why:
                self.put(
                    target, check, worker.backend, Result(target["text"], check, worker.backend, why=why)
                )
                continue
            path = self.path(number, check, worker.backend)
            result, answer = self.asked(
                worker, target, check, {"do": "check", "check": check, "path": str(path)}
            )
            result.measured = answer.get("measured", {})
            if not answer:
                lost = f"the process was lost in the check {check!r}"
            elif check == "saving":
                self.save(worker, number, result)

    def save(self, worker: Worker, number: int, result: Result) -> None:
        """Asks the worker to save a model for the other backends."""
        path = self.path(number, "model", worker.backend).with_suffix(".keras")
        try:
            answer = worker.ask({"do": "save", "path": str(path)}, self.plan.timeout)
        except Lost as lost:
            result.findings.append(of_lost(lost))
            return
        result.findings += [Finding(**finding) for finding in answer["findings"]]
        if answer["saved"]:
            self.saved.setdefault(worker.backend, []).append(str(path))

    def asked(
        self, worker: Worker, target: Mapping[str, Any], check: str, request: dict[str, Any]
    ) -> tuple[Result, dict[str, Any]]:
        """The result of a request, and the answer. The answer is empty if the worker was lost."""
        self.advance(worker.backend, f"{target['text']}: {check}")
        result = Result(target["text"], check, worker.backend)
        answer: dict[str, Any] = {}
        try:
            answer = worker.ask(request, self.plan.timeout)
            result.seconds = answer["seconds"]
            result.findings = [Finding(**finding) for finding in answer["findings"]]
        except Lost as lost:
            result.findings = [of_lost(lost)]
        self.put(target, check, worker.backend, result)
        return result, answer

    def put(self, target: Mapping[str, Any], check: str, backend: str, result: Result) -> None:
        self.results[target["text"], check, backend] = result

    def path(self, number: int, check: str, backend: str) -> Path:
        return self.folder / f"{number}-{check.replace(' ', '-')}-{backend}.npz"

    def compare(self) -> None:
        """Compares the arrays that the backends measured."""
        for number, target in enumerate(self.plan.targets):
            for check in self.plan.checks:
                of_all = [self.results[target["text"], check, b] for b in self.plan.backends]
                measured = {r.backend: self.path(number, check, r.backend) for r in of_all if r.measured}
                if len(measured) < 2:
                    continue
                described = {what: told for r in of_all for what, told in r.measured.items()}
                found = agreement.disagreements(measured, described, self.plan.rtol)
                for result in of_all:
                    result.findings += found.get(result.backend, [])

    def load_on(self, worker: Worker) -> None:
        """Loads the models that the other backends saved."""
        for saved_on, paths in self.saved.items():
            for path in paths if saved_on != worker.backend else ():
                self.load(worker, path, saved_on)

    def load(self, worker: Worker, path: str, saved_on: str) -> None:
        target = self.plan.targets[int(Path(path).name.split("-")[0])]
        result = self.results[target["text"], "saving", worker.backend]
        if result.why:
            return
        self.advance(worker.backend, f"{target['text']}: a model saved on {saved_on}")
        try:
            request = {"do": "load", "target": target, "path": path, "saved_on": saved_on}
            answer = worker.ask(request, self.plan.timeout)
            result.findings += [Finding(**finding) for finding in answer["findings"]]
        except Lost as lost:
            result.findings.append(of_lost(lost, f"a model saved on {saved_on}: "))


def of_lost(lost: Lost, before: str = "") -> Finding:
    return Finding(lost.code, f"{before}{lost.what}", error=lost.last_lines)


def run(plan: Plan, advance: Callable[[str, str], None] = lambda backend, what: None) -> list[Result]:
    """The results of every target, check and backend, in this order. `advance` is called for each step."""
    workers = [Worker(backend, plan.memory) for backend in plan.backends]
    try:
        with TemporaryDirectory() as folder, ThreadPoolExecutor(len(workers)) as pool:
            running = Run(plan, Path(folder), advance)
            list(pool.map(running.check_on, workers))
            running.compare()
            list(pool.map(running.load_on, workers))
    finally:
        for worker in workers:
            worker.close()
    return [
        running.results[target["text"], check, backend]
        for target in plan.targets
        for check in (RUNS, *plan.checks)
        for backend in plan.backends
    ]


def targets_in(
    places: Sequence[str], backend: str, timeout: float, memory: int
) -> Iterator[tuple[list[str], str]]:
    """The targets in each module or file, found on a backend, and the reason if there are none."""
    worker = Worker(backend, memory)
    try:
        for place in places:
            try:
                answer = worker.ask({"do": "list", "module": place}, timeout)
            except Lost as lost:
                answer = {"targets": [], "why": f"cannot be imported: {lost.what}"}
            yield answer["targets"], answer["why"]
    finally:
        worker.close()
