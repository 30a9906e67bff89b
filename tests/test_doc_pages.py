"""The pages that the build of the docs makes: each public name is on one, and the pictures show the options."""

import inspect
import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keraslosses
from keraslosses.cli.bench.cases import MODES
from keraslosses.cli.migrate.row import names_in
from keraslosses.cli.migrate.table import TABLES as MIGRATIONS
from keraslosses.cli.plot.plotted import plotted
from keraslosses.reference import REFERENCES

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import elsewhere
import pages
import pictures
import tables
from docstrings import without_first_paragraph
from drawings import DRAWINGS
from drawings.boxes import PAIRS as BOXES
from drawings.drawing import value
from programs import program

PAGES = pages.pages()
ROWS = [row for rows in MIGRATIONS.values() for row in rows]


def named_on(text):
    """The public names that a page describes, or lists."""
    described = re.findall(r"^\.\. auto(?:class|function):: keraslosses\.(\w+)$", text, re.MULTILINE)
    return described + re.findall(r"^- `keraslosses\.(\w+)`$", text, re.MULTILINE)


def test_each_public_name_is_on_one_page():
    named = [name for text in PAGES.values() for name in named_on(text)]
    assert sorted(named) == sorted(keraslosses.__all__)


@pytest.mark.parametrize("name", REFERENCES)
def test_the_page_of_a_loss_has_its_parts_in_order(name):
    reference, text = REFERENCES[name], PAGES[name]
    assert named_on(text) == [name, reference.function]
    first = inspect.getdoc(getattr(keraslosses, name)).split(".")[0]
    parts = [first, reference.tex, reference.symbols, f"]({name}.png)", "## When to use it", "## Example"]
    parts += [program(reference), "## Class", "## Function", "## Source", reference.source, reference.paper]
    rest = text
    for part in parts:
        _, found, rest = rest.partition(part or "\n")
        assert found, part
    assert reference.kind.text in text
    for use in reference.uses:
        assert use.place in text and use.when in text and use.when_not in text


def test_the_class_does_not_repeat_the_first_paragraph_of_the_page():
    text = ["Says", "it all.", "", "The formula."]
    for name, kept in (("Huber", text[3:]), ("CenterLoss", text)):
        lines = list(text)
        without_first_paragraph(None, "class", f"keraslosses.{name}", None, None, lines)
        assert lines == kept


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_page_shows_the_drawing_of_its_loss(name):
    assert f"![{DRAWINGS[name].caption}]({name}-explained.png)" in PAGES[name]


def test_a_drawing_is_a_picture(tmp_path):
    DRAWINGS["CIoU"].save(tmp_path / "CIoU.png")
    assert (tmp_path / "CIoU.png").stat().st_size > 10_000


def test_a_drawing_shows_the_value_of_the_loss():
    loss = keraslosses.CIoU(reduction="none")
    true, pred = BOXES["the boxes overlap"]
    assert abs(value("CIoU", [true], [pred]) - float(loss([true], [pred])[0])) < 1e-6


@pytest.mark.parametrize("name", [name for name, entry in REFERENCES.items() if entry.paper])
def test_a_paper_is_a_doi_or_an_arxiv_number(name):
    source = REFERENCES[name].source
    assert re.fullmatch(
        r"https://(doi\.org/10\.\d{4,9}/\S+|arxiv\.org/abs/\d{4}\.\d{4,5})", REFERENCES[name].paper
    )
    assert re.search(r", (19|20)\d\d", source)


def test_one_paper_has_one_link():
    papers = {
        (entry.source.partition(", 20")[0], entry.paper) for entry in REFERENCES.values() if entry.paper
    }
    names = [name for name, _ in papers]
    assert [name for name in names if names.count(name) > 1] == []


def test_each_loss_of_another_library_is_on_the_page_of_ours():
    one_loss = {row.theirs for row in ROWS if len(set(names_in(row.here))) == 1 and not row.is_object}
    missing = [theirs for theirs in one_loss if not any(f"`{theirs}`" in text for text in PAGES.values())]
    assert missing == ["tf.keras.losses.Huber"]  # It stands for every name that Keras 2 has.


def test_a_loss_of_keras_says_what_is_only_here():
    assert "`keras.losses.Huber` | `Huber` | The same arguments in the same order. |" in PAGES["Huber"]
    assert "Only here: `pos_weight`, `class_weights`, `ignore_class`." in PAGES["BinaryCrossentropy"]
    assert "keras.losses" not in PAGES["SmoothL1"]


@pytest.mark.parametrize("name", [name for name in REFERENCES if hasattr(keras.losses, name)])
def test_the_arguments_of_keras_come_in_the_same_order_here(name):
    of_keras, ours = (
        list(inspect.signature(getattr(m, name)).parameters) for m in (keras.losses, keraslosses)
    )
    assert [argument for argument in ours if argument in of_keras] == of_keras


def test_the_rows_of_the_differences_are_on_the_pages_of_their_losses():
    rows = elsewhere.differences_from_keras("Tversky")
    assert any("alpha=0.9" in call for call, *_ in rows) and all("Tversky(" in call for call, *_ in rows)
    assert "Where `keras.losses.Tversky` answers differently" in PAGES["Tversky"]
    page = elsewhere.DIFFERENCES.read_text("utf-8")
    assert len(elsewhere.rows_of_differences()) == page.count("\n| `")
    assert not any("as above" in why for *_, why in elsewhere.rows_of_differences())


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
    assert "Rows above 1.10" in tables.bench_summary() and ", small: " not in tables.bench_summary()


def test_the_first_lines_on_speed_are_what_was_measured():
    first_lines = (pages.FOLDER.parent / "performance.md").read_text("utf-8").split("\n\n")[2]
    (median,) = re.findall(r"all (\d\.\d\d)\.$", tables.bench("summary"), re.MULTILINE)
    assert f"The median ratio of our time to the best peer's is {median}." in first_lines
    without, with_xla = (times(tables.bench(mode)) for mode in ("tensorflow", "tensorflow, XLA"))
    shares = [with_xla[row] / without[row] for row in without]
    assert f"the median loss takes {np.median(shares):.2f} of the time" in " ".join(first_lines.split())


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


@pytest.mark.parametrize("name", REFERENCES)
def test_the_page_of_a_loss_opens_the_explorer_if_it_is_there(name):
    left_out = name in pages.not_in_the_explorer()
    assert (f'href="../explorer.html#loss={name}"' in PAGES[name]) is not left_out


def test_what_is_not_in_the_explorer_is_read_from_it():
    assert "CTC" in pages.not_in_the_explorer() and "Huber" not in pages.not_in_the_explorer()
    assert pages.not_in_the_explorer() < set(REFERENCES)
