"""The pages that the build of the docs makes: each public name is on one, and the pictures show the options."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import keraslosses
from keraslosses.cli.bench.cases import MODES
from keraslosses.cli.plot.plotted import plotted
from keraslosses.reference import REFERENCES

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import pages
import pictures
import tables

# The same on each backend.
pytestmark = pytest.mark.deep_on("jax", "tensorflow")

PAGES = pages.pages()


def named_on(text):
    """The public names that a page describes, or lists."""
    described = re.findall(r"^\.\. auto(?:class|function):: keraslosses\.(\w+)$", text, re.MULTILINE)
    return described + re.findall(r"^- `keraslosses\.(\w+)`$", text, re.MULTILINE)


def test_each_public_name_is_on_one_page():
    named = [name for text in PAGES.values() for name in named_on(text)]
    assert sorted(named) == sorted(keraslosses.__all__)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_page_of_a_loss_has_class_function_picture_and_uses(name):
    reference, text = REFERENCES[name], PAGES[name]
    assert named_on(text) == [name, reference.function]
    assert f"]({name}.png)" in text and reference.source in text and reference.kind.text in text
    for use in reference.uses:
        assert use.place in text and use.when in text and use.when_not in text


def test_pages_are_written_once_and_those_of_names_that_are_gone_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "FOLDER", tmp_path / "api")
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Gone.md").write_text("# Gone")
    pages.write_pages()
    files = sorted((tmp_path / "api").iterdir())
    assert [file.stem for file in files] == sorted(PAGES)
    times = [file.stat().st_mtime_ns for file in files]
    pages.write_pages()
    assert [file.stat().st_mtime_ns for file in files] == times


@pytest.mark.parametrize("page", tables.TABLES)
def test_a_table_takes_the_place_of_its_marker(page):
    marker, _ = tables.TABLES[page]
    source = [(pages.FOLDER.parent / f"{page}.md").read_text("utf-8")]
    tables.fill_page(None, page, source)
    assert marker not in source[0] and "|---|" in source[0].replace(" ", "")


def test_each_mode_of_the_benchmark_has_a_page_with_its_rows():
    marked = {marker.removeprefix("<!-- bench ").removesuffix(" -->") for marker, _ in tables.TABLES.values()}
    shown = {mode for modes in MODES.values() for mode in modes} & marked
    assert shown == set(re.findall(r"^### (.*)$", tables.BENCH.read_text("utf-8"), re.MULTILINE))
    for mode in shown:
        assert tables.bench(mode).startswith("| loss | size |") and "| Huber | small |" in tables.bench(mode)
    assert "### " not in tables.bench("summary") and "Rows above 1.10" in tables.bench("summary")


def test_the_first_lines_on_speed_are_what_was_measured():
    first_lines = (pages.FOLDER.parent / "performance.md").read_text("utf-8").split("\n\n")[1]
    (median,) = re.findall(r"all (\d\.\d\d)\.$", tables.bench("summary"), re.MULTILINE)
    assert f"The median ratio of our time to the best peer's is {median}." in first_lines
    without, with_xla = (times(tables.bench(mode)) for mode in ("tensorflow", "tensorflow, XLA"))
    shares = [with_xla[row] / without[row] for row in without]
    assert "It halves the time of most losses." in first_lines
    assert np.median(shares) < 0.52


def times(table):
    """Our time of each row: its loss, its size."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {(loss, size): float(ms) for loss, size, ms, *_ in rows}


def test_a_page_without_its_marker_is_an_error():
    with pytest.raises(ValueError, match=r"docs/losses\.md must hold the line <!-- losses by family -->"):
        tables.fill_page(None, "losses", ["# Losses"])


def test_a_picture_has_a_line_for_the_options_to_start_with():
    _, curves = pictures.lines_of(plotted("Tversky"))
    labels = list(dict.fromkeys(curve.options for curve in curves))
    assert labels == ["alpha = 0.5, beta = 0.5 (default)", "alpha = 0.3, beta = 0.7"]


def test_a_picture_names_the_options_that_a_loss_needs(tmp_path):
    pictures.draw("CTC", tmp_path / "CTC.png")
    assert (tmp_path / "CTC.png").stat().st_size > 10_000
    assert pictures.title(plotted("CTC")) == "CTC"
    assert pictures.title(plotted("FCOS")).startswith("FCOS: num_classes = ")
