"""A child process that is watched: what it says line by line, and what becomes of one that says nothing.

It stands outside the package, whose import brings Keras: the pytest plugin uses it without.
"""

import contextlib
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Seconds between two looks at the memory of a child.
LOOK = 0.1
LAST_LINES = 15


class Lost(Exception):
    """A child that says nothing more: a code and a sentence for what happened, and its error output."""

    def __init__(self, code: str, what: str, written: str):
        super().__init__(what)
        self.code, self.what, self.written = code, what, written

    @property
    def last_lines(self) -> str:
        return "\n".join(self.written.strip().splitlines()[-LAST_LINES:])

    @property
    def told(self) -> str:
        """What happened, with the last lines."""
        lines = (f"  {line}" for line in self.last_lines.splitlines())
        return "\n".join([f"The process {self.what}. Its last lines:", *lines])


class Child:
    """A process that is started when it is first needed, and again after it was lost.

    Args:
        command: The program with its arguments.
        environment: What differs from the environment of this process.
        folder: Where it runs. Default: here.
        memory: How many megabytes it may take. Default: any.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: str | None = None,
        memory: int | None = None,
    ):
        self.command, self.environment = list(command), dict(environment)
        self.folder, self.memory = folder, memory
        self.process: subprocess.Popen[str] | None = None
        self.output: queue.Queue[str | None] = queue.Queue()

    def ask(self, line: str, seconds: float) -> str:
        """The line with which the child answers a line.

        Raises:
            Lost: if no answer comes within that many seconds, or the process ends or takes too much memory.
        """
        process = self.running()
        # The child writes on from here: it shares the place in the file.
        self.errors.seek(0)
        self.errors.truncate()
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # It has ended: then there is no answer.
            print(line, file=process.stdin, flush=True)
        answer = self.next_line(seconds)
        if answer is None:
            raise self.lost("process-ended", how_it_ended(process))
        return answer

    def lines(self, seconds: float) -> Iterator[str]:
        """All lines of a child that runs to its end.

        Raises:
            Lost: if it is silent for that many seconds, takes too much memory, or ends with a status other
                than 0.
        """
        process = self.running()
        assert process.stdin is not None
        process.stdin.close()
        try:
            while (line := self.next_line(seconds)) is not None:
                yield line
            how = how_it_ended(process)
            if process.returncode != 0:
                raise self.lost("process-ended", how)
        finally:
            self.close()

    def next_line(self, seconds: float) -> str | None:
        """The next line of the child; None where it has closed its output."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(queue.Empty):
                return self.output.get(timeout=LOOK)
            if time.monotonic() > deadline:
                raise self.lost("hangs", f"hangs: no answer in {seconds:g} seconds")
            if self.memory is not None and megabytes(self.process.pid) > self.memory:
                raise self.lost("takes-memory", f"takes more than {self.memory} MB of memory")

    def running(self) -> "subprocess.Popen[str]":
        return self.process or self.start()

    def start(self) -> "subprocess.Popen[str]":
        # Closed with the child itself: it is read after the process has ended.
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="utf-8",
        )
        self.output = queue.Queue()
        threading.Thread(target=pass_on, args=(self.process.stdout, self.output), daemon=True).start()
        return self.process

    def written(self) -> str:
        """What the child has written to its error output since it was asked, or since its start."""
        self.errors.seek(0)
        return self.errors.read()

    def lost(self, code: str, what: str) -> Lost:
        """Ends what is left of the process; the exception to raise."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        lost = Lost(code, what, self.written())
        self.close()
        return lost

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(OSError):  # What it did not read any more.
                stream.close()  # type: ignore[union-attr]
        self.process = None


def pass_on(stream: Any, lines: "queue.Queue[str | None]") -> None:
    """Passes lines on from a stream, then None."""
    with contextlib.suppress(ValueError):  # The stream was closed while it was read.
        for line in stream:
            lines.put(line)
    lines.put(None)


def how_it_ended(process: "subprocess.Popen[str]") -> str:
    """The end of a process in words."""
    try:
        status = process.wait(10)
    except subprocess.TimeoutExpired:
        return "closed its output"
    if status == -9:
        return "was killed by signal 9, as the system does when memory runs out"
    if status < 0:
        return f"was killed by signal {-status}"
    return f"ended with status {status}"


def megabytes(pid: int) -> int:
    """The memory that a process holds; 0 where the system does not tell it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
