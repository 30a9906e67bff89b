"""A child process on one backend that answers requests, and what becomes of one that does not."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from keraslosses.portability.processes import backends

WORKER = "keraslosses.portability.processes.worker"
# Seconds between two looks at the memory of a child.
LOOK = 0.1


class Lost(Exception):
    """A child that gives no answer: what happened to it, and the last lines that it wrote."""

    def __init__(self, what: str, last_lines: str):
        super().__init__(what)
        self.what, self.last_lines = what, last_lines


class Child:
    """A process on a backend, started when it is first asked.

    It may take `memory` megabytes. Where it is lost it is started again at the next request.
    """

    def __init__(self, backend: str, memory: int, environment: dict[str, str] | None = None):
        self.backend = backend
        self.memory = memory
        self.environment = environment or {}
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str | None] = queue.Queue()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request.

        Raises:
            Lost: if it does not come within that many seconds, or the process ends.
        """
        process = self.process or self.start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            raise self.lost(self.how_it_ended(process)) from None
        return self.wait(process, time.monotonic() + seconds, seconds)

    def wait(self, process: Any, deadline: float, seconds: float) -> dict[str, Any]:
        while True:
            try:
                line = self.lines.get(timeout=LOOK)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise self.lost(f"hangs: no answer in {seconds:g} seconds") from None
                if megabytes(process.pid) > self.memory:
                    raise self.lost(f"takes more than {self.memory} MB of memory") from None
                continue
            if line is None:
                raise self.lost(self.how_it_ended(process))
            answer: dict[str, Any] = json.loads(line)
            return answer

    def start(self) -> Any:
        # Closed with the child itself: it is read after the process has ended.
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", WORKER],
            env=backends.environment_of(self.backend, self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="utf-8",
        )
        self.lines = queue.Queue()
        threading.Thread(
            target=backends.read_lines, args=(self.process.stdout, self.lines), daemon=True
        ).start()
        return self.process

    def how_it_ended(self, process: Any) -> str:
        """The end of a process in words."""
        try:
            status = process.wait(10)
        except subprocess.TimeoutExpired:
            return "closed its output"
        if status == -9:
            return "was killed by signal 9, as the system does when memory runs out"
        if status < 0:
            return f"was killed by signal {-status}"
        return f"ended the process with status {status}"

    def lost(self, what: str) -> Lost:
        """Ends what is left of the process; the exception to raise, with the last lines that it wrote."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.errors.seek(0)
        last = self.errors.read().strip().splitlines()[-backends.LAST_LINES :]
        self.close()
        return Lost(what, "\n".join(last))

    def close(self) -> None:
        """Ends the process, and what it started."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                assert self.process.stdin is not None
                self.process.stdin.close()
            backends.stop(self.process)
            self.errors.close()
            self.process = None


def megabytes(pid: int) -> int:
    """The memory that a process holds; 0 where the system does not tell it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def share_of_memory(processes: int) -> int:
    """The megabytes that each of so many processes may take: together three quarters of the machine's."""
    try:
        megabytes_here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    except (AttributeError, OSError, ValueError):
        megabytes_here = 8192
    return megabytes_here * 3 // 4 // processes
