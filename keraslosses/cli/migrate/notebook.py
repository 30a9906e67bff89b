"""A notebook as one piece of Python: the code cells one after the other, and the new code put back."""

import ast
import json
import re
from bisect import bisect_right
from itertools import accumulate
from typing import Any

# Cell magics that Python follows. Below the others, such as %%bash, there is other text.
PYTHON_FOLLOWS = ("%%time", "%%timeit", "%%capture", "%%prun")
# A line for IPython: a magic, a shell command, a question, or the result of one of the first two in a name.
FOR_IPYTHON = re.compile(r"(\s*)((?:[\w.,\[\] ]+=\s*)?(?:%{1,2}[A-Za-z]|!(?!=)).*|\?.*|[\w.]+\?{1,2}\s*)")
HIDDEN = "pass  # keraslosses, for IPython: "
HEAD = "# keraslosses, a cell"


class Notebook:
    """The code of a notebook, with its magics hidden in comments.

    Raises:
        ValueError: If the text is no notebook of format 4.
    """

    def __init__(self, text: str):
        self.text = text
        try:
            self.whole = json.loads(text)
            self.cells = list(self.whole["cells"])
            python = language(self.whole) == "python"
            self.numbers = [n for n, cell in enumerate(self.cells) if python and cell["cell_type"] == "code"]
            parts = [f"{HEAD}\n{hidden(source_of(self.cells[n]))}\n" for n in self.numbers]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no notebook of format 4 ({type(error).__name__}: {error})") from None
        self.code = "".join(parts)
        self.starts = list(accumulate((part.count("\n") for part in parts), initial=1))

    def place(self, line: int) -> tuple[int, int]:
        """The cell of a line of the code, counted from 1 over all cells, and the line in this cell."""
        which = bisect_right(self.starts[:-1], line) - 1
        return self.numbers[which] + 1, line - self.starts[which]

    def with_code(self, code: str) -> str:
        """The text of the notebook with this code in its cells."""
        _, *parts = re.split(rf"^{HEAD}\n", code, flags=re.MULTILINE)
        for number, part in zip(self.numbers, parts, strict=True):
            cell, source = self.cells[number], shown(part.removesuffix("\n"))
            if source != source_of(cell):
                lines = source.splitlines(keepends=True)
                cell["source"] = lines if isinstance(cell["source"], list) else source
        indent = re.match(r"\{\r?\n( *)", self.text)
        end = "\n" if self.text.endswith("\n") else ""
        size = len(indent[1]) if indent else None
        return json.dumps(self.whole, indent=size, ensure_ascii=self.text.isascii()) + end


def language(notebook: dict[str, Any]) -> str:
    """The language of the cells, in small letters."""
    metadata = notebook.get("metadata", {})
    kernel, about = metadata.get("kernelspec", {}), metadata.get("language_info", {})
    return str(kernel.get("language") or about.get("name") or "python").lower()


def source_of(cell: dict[str, Any]) -> str:
    """The source of a cell, which may be a text or a list of lines."""
    return "".join(cell["source"])


def hidden(source: str) -> str:
    """The source with the lines for IPython as comments of a `pass`, so that the rest is Python."""
    if is_python(source):
        return source
    other = source.lstrip().startswith("%%") and source.split()[0] not in PYTHON_FOLLOWS
    lines: list[str] = []
    goes_on: str | None = None  # The indent of a line for IPython that a backslash continues.
    for line in source.split("\n"):
        indent = goes_on if goes_on is not None else indent_for_ipython(line, other)
        lines.append(line if indent is None else f"{indent}{HIDDEN}{line}")
        goes_on = indent if indent is not None and line.endswith("\\") else None
    return "\n".join(lines)


def is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def indent_for_ipython(line: str, other: bool) -> str | None:
    """The indent of a line for IPython. None for a line of Python."""
    if other:
        return ""
    found = FOR_IPYTHON.fullmatch(line)
    return found[1] if found else None


def shown(source: str) -> str:
    """The source with its lines for IPython."""
    return re.sub(rf"^\s*{re.escape(HIDDEN)}", "", source, flags=re.MULTILINE)
