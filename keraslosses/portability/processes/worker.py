"""The process of one backend. It reads one request per line as JSON, and answers each with a line of JSON.

Usage: KERAS_BACKEND=jax python -m keraslosses.portability.processes.worker. If the checked object prints, the
text is reported as a finding. Its standard input is empty.
"""

import gc
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from keraslosses.portability import checks, gradients
from keraslosses.portability.checks import carried, replicas
from keraslosses.portability.checks.runs import check_runs
from keraslosses.portability.finding import (
    Finding,
    Measured,
    in_words,
    inputs_shown,
    last_inputs,
    line_of,
    of_error,
)
from keraslosses.portability.targets.inputs import Drawn, own_arrays
from keraslosses.portability.targets.subject import Subject
from keraslosses.portability.targets.target import NotChecked, Target, open_target, targets_in

PRINTED = "prints when it is imported, made or called"


class Printed:
    """Collects everything that this process writes to its standard output."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115
        os.dup2(self.file.fileno(), 1)

    def text(self) -> str:
        """The text that was written since the last call."""
        sys.stdout.flush()
        self.file.seek(0)
        text = self.file.read().decode("utf-8", "replace")
        self.file.seek(0)
        self.file.truncate()
        return text


class Worker:
    """Answers requests about one target, the open one."""

    def __init__(self, printed: Printed):
        self.printed = printed
        self.subject: Subject | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request, with the seconds that it took."""
        begun = time.perf_counter()
        answer = getattr(self, f"do_{request.pop('do')}")(**request)
        return {**answer, "seconds": time.perf_counter() - begun}

    def do_hello(self) -> dict[str, Any]:
        """Says that the process runs and all imports are done."""
        return {"findings": []}

    def do_list(self, module: str) -> dict[str, Any]:
        """The targets in a module or a file, or why there are none."""
        try:
            return {
                "targets": targets_in(module),
                "why": "has no losses, and no functions of y_true and y_pred",
            }
        except NotChecked as error:
            return {"targets": [], "why": f"cannot be imported: {str(error).rstrip('.')}"}
        except Exception as error:
            return {"targets": [], "why": f"cannot be imported: {in_words(error)}{line_of(error)}"}

    def do_open(self, target: dict[str, Any], weights: str | None = None) -> dict[str, Any]:
        """Makes and calls the object. Says which checks are skipped for it."""
        self.subject = None
        last_inputs.clear()
        try:
            subject = self.subject = opened(target, weights)
            found = [replace(finding, inputs=inputs_shown()) for finding in check_runs(subject)]
            skipped = {} if found else {name: checks.skipped(name, subject) for name in checks.CHECKS}
        except NotChecked as error:
            return {"findings": [asdict(Finding("no-target", str(error)))], "cannot_be_checked": True}
        except Exception as error:
            found, skipped = [of_error(error, "does-not-run")], {}
        text = self.printed.text().strip()
        if text:
            found.append(Finding("prints", PRINTED, "nothing printed", text[:500]))
        return {"findings": list(map(asdict, found)), "skipped": skipped}

    def do_check(self, check: str, path: str) -> dict[str, Any]:
        """Runs one check. Saves the arrays for the comparison with other backends in the file."""
        assert self.subject is not None
        found = checks.findings(check, self.subject)
        measured = [item for item in found if isinstance(item, Measured)]
        if measured:
            arrays: dict[str, Any] = {item.what: item.array for item in measured}
            np.savez(path, **arrays)
        return {
            "findings": [asdict(item) for item in found if isinstance(item, Finding)],
            "measured": {item.what: [item.code, item.inputs] for item in measured},
        }

    def do_save(self, path: str) -> dict[str, Any]:
        """Saves a model for the other backends."""
        assert self.subject is not None
        if not carried.can_be_saved(self.subject):
            return {"findings": [], "saved": False}
        try:
            carried.save(self.subject, Path(path))
        except Exception as error:
            return {"findings": [asdict(of_error(error))], "saved": False}
        return {"findings": [], "saved": True}

    def do_load(self, target: dict[str, Any], path: str, saved_on: str) -> dict[str, Any]:
        """Loads a model that another backend saved."""
        try:
            self.subject = opened(target, None)
            found = list(carried.check_load(self.subject, Path(path), saved_on))
        except Exception as error:
            finding = of_error(error, "saving-differs")
            found = [replace(finding, text=f"a model saved on {saved_on}: {finding.text}", inputs="")]
        return {"findings": [asdict(finding) for finding in found]}


def opened(target: dict[str, Any], weights: str | None) -> Subject:
    """The subject of a request. A layer gets the weights of the file, or writes its own to a new file."""
    arrays = own_arrays(target["file"]) if target["file"] else None
    shape = tuple(target["shape"])
    drawn = Drawn(
        named=target["kind"], shape=shape, dtype=target["dtype"], arrays=arrays, coupled=target["coupled"]
    )
    subject = open_target(Target(target["text"], target["like"], drawn))
    if subject.layer is not None and weights is not None:
        carried.weights(subject.layer, Path(weights))
    return subject


def collect_seldom() -> None:
    """Makes garbage collection rare. The frameworks keep a million objects, and scanning them is slow.

    Without this, it takes a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def main() -> None:
    # JAX takes longest, because it compiles most. On few cores it has priority over the other backends.
    if gradients.BACKEND != "jax" and hasattr(os, "nice"):
        os.nice(5)
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    worker = Worker(Printed())
    replicas.why_not()  # Makes the two devices of TensorFlow before TensorFlow runs anything.
    collect_seldom()
    for line in requests:
        print(json.dumps(worker.answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
