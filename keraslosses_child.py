"""A child process that answers line by line. It is stopped if it hangs or takes too much memory.

This module is outside the package, because importing the package imports Keras. The pytest plugin must not
import Keras.
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

# The memory of a child is read at this interval, in seconds.
LOOK = 0.1
LAST_LINES = 15


class Lost(Exception):
    """The child process has ended or was stopped.

    `code` and `what` say what happened; `written` is the error output of the child.
    """

    def __init__(self, code: str, what: str, written: str):
        super().__init__(what)
        self.code, self.what, self.written = code, what, written

    @property
    def last_lines(self) -> str:
        return "\n".join(self.written.strip().splitlines()[-LAST_LINES:])

    @property
    def told(self) -> str:
        """What happened, and the last lines of the error output."""
        lines = (f"  {line}" for line in self.last_lines.splitlines())
        return "\n".join([f"The process {self.what}. Its last lines:", *lines])


class Child:
    """A child process. It starts at the first request, and starts again after it was lost.

    Args:
        command: The program and its arguments.
        environment: Variables to set, in addition to the environment of this process.
        folder: The folder that the child runs in. Default: the current folder.
        memory: The memory limit in megabytes. Default: no limit.
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
        """Sends a line to the child and returns the line that it answers.

        Raises:
            Lost: If no answer comes within `seconds`, or the process ends or takes too much memory.
        """
        process = self.running()
        # The child shares the file position, so it writes from the start again.
        self.errors.seek(0)
        self.errors.truncate()
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # The child has ended; `next_line` gives None.
            print(line, file=process.stdin, flush=True)
        answer = self.next_line(seconds)
        if answer is None:
            raise self.lost("process-ended", how_it_ended(process))
        return answer

    def lines(self, seconds: float) -> Iterator[str]:
        """Yields all lines that the child prints until it ends.

        Raises:
            Lost: If the child prints nothing for `seconds`, takes too much memory, or ends with a status
                other than 0.
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
        """The next line of the child, or None if the child has closed its output."""
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
        # `close` closes the file. It is read after the process has ended.
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
        """The error output of the child since the last request, or since its start."""
        self.errors.seek(0)
        return self.errors.read()

    def lost(self, code: str, what: str) -> Lost:
        """Stops the process and returns the exception to raise."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        lost = Lost(code, what, self.written())
        self.close()
        return lost

    def close(self) -> None:
        """Stops the process, if one is running."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(OSError):  # The child did not read all of its input.
                stream.close()  # type: ignore[union-attr]
        self.process = None


def pass_on(stream: Any, lines: "queue.Queue[str | None]") -> None:
    """Copies the lines of a stream to the queue, then None."""
    with contextlib.suppress(ValueError):  # The stream was closed during the read.
        for line in stream:
            lines.put(line)
    lines.put(None)


def how_it_ended(process: "subprocess.Popen[str]") -> str:
    """A description of how the process ended."""
    try:
        status = process.wait(10)
    except subprocess.TimeoutExpired:
        return "closed its output"
    if status == -9:
        return "was killed by signal 9; the system sends it when memory runs out"
    if status < 0:
        return f"was killed by signal {-status}"
    return f"ended with status {status}"


def megabytes(pid: int) -> int:
    """The memory that a process uses, or 0 if the system does not report it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
