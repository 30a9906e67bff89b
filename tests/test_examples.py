"""Every file in examples/ and every example of the README runs as it stands, on this process's backend."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
README_EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def run(arguments, backend, folder):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_examples_were_found():
    assert EXAMPLES
    assert len(README_EXAMPLES) == 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_runs(path, backend, tmp_path):
    done = run([str(path)], backend, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_examples_of_the_readme_run(backend, tmp_path):
    """One process for all, which saves imports; each stands alone all the same."""
    script = "\n".join(f"exec({example!r}, {{}})" for example in README_EXAMPLES)
    done = run(["-c", script], backend, tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= len(README_EXAMPLES)
