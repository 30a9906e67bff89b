"""The page "The loss is strange": each line of code shows what the comment behind it says."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

pytestmark = pytest.mark.deep_on("jax", "tensorflow")

PAGE = (Path(__file__).parents[1] / "docs" / "trouble.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
RAISED = {"ValueError": ValueError, "SyntaxWarning": SyntaxWarning}  # Here a warning is an error.


def promised(code):
    """What the comments of a block say: the lines that it prints, and the error that ends it."""
    comments = re.findall(r"^ *print\(.*\)  # (.+)$", code, re.MULTILINE)
    printed = [line for comment in comments for line in comment.split(", then ")]
    raised = re.findall(r"^(?! *print).*\)  # (ValueError|SyntaxWarning)$", code, re.MULTILINE)
    return printed, raised


def shown(code, names):
    """What a block prints, and the error that ends it."""
    out, raised = io.StringIO(), []
    with redirect_stdout(out):
        try:
            exec(code, names)
        except tuple(RAISED.values()) as error:
            raised.append(type(error).__name__)
    return out.getvalue().splitlines(), raised


def test_each_line_shows_what_its_comment_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for code in BLOCKS:
        assert shown(code, names) == promised(code), code


def test_every_line_that_prints_has_a_comment():
    """And almost every block prints or raises something."""
    lines = [line for code in BLOCKS for line in code.splitlines() if line.lstrip().startswith("print(")]
    assert [line for line in lines if "  # " not in line] == []
    assert [code for code in BLOCKS if promised(code) == ([], [])] == [BLOCKS[-3]]
    assert ".save_weights(" in BLOCKS[-3]


def test_the_causes_of_each_trouble_are_numbered():
    for section in PAGE.split("\n## ")[1:]:
        numbers = [int(number) for number in re.findall(r"^\*\*(\d)\. ", section, re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 3
