"""Run the examples and write their pages and pictures: `make gallery`.

The pages are kept in docs/gallery, so that a build of the docs runs no example.
`python scripts/gallery.py NAME ...` runs only these examples and those that have changed. They run in a copy
of their folder, and leave their files there.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

# Always the same one: another backend gives other numbers.
os.environ["KERAS_BACKEND"] = "torch"

from PIL import Image
from sphinx.application import Sphinx
from sphinx_gallery.gen_rst import ZIP_DOWNLOAD

ROOT = Path(__file__).parent.parent
EXAMPLES, DOCS = ROOT / "examples", ROOT / "docs"
KEPT = DOCS / "gallery"
# Its pictures are on the page of the worked examples.
NO_PAGE = "article_plots.py"

FIRST_CELL = """\
%pip install "keraslosses[cli,torch]"

# Keras reads the backend when it is imported: "tensorflow", "jax" or "torch".
import os

os.environ.setdefault("KERAS_BACKEND", "torch")
"""


def settings(examples: Path) -> dict:
    """What sphinx-gallery is told. Times are left out: they differ from run to run."""
    return {
        "examples_dirs": str(examples),
        "gallery_dirs": KEPT.name,
        "filename_pattern": "",  # each file is an example
        "abort_on_example_error": True,
        "first_notebook_cell": FIRST_CELL,
        "min_reported_time": float("inf"),
        "write_computation_times": False,
        "download_all_examples": False,
        "show_signature": False,
        "inspect_global_variables": False,
        "capture_repr": (),
        "remove_config_comments": True,
    }


def forget(names: list[str]) -> None:
    """Remove what is kept of these examples, or of all."""
    if not names:
        shutil.rmtree(KEPT, ignore_errors=True)
    for name in names:
        if not (EXAMPLES / f"{name}.py").is_file():
            sys.exit(f"expected names of files in examples/ without .py, got {name!r}")
    for name in names:
        for path in [*KEPT.glob(f"{name}.*"), *KEPT.glob(f"images/**/sphx_glr_{name}_*")]:
            path.unlink()


def generate() -> None:
    """Sphinx-gallery does all its work when Sphinx starts."""
    with TemporaryDirectory() as folder:
        examples, output = Path(folder, "examples"), Path(folder, "output")
        shutil.copytree(EXAMPLES, examples, ignore=shutil.ignore_patterns(NO_PAGE, "__pycache__"))
        conf = {
            "extensions": ["sphinx_gallery.gen_gallery"],
            "sphinx_gallery_conf": settings(examples),
        }
        Sphinx(DOCS, None, output, output, "dummy", confoverrides=conf, warningiserror=True)


def tidy() -> None:
    """Keep what the pages need, and no more. For download, they lead to the examples themselves."""
    for ending in ("*.zip", "*.json", "*.py"):
        for path in KEPT.glob(ending):
            path.unlink()
    for page in KEPT.glob("*.rst"):
        page.chmod(0o644)
        text = page.read_text("utf-8").replace(ZIP_DOWNLOAD.format(f"{page.stem}.zip"), "")
        text = text.replace(f"<{page.stem}.py>", f"<../../examples/{page.stem}.py>")
        page.write_text(text.rstrip() + "\n", "utf-8")
    for path in KEPT.rglob("*.png"):
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    forget(sys.argv[1:])
    generate()
    tidy()
