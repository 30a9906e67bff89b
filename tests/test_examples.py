"""Every file in examples/ and every example of the README runs: all on torch, as notebooks, half on each other backend."""

import re

import keras
import matplotlib
import pytest
from matplotlib import pyplot
from short_examples import EXAMPLES, NO_PAGE, ROOT, cells, run, script, shortened, without_install

pytestmark = [pytest.mark.deep, pytest.mark.deep_in_turn("jax", "tensorflow")]

README_EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def program(name, backend):
    """The notebook has the same code: tests/test_gallery.py compares them."""
    if backend != "torch" or name == NO_PAGE:
        return script(name)
    return "\n".join(map(without_install, cells(name)))


def test_examples_were_found():
    assert EXAMPLES
    assert len(README_EXAMPLES) == 1


@pytest.mark.parametrize("source", README_EXAMPLES)
def test_the_example_of_the_readme_runs_and_prints(source, tmp_path):
    assert run(source, tmp_path)[0].strip()


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_runs_prints_and_draws(name, tmp_path):
    matplotlib.use("agg")
    printed, _ = run(shortened(name, program(name, keras.backend.backend())), tmp_path)
    pyplot.close("all")
    pictures = re.findall(r'"([a-z-]+\.png)"', script(name))
    assert printed.strip()
    assert pictures and {path.name for path in tmp_path.iterdir()} == set(pictures)
