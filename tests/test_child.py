"""`Child`: what a process says, and what becomes of one that says nothing more."""

import sys

import pytest

from keraslosses_child import Child, Lost

ECHO = """
import sys
for line in sys.stdin:
    word = line.strip()
    print("heard " + word, file=sys.stderr, flush=True)
    if word == "end":
        sys.exit(3)
    if word == "grow":
        kept = bytearray(300 * 2**20)
        sys.stdin.readline()
    print(word.upper(), flush=True)
"""
# Seconds after which a child that should answer counts as hung.
PATIENCE = 60


@pytest.fixture
def child():
    made = Child([sys.executable, "-c", ECHO], {}, memory=200)
    yield made
    made.close()


def test_it_answers_line_by_line(child):
    assert [child.ask(word, PATIENCE) for word in ("a", "b")] == ["A\n", "B\n"]


def test_what_it_wrote_is_that_of_the_last_line(child):
    child.ask("first", PATIENCE)
    child.ask("second", PATIENCE)
    assert child.written() == "heard second\n"


def test_its_end_is_told_and_it_is_started_again(child):
    child.ask("first", PATIENCE)
    with pytest.raises(Lost) as lost:
        child.ask("end", PATIENCE)
    assert (lost.value.code, lost.value.what) == ("process-ended", "ended with status 3")
    assert lost.value.written == "heard end\n"
    assert child.ask("again", PATIENCE) == "AGAIN\n"


def test_memory_is_limited(child):
    with pytest.raises(Lost) as lost:
        child.ask("grow", PATIENCE)
    assert (lost.value.code, lost.value.what) == ("takes-memory", "takes more than 200 MB of memory")


def test_silence_has_a_limit():
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"], {})
    with pytest.raises(Lost) as lost:
        child.ask("hello", 0.3)
    assert (lost.value.code, lost.value.what) == ("hangs", "hangs: no answer in 0.3 seconds")
    assert child.process is None


def test_all_lines_of_one_that_runs_to_its_end():
    code = "import sys; print(1); print(2); print(repr(sys.stdin.read()))"
    assert list(Child([sys.executable, "-c", code], {}).lines(PATIENCE)) == ["1\n", "2\n", "''\n"]
