"""The gallery that is kept in docs/gallery: it is that of the examples as they are now, and no more."""

import ast
import hashlib
import re
import shutil
import subprocess
import sys

import pytest
from short_examples import EXAMPLES, KEPT, NO_PAGE, ROOT, SHORT, cells, script, shortened, without_install

NAMES = [name for name in EXAMPLES if name != NO_PAGE]
OUTDATED = "docs/gallery is not of the examples as they are now; run `make gallery`"

each_name = pytest.mark.parametrize("name", NAMES)


@each_name
def test_kept_results_are_those_of_the_example(name):
    kept = KEPT / f"{name}.py.md5"
    ran = kept.read_text("utf-8") if kept.is_file() else "never"
    assert ran == hashlib.md5(script(name).encode()).hexdigest(), OUTDATED


def test_the_first_page_has_the_text_and_the_examples():
    text = (KEPT / "index.rst").read_text("utf-8")
    header = (ROOT / "examples" / "README.rst").read_text("utf-8")
    assert header in text and set(re.findall(r"^   /gallery/(\w+)$", text, re.MULTILINE)) == set(NAMES), (
        OUTDATED
    )


def test_all_that_is_kept_is_shown():
    pages = [KEPT / "index.rst", *(KEPT / f"{name}.rst" for name in NAMES)]
    shown = {
        picture
        for page in pages
        for picture in re.findall(r"/gallery/(images/\S+\.png)", page.read_text("utf-8"))
    }
    files = {f"{name}{ending}" for name in NAMES for ending in (".py.md5", ".rst", ".ipynb")}
    found = {path.relative_to(KEPT).as_posix() for path in KEPT.rglob("*") if path.is_file()}
    assert found == {"index.rst", *shown, *files}, OUTDATED


def test_what_is_kept_is_small_and_names_no_place():
    files = [path for path in KEPT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_500_000
    texts = {path.name: path.read_text("utf-8") for path in files if path.suffix != ".png"}
    assert [
        name for name, text in texts.items() if re.search(r"(?<![\w.:/])/(home|root|tmp|usr|var|work)/", text)
    ] == []


@each_name
def test_a_notebook_installs_the_package_and_has_the_code_of_the_example(name):
    install, *code = cells(name)
    first, _, rest = install.partition("\n")
    assert first.startswith('%pip install "keraslosses[') and without_install(install) == rest
    assert "KERAS_BACKEND" in rest and "import keras" not in rest and ast.parse(rest)
    docstring, *statements = ast.parse(script(name)).body
    assert ast.get_docstring(ast.Module([docstring], []))
    assert list(map(ast.dump, ast.parse("\n".join(code)).body)) == list(map(ast.dump, statements)), OUTDATED


@pytest.mark.parametrize("name", SHORT)
def test_the_constants_that_shorten_an_example_are_there(name):
    assert shortened(name, script(name)) != script(name)


@pytest.mark.parametrize("source", ["", "EPOCHS = 1\nEPOCHS = 2\n"])
def test_a_constant_that_is_gone_is_an_error(source):
    with pytest.raises(
        ValueError, match=r"expected one line 'EPOCHS = \.\.\.' in the example center_loss_digits, found [02]"
    ):
        shortened("center_loss_digits", source)


def make_gallery(root, *names):
    command = [sys.executable, root / "scripts" / "gallery.py", *names]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.deep
def test_make_gallery_keeps_results_and_no_more(tmp_path):
    """Of a shortened example, in a folder with nothing else."""
    name = "regression_with_outliers"
    for folder in ("examples", "docs", "scripts"):
        (tmp_path / folder).mkdir()
    for path in (ROOT / "scripts" / "gallery.py", ROOT / "examples" / "README.rst", EXAMPLES[NO_PAGE]):
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    (tmp_path / "examples" / f"{name}.py").write_text(shortened(name, script(name)), "utf-8")
    done = make_gallery(tmp_path)
    assert done.returncode == 0, done.stderr
    kept = tmp_path / "docs" / "gallery"
    files = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
    assert files == {
        "index.rst",
        *(f"{name}{ending}" for ending in (".py.md5", ".rst", ".ipynb")),
        f"images/sphx_glr_{name}_001.png",
        f"images/thumb/sphx_glr_{name}_thumb.png",
    }
    assert {path.name for path in (tmp_path / "examples").iterdir()} == {
        "README.rst",
        f"{NO_PAGE}.py",
        f"{name}.py",
    }
    page = (kept / f"{name}.rst").read_text("utf-8")
    assert "Huber(delta=0.2)   y = " in page and ".zip" not in page and "running time" not in page
    assert f"<../../examples/{name}.py>" in page


@pytest.mark.deep
def test_make_gallery_says_which_names_it_takes():
    done = make_gallery(ROOT, "rare_negatives")
    assert done.returncode == 1
    assert "expected names of files in examples/ without .py, got 'rare_negatives'" in done.stderr
