"""A notebook as one piece of Python: the code cells one after the other, and the new code put back."""

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
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"no notebook of format 4 ({type(error).__name__}: {error})") from None
        python = self.whole.get("metadata", {}).get("kernelspec", {}).get("language", "python") == "python"
        self.numbers = [n for n, cell in enumerate(self.cells) if python and cell["cell_type"] == "code"]
        parts = [f"{HEAD}\n{hidden(source_of(self.cells[n]))}\n" for n in self.numbers]
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


def source_of(cell: dict[str, Any]) -> str:
    """The source of a cell, which may be a text or a list of lines."""
    return "".join(cell["source"])


def hidden(source: str) -> str:
    """The source with the lines for IPython as comments of a `pass`, so that the rest is Python."""
    other = source.startswith("%%") and source.split()[0] not in PYTHON_FOLLOWS
    return "\n".join(hidden_line(line, other) for line in source.split("\n"))


def hidden_line(line: str, other: bool) -> str:
    if other:
        return HIDDEN + line
    found = FOR_IPYTHON.fullmatch(line)
    return f"{found[1]}{HIDDEN}{found[2]}" if found else line


def shown(source: str) -> str:
    """The source with its lines for IPython."""
    return source.replace(HIDDEN, "")
