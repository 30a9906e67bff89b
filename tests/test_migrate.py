"""`keraslosses migrate` finds the losses of other libraries, and `--write` changes what needs no decision."""

import inspect
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import keraslosses
from keraslosses import addons
from keraslosses.cli.app import app
from keraslosses.cli.migrate.names import ROWS as ROWS_BY_NAME
from keraslosses.cli.migrate.row import Row, names_in, told
from keraslosses.cli.migrate.table import TABLES

ROWS = [row for rows in TABLES.values() for row in rows]


def migrate(path, *options):
    return CliRunner().invoke(app, ["migrate", str(path), *options])


@pytest.fixture
def file(tmp_path):
    return tmp_path / "train.py"


def found(file, text, *options):
    """What the command says about a file with this text, by line."""
    file.write_text(text, "utf-8")
    return [
        (one["line"], one["theirs"], one["here"], one["state"])
        for one in json.loads(migrate(file, *options, "--json").stdout)["results"]
    ]


def written(file, text):
    """The file with this text after `--write`."""
    file.write_text(text, "utf-8")
    assert migrate(file, "--write").exit_code in (0, 1)
    return file.read_text("utf-8")


# What it finds

ALIASES = """\
import tensorflow_addons as tfa
from tensorflow_addons.losses import SigmoidFocalCrossEntropy as F
from tensorflow_addons import losses as addons
import tensorflow_addons.losses.giou_loss
import unrelated as other

F(alpha=0.3)
tfa.losses.GIoULoss(name="boxes")
addons.PinballLoss(0.1)
tensorflow_addons.losses.giou_loss(a, b)
other.losses.GIoULoss()
GIoULoss()
"""
FOCAL = "C * keraslosses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.3)"


def test_it_follows_the_names_of_imports(file):
    assert found(file, ALIASES) == [
        (7, "F(alpha=0.3)", FOCAL, "by hand"),
        (
            8,
            'tfa.losses.GIoULoss(name="boxes")',
            "keraslosses.GIoU(box_format='yxyx', name=\"boxes\")",
            "change",
        ),
        (9, "addons.PinballLoss(0.1)", None, "by hand"),
        (10, "tensorflow_addons.losses.giou_loss", "keraslosses.addons.giou_loss", "by hand"),
    ]


@pytest.mark.parametrize(
    ("line", "here", "state"),
    [
        ("tf.keras.losses.Huber(0.5)", "keraslosses.Huber(delta=0.5)", "change"),
        ("tf.compat.v2.keras.losses.Huber()", "keraslosses.Huber()", "change"),
        ("f(tf.keras.losses.Huber)", "keraslosses.Huber", "by hand"),
        (
            "tf.keras.losses.mean_squared_error(a, b)",
            "keraslosses.mean_squared_error",
            "change",
        ),
        ("f(tf.keras.losses.Reduction.AUTO)", "'sum_over_batch_size'", "change"),
        ("f(tf.losses.Reduction.SUM)", "'sum'", "change"),
        ("keras.losses.Huber(reduction='auto')", "reduction='sum_over_batch_size'", "change"),
        ("tf_keras.losses.Hinge()", "keraslosses.Hinge()", "change"),
        ("kcv.losses.SmoothL1Loss(2.0)", "keraslosses.SmoothL1(beta=2.0)", "change"),
        (
            "kcv.losses.GIoULoss('xyxy', name=n)",
            "keraslosses.GIoU(box_format='xyxy', name=n)",
            "change",
        ),
        ("kcv.losses.GIoULoss('xyxy', axis=1)", "keraslosses.GIoU(box_format='xyxy')", "by hand"),
        ("kcv.losses.GIoULoss(*a)", "keraslosses.GIoU()", "by hand"),
        ("kcv.losses.GIoULoss(**a)", "keraslosses.GIoU()", "by hand"),
        ("f(kcv.losses.GIoULoss)", "keraslosses.GIoU", "by hand"),
        ("kcv.losses.CIoULoss('xyxy')", "keraslosses.CIoU(box_format='xyxy')", "by hand"),
        (
            "sm.losses.BinaryFocalLoss(gamma=3)",
            "0.25 * keraslosses.BinaryFocalCrossentropy(gamma=3)",
            "change",
        ),
        (
            "sm.losses.BinaryFocalLoss(alpha=1)",
            "0.25 * keraslosses.BinaryFocalCrossentropy()",
            "by hand",
        ),
        ("f(sm.losses.dice_loss)", "keraslosses.Dice(axis=(0, 1, 2))", "change"),
        ("tfa.seq2seq.SequenceLoss()", None, "by hand"),
    ],
)
def test_each_kind_of_place(file, line, here, state):
    imports = "import keras, tf_keras, keras_cv as kcv, tensorflow as tf, segmentation_models as sm\n"
    ((_, _, ours, said),) = found(file, f"{imports}import tensorflow_addons as tfa\n{line}\n")
    assert said == state
    assert ours == here or (here is None and "mean_with_sample_weight" in ours)


@pytest.mark.parametrize(
    "line",
    [
        "import keras\nkeras.losses.Huber()",
        "import keras\nkeras.layers.Dense(1, name='auto')",
        "import tensorflow as tf\ntf.keras.layers.Dense(1)",
        "import tensorflow as tf\ntf.keras.losses.Loss",
        "from .keras_cv.losses import GIoULoss\nGIoULoss()",
        "from mine.losses import GIoULoss\nGIoULoss()",
        "import tensorflow_addons as tfa\ntfa.optimizers.AdamW()",
        "other(reduction='auto')",
    ],
)
def test_what_is_not_theirs_is_left_alone(file, line):
    assert found(file, line) == []
    assert written(file, line) == line
    assert migrate(file).exit_code == 0


def test_a_name_with_two_meanings_is_for_the_user(file):
    text = "try:\n    import tensorflow_addons as tfa\nexcept ImportError:\n    tfa = None\ntfa.losses.GIoULoss()\n"
    assert [one[3] for one in found(file, text)] == ["by hand"]
    assert written(file, text) == text


# What it writes

BEFORE = '''\
"""A program."""
from __future__ import annotations
import os  # unrelated: tfa.losses.GIoULoss()
import tensorflow_addons as tfa  # boxes
from tensorflow.keras.losses import (
    Huber,
    BinaryCrossentropy as BCE,
)
from segmentation_models import losses
import keras_cv

é = "é"; boxes = tfa.losses.GIoULoss(
    name="boxes",  # a comment
)
text = "tfa.losses.GIoULoss()"
both = [Huber( 0.5, reduction = "auto"), BCE()]
mask = 2 * losses.bce_dice_loss(a, b) + losses.BinaryFocalLoss(gamma=3)
smooth = keras_cv.losses.SmoothL1Loss(l1_cutoff=(0.5)), keras_cv.losses.GIoULoss(( "xyxy"))
rest = keras_cv.layers.MixUp()
'''
AFTER = '''\
"""A program."""
from __future__ import annotations
import os  # unrelated: tfa.losses.GIoULoss()
import keraslosses  # boxes
import keras_cv

é = "é"; boxes = keraslosses.GIoU(box_format='yxyx',
    name="boxes",  # a comment
)
text = "tfa.losses.GIoULoss()"
both = [keraslosses.Huber( delta=0.5, reduction = 'sum_over_batch_size'), keraslosses.BinaryCrossentropy()]
mask = 2 * (keraslosses.BinaryCrossentropy() + keraslosses.Dice(axis=(0, 1, 2)))(a, b) + (0.25 * keraslosses.BinaryFocalCrossentropy(gamma=3))
smooth = keraslosses.SmoothL1(beta=(0.5)), keraslosses.GIoU(box_format=( "xyxy"))
rest = keras_cv.layers.MixUp()
'''


def test_only_calls_and_imports_change_and_a_copy_is_kept(file):
    assert written(file, BEFORE) == AFTER
    assert file.with_name("train.py.orig").read_text("utf-8") == BEFORE
    again = migrate(file)
    assert again.exit_code == 0
    assert again.stdout == "1 file read: nothing to change.\n"


def test_a_reduction_stays_when_another_one_is_added_in_front(file):
    text = "import tensorflow_addons as a, tensorflow as t\na.losses.GIoULoss(reduction=t.keras.losses.Reduction.SUM)\n"
    assert written(file, text) == "import keraslosses\nkeraslosses.GIoU(box_format='yxyx', reduction='sum')\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Still used.
        ("{tfa}\n{call}\ntfa.x", "import keraslosses\n{tfa}\n{ours}\ntfa.x"),
        ("{tfa}\n__all__ = ['tfa']\n{call}", "import keraslosses\n{tfa}\n__all__ = ['tfa']\n{ours}"),
        # An import that comes too late to be replaced by ours.
        (
            "{tfa}\n{call}\ntfa.x\nimport tf_keras\ntf_keras.losses.Hinge()",
            "import keraslosses\n{tfa}\n{ours}\ntfa.x\nkeraslosses.Hinge()",
        ),
        # Not on lines of its own.
        ("{tfa}; x = 1\n{call}", "import keraslosses\n{tfa}; x = 1\n{ours}"),
        (
            '"""Doc."""\ndef f():\n    {tfa}\n    {call}',
            '"""Doc."""\nimport keraslosses\ndef f():\n    {tfa}\n    {ours}',
        ),
        # Imported already, before or behind.
        ("import keraslosses\n{tfa}\n{call}", "import keraslosses\n{ours}"),
        ("{tfa}\n{call}\nimport keraslosses", "import keraslosses\n{ours}\nimport keraslosses"),
    ],
)
def test_the_imports_fit_the_uses(file, before, after):
    parts = {
        "tfa": "import tensorflow_addons as tfa",
        "call": "tfa.losses.GIoULoss()",
        "ours": "keraslosses.GIoU(box_format='yxyx')",
    }
    assert written(file, before.format(**parts) + "\n") == after.format(**parts) + "\n"


def test_options_that_are_added_stand_in_front_of_the_first_argument(file, monkeypatch):
    row = Row("keras_cv.losses.New", "keraslosses.GIoU(box_format='yxyx')", "New.", "reduction")
    monkeypatch.setitem(ROWS_BY_NAME, row.theirs, row)
    text = "import keras_cv\nkeras_cv.losses.New('sum')\n"
    assert written(file, text) == "import keraslosses\nkeraslosses.GIoU(box_format='yxyx', reduction='sum')\n"


def test_line_ends_and_encoding_stay(file):
    text = "# -*- coding: latin-1 -*-\r\nimport tensorflow_addons as tfa\r\né = tfa.losses.GIoULoss()\r\n"
    file.write_bytes(text.encode("latin-1"))
    assert migrate(file, "--write").exit_code == 0
    assert file.read_bytes() == (
        "# -*- coding: latin-1 -*-\r\nimport keraslosses\r\né = keraslosses.GIoU(box_format='yxyx')\r\n"
    ).encode("latin-1")


def test_without_write_nothing_is_written(file):
    file.write_text(BEFORE, "utf-8")
    assert migrate(file).exit_code == 1
    assert file.read_text("utf-8") == BEFORE
    assert list(file.parent.iterdir()) == [file]


def test_an_older_copy_is_not_lost(file):
    copy = file.with_name("train.py.orig")
    copy.write_text("older")
    file.write_text(BEFORE, "utf-8")
    result = migrate(file, "--write")
    assert result.exit_code == 2
    assert "train.py.orig exists already; move it to another place" in result.stderr
    assert (copy.read_text(), file.read_text("utf-8")) == ("older", BEFORE)


# What it says


def test_the_page_shows_what_the_command_prints(tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs" / "migrate.md").read_text("utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    calls = re.findall(r"^train\.py:\d+: (.*)$", shown, re.MULTILINE)
    text = "import tensorflow_addons as tfa\n" + "\n" * 10 + "\n".join(calls) + "\n"
    Path("train.py").write_text(text)
    assert migrate("train.py").stdout == shown


def test_a_folder_is_read_without_hidden_folders_and_installed_packages(tmp_path):
    for name in ("a.py", "in/b.py", ".hidden/c.py", "site-packages/d.py", "e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("import keras_cv\nkeras_cv.losses.SmoothL1Loss()\n")
    result = migrate(tmp_path, "--write")
    assert result.stdout.endswith("2 files read: 2 changed.\n")
    assert {path.name for path in tmp_path.rglob("*.orig")} == {"a.py.orig", "b.py.orig"}


def test_changes_are_counted(tmp_path):
    (tmp_path / "one.py").write_text("import keras\nkeras.losses.Huber(reduction='auto')\n" * 2, "utf-8")
    assert migrate(tmp_path).stdout.endswith("1 file read: 2 changes.\n")


@pytest.mark.parametrize("broken", [b"def f(:\n", b"x = '\xff'\n", b"# coding: nothing\n", b"\x00"])
def test_a_file_that_is_no_python_is_told_and_the_others_are_changed(tmp_path, broken):
    (tmp_path / "a.py").write_bytes(broken)
    (tmp_path / "b.py").write_text("import keras_cv\nkeras_cv.losses.SmoothL1Loss()\n")
    result = migrate(tmp_path, "--write")
    assert result.exit_code == 2
    assert re.match(rf"{re.escape(str(tmp_path))}/a\.py(:1)?: no Python: \w", result.stderr)
    assert (tmp_path / "b.py").read_text() == "import keraslosses\nkeraslosses.SmoothL1()\n"
    assert (tmp_path / "a.py").read_bytes() == broken


def test_a_path_that_is_not_there_is_wrong_use(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.py").touch()
    result = migrate("trian.py")
    assert result.exit_code == 2
    said = " ".join(result.stderr.replace("│", " ").split())
    assert "PATH: there is no file or folder 'trian.py'. Did you mean 'train.py'?" in said


def test_what_is_left_for_the_user_gives_exit_code_1(file):
    file.write_text("import tensorflow_addons as tfa\ntfa.losses.PinballLoss()\n")
    assert migrate(file, "--write").exit_code == 1
    assert list(file.parent.iterdir()) == [file]


# The tables


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.theirs)
def test_a_row_names_what_there_is(row):
    assert row.bites[0].isupper() or row.bites[0] == "`"
    assert row.bites.endswith(".") and ". " not in row.bites and "|" not in row.bites + told(row)
    for name in names_in(row.here):
        assert name in keraslosses.__all__
    if row.here.startswith("keraslosses."):
        known = inspect.signature(getattr(keraslosses, row.name)).parameters
        assert {ours for ours in row.arguments.values() if ours} <= known.keys()
    if not row.here:
        assert "Not here yet" in row.bites or row.bites.startswith(("Use the layer", "Use the loss"))


def test_the_functions_of_addons_have_their_names():
    named = {
        name: row.here for name, row in ROWS_BY_NAME.items() if row.here.startswith("keraslosses.addons.")
    }
    functions = [name for name in addons.__all__ if name.islower()]
    assert named == {f"tensorflow_addons.losses.{name}": f"keraslosses.addons.{name}" for name in functions}


def test_no_loss_has_two_rows():
    assert len({row.theirs for row in ROWS}) == len(ROWS)
