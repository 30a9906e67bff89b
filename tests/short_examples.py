"""The programs in examples/ and the code of their notebooks, made short enough for a test."""

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parent.parent
EXAMPLES = {path.stem: path for path in sorted((ROOT / "examples").glob("*.py"))}
# Its pictures are on the page of the worked examples: it has no page and no notebook of its own.
NO_PAGE = "article_plots"
KEPT = ROOT / "docs" / "gallery"

# What takes the place of the constants and of the data of an example; without it the example runs as it is.
SHORT = {
    "center_loss_digits": {"EPOCHS": "1"},
    "digit_detector": {"EPOCHS": "1", "BATCHES": "2", "SCENES": "10"},
    "long_tailed_digits": {"EPOCHS": "1", "SEEDS": "1"},
    "open_set_verification": {
        "METHODS": '["softmax", "ArcFace"]',
        "SEEDS": "[0]",
        "EPOCHS": "1",
        "PICTURE_EPOCHS": "1",
    },
    "ordered_classes": {"EPOCHS": "1", "SEEDS": "1"},
    "rare_positives": {"EPOCHS": "1"},
    "read_digit_strips": {"EPOCHS": "1", "BATCHES": "2", "STRIPS": "10"},
    "regression_with_outliers": {"EPOCHS": "2"},
    "retrieval_of_new_digits": {
        "EPOCHS": "1",
        "SEEDS": "1",
        "x_train, y_train": "placed(images[seen][:360]), digits[seen][:360]",
    },
    "same_or_not": {"EPOCHS": "1"},
    "segmentation_small_class": {"EPOCHS": "1", "SEEDS": "1"},
    "segmentation_void_label": {"EPOCHS": "1"},
    "two_towers": {"EPOCHS": "1", "SEEDS": "1"},
}


def script(name: str) -> str:
    return EXAMPLES[name].read_text("utf-8")


def cells(name: str) -> list[str]:
    """The code of a notebook, a text for each cell."""
    notebook = json.loads((KEPT / f"{name}.ipynb").read_text("utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def without_install(cell: str) -> str:
    return re.sub(r"^%pip install .*\n", "", cell)


def shortened(name: str, source: str) -> str:
    for constant, value in SHORT.get(name, {}).items():
        source, found = re.subn(rf"^{constant} = .*$", f"{constant} = {value}", source, flags=re.MULTILINE)
        if found != 1:
            raise ValueError(f"expected one line '{constant} = ...' in the example {name}, found {found}")
    return source


def run(source: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """What a program printed, and its names."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed), mock.patch.object(sys, "argv", ["x"]):
        exec(compile(source, "example", "exec"), names)
    return printed.getvalue(), names
