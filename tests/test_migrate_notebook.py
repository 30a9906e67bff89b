"""`keraslosses migrate` reads notebooks: it names the cell, and `--write` changes nothing but the source."""

import json

import pytest
from typer.testing import CliRunner

from keraslosses.cli.app import app
from keraslosses.cli.migrate.notebook import Notebook

CELLS = [
    ("markdown", "# tfa.losses.GIoULoss()"),
    ("code", "%pip install tensorflow_addons\n!ls *.py\nimport tensorflow_addons as tfa"),
    ("code", "%%bash\necho tfa.losses.GIoULoss() (\n"),
    ("code", ""),
    ("code", "%%time\nfiles = !ls\nwidth = %sql x\nif files:\n    !echo 'é'\nloss = tfa.losses.GIoULoss(\n    name='a')\n"),
    ("code", "tfa.losses.GIoULoss?\nx = (7\n    % 2\n    != 1)\nF = tfa.losses.PinballLoss(0.1)"),
]  # fmt: skip


def notebook(cells=CELLS, as_lines=True, **metadata):
    made = [
        {
            "cell_type": kind,
            "metadata": {},
            **(
                {"execution_count": 2, "outputs": [{"text": "tfa.losses.GIoULoss()"}]}
                if kind == "code"
                else {}
            ),
            "source": source.splitlines(keepends=True) if as_lines else source,
        }
        for kind, source in cells
    ]
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def migrate(path, *options):
    result = CliRunner().invoke(app, ["migrate", str(path), *options])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


@pytest.fixture
def file(tmp_path):
    return tmp_path / "study.ipynb"


def test_it_names_the_cell_and_the_line(file):
    file.write_text(json.dumps(notebook()), "utf-8")
    said = migrate(file).stdout
    assert f"{file}, cell 5, line 6: tfa.losses.GIoULoss( name='a')\n    change: keraslosses.GIoU(" in said
    assert f"{file}, cell 6, line 5: tfa.losses.PinballLoss(0.1)\n    by hand: " in said
    assert said.endswith("1 file read: 1 change, 1 by hand.\n")
    places = [(one["cell"], one["line"]) for one in json.loads(migrate(file, "--json").stdout)["results"]]
    assert places == [(5, 6), (6, 5)]


@pytest.mark.parametrize("as_lines", [True, False])
@pytest.mark.parametrize(("indent", "ascii_only"), [(1, False), (2, True), (None, False)])
def test_only_the_source_changes(file, as_lines, indent, ascii_only):
    before = json.dumps(notebook(as_lines=as_lines), indent=indent, ensure_ascii=ascii_only) + "\n"
    file.write_text(before, "utf-8")
    assert migrate(file, "--write").exit_code == 1
    cells = [list(cell) for cell in CELLS]
    cells[1][1] = cells[1][1].replace(
        "import tensorflow_addons as tfa", "import keraslosses\nimport tensorflow_addons as tfa"
    )
    cells[4][1] = cells[4][1].replace("tfa.losses.GIoULoss(\n", "keraslosses.GIoU(box_format='yxyx',\n")
    after = json.dumps(notebook(cells, as_lines), indent=indent, ensure_ascii=ascii_only) + "\n"
    assert file.read_text("utf-8") == after
    assert file.with_name("study.ipynb.orig").read_text("utf-8") == before


def test_an_import_of_one_cell_goes_when_the_others_no_longer_need_it(file):
    cells = [("code", "import tensorflow_addons as tfa\n"), ("code", "a = 1\nb = tfa.losses.GIoULoss()")]
    file.write_text(json.dumps(notebook(cells)), "utf-8")
    assert migrate(file, "--write").exit_code == 0
    assert ["".join(cell["source"]) for cell in json.loads(file.read_text("utf-8"))["cells"]] == [
        "import keraslosses\n",
        "a = 1\nb = keraslosses.GIoU(box_format='yxyx')",
    ]


def test_what_is_put_back_without_a_change_is_the_same():
    text = json.dumps(notebook(), indent=1)
    read = Notebook(text)
    assert read.with_code(read.code) == text


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 3", "%%capture out", "%%prun"])
def test_python_below_a_magic_is_read(file, magic):
    cells = [("code", "import tensorflow_addons as tfa"), ("code", f"{magic}\ntfa.losses.GIoULoss()")]
    file.write_text(json.dumps(notebook(cells)), "utf-8")
    assert migrate(file, "--write").stdout.endswith("1 file read: 1 changed.\n")
    last = json.loads(file.read_text("utf-8"))["cells"][-1]
    assert "".join(last["source"]) == f"{magic}\nkeraslosses.GIoU(box_format='yxyx')"


def test_a_folder_with_notebooks_is_read_without_their_checkpoints(tmp_path):
    for name in ("study.ipynb", ".ipynb_checkpoints/study-checkpoint.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(notebook()), "utf-8")
    (tmp_path / "train.py").write_text("import keras\n")
    assert migrate(tmp_path).stdout.endswith("2 files read: 1 change, 1 by hand.\n")


def test_a_notebook_of_another_language_has_nothing_to_change(file):
    file.write_text(json.dumps(notebook(kernelspec={"language": "R"})), "utf-8")
    assert migrate(file).stdout == "1 file read: nothing to change.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "no notebook of format 4 (JSONDecodeError: "),
        ("[]", "no notebook of format 4 (TypeError: "),
        ('{"worksheets": []}', "no notebook of format 4 (KeyError: 'cells')"),
        (json.dumps(notebook([("code", "x = 1"), ("markdown", ""), ("code", "\ny = (")])), "cell 3, line 2: no Python: '(' was never closed"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_told(file, text, said):
    file.write_text(text)
    result = migrate(file, "--write")
    assert result.exit_code == 2
    assert f"{file}: {said}" in result.stderr
    assert file.read_text() == text


CONTINUED = "if deep:\n    !pip install a \\\n  tensorflow-addons\nimport tensorflow_addons as tfa\ntfa.losses.GIoULoss()"
BEHIND_A_BLANK_LINE = "\n%%bash\necho ("
NO_MAGIC = "import tensorflow_addons as tfa\nx = (7\n     %b)\ntfa.losses.GIoULoss()"


@pytest.mark.parametrize("source", [CONTINUED, BEHIND_A_BLANK_LINE, NO_MAGIC])
def test_what_ipython_reads_otherwise_is_left_as_it_is(file, source):
    whole = json.dumps(notebook([("code", source)]))
    made = Notebook(whole)
    assert json.loads(made.with_code(made.code)) == json.loads(whole)
    file.write_text(whole, "utf-8")
    result = migrate(file)
    assert result.exit_code < 2
    assert ("GIoULoss" in source) is ("1 change" in result.stdout)


@pytest.mark.parametrize("cell", [{}, {"cell_type": "code"}, 3])
def test_a_cell_that_is_none_is_named_and_the_other_files_are_read(file, cell):
    file.write_text(json.dumps({"cells": [cell], "nbformat": 4}), "utf-8")
    file.with_name("other.py").write_text("import tensorflow_addons as tfa\ntfa.losses.GIoULoss()\n", "utf-8")
    result = migrate(file.parent)
    assert result.exit_code == 2
    assert "no notebook of format 4" in result.stderr and "1 change" in result.stdout


def test_cells_of_another_language_are_not_read(file):
    file.write_text(json.dumps(notebook([("code", "x <- 1")], language_info={"name": "R"})), "utf-8")
    assert migrate(file).exit_code == 0
