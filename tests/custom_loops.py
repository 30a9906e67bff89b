"""The code of the page "Custom training loops", by section."""

import re
from pathlib import Path

import keras

PAGE = (Path(__file__).parent.parent / "docs" / "custom-loops.md").read_text("utf-8")


def code_of(section, backend=None):
    """The blocks of a section (the first has no name) that are for every backend, or for this one."""
    backend = backend or keras.backend.backend()
    (text,) = [part for part in f"\n{PAGE}".split("\n## ") if part.startswith(f"{section}\n")]
    tab = None
    for start, name, code in re.findall(
        r"^(:::[^\n]*)$(?:\n:sync: (\w+)$)?|^```python\n(.*?)^```", text, re.M | re.S
    ):
        if start:
            tab = name
        elif tab in (None, "", backend):
            yield code
