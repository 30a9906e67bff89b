"""What a report says once, and how much of it is printed."""

from io import StringIO

from rich.console import Console

from keraslosses.cli.check.report import failures
from keraslosses.portability.finding import Finding
from keraslosses.portability.report.result import Result, told_once


def results(**texts):
    """A failed check as the backends tell it: for each the texts of its findings."""
    return [
        Result("mine.py:loss", "value", backend, [Finding(text, received=backend) for text in said]).as_json()
        for backend, said in texts.items()
    ]


def printed(found):
    console = Console(file=StringIO(), width=100)
    for block in failures(found):
        console.print(block)
    return console.file.getvalue()


def test_what_several_backends_say_is_told_once_with_the_numbers_of_the_first():
    first, second = told_once(results(tensorflow=["a", "a"], jax=["b"], torch=["a"]))
    assert (first[0]["text"], first[0]["received"], first[1]) == ("a", "tensorflow", ["tensorflow", "torch"])
    assert (second[0]["text"], second[1]) == ("b", ["jax"])


def test_what_is_said_beyond_three_findings_is_counted():
    text = printed(results(tensorflow=["a", "b", "c", "d", "e"], torch=["e", "f"]))
    assert "mine.py:loss, value on tensorflow\n  a" in text
    assert "mine.py:loss, value on torch\n  e" in text
    assert "\n  d" not in text
    assert "mine.py:loss, value: 1 more; --json and --html have all of them." in text


def test_nothing_is_printed_where_nothing_failed():
    assert printed([]) == ""
