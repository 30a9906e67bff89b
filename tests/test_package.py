"""What is built for users: the wheel and the source archive, what they hold, and that each runs once installed."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import hatchling
import keras
import pytest

import keraslosses

pytestmark = pytest.mark.deep

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
NEEDED_TO_BUILD_AND_TEST = [
    "Makefile",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
TOP_LEVEL = ["keraslosses_child.py", "keraslosses_pytest.py"]


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


BUILT_BY_DOCS = ("docs/_build/", "docs/api/")


def files_in(*folders):
    """The files of the source that are not made by running it."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    names = {path.relative_to(ROOT).as_posix() for path in found}
    return {name for name in names if "__pycache__/" not in name and not name.startswith(BUILT_BY_DOCS)}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The source archive, and the wheel that is built from it: as the index and pip do it."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    source = folder / archive.name.removesuffix(".tar.gz")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=source)
    (wheel,) = folder.glob("*.whl")
    return {"wheel": wheel, "archive": archive, "source": source}


def test_the_archive_holds_all_that_building_and_testing_needs(built):
    source = built["source"]
    held = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert files_in("keraslosses", "tests", "docs", "examples", "scripts") <= held
    assert {*NEEDED_TO_BUILD_AND_TEST, *TOP_LEVEL, "CITATION.cff", "SECURITY.md"} <= held
    assert os.access(source / "scripts" / "suite.sh", os.X_OK)


def test_the_wheel_holds_the_package_alone(built):
    with zipfile.ZipFile(built["wheel"]) as file:
        held = {name for name in file.namelist() if ".dist-info/" not in name}
    assert held == files_in("keraslosses") | set(TOP_LEVEL)


@pytest.fixture(scope="module")
def metadata(built):
    """What the wheel says: the lines of its fields, and the description that an index page shows."""
    with zipfile.ZipFile(built["wheel"]) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        fields, _, text = file.read(name).decode().partition("\n\n")
    return fields.splitlines(), text


def test_the_wheel_says_what_it_is(metadata):
    lines, _ = metadata
    assert f"Version: {keraslosses.__version__}" in lines
    assert {"License-Expression: Apache-2.0", "Requires-Python: >=3.11"} <= set(lines)
    assert "Description-Content-Type: text/markdown" in lines
    assert [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line] == [
        "Requires-Dist: keras>=3.15",
        "Requires-Dist: numpy",
    ]


def relative_targets(text):
    """Where the links and pictures lead that name no address."""
    return [target for target in re.findall(r"\]\(([^)]*)\)", text) if "://" not in target]


def test_the_description_is_the_readme_without_links_that_lead_nowhere(metadata):
    _, text = metadata
    assert len(relative_targets(README)) > 15
    assert "](" not in text and "![" not in text
    without_links = [line for line in README.splitlines() if line and "](" not in line]
    assert [line for line in text.splitlines() if line in without_links] == without_links
    assert "| docs/detection.md, docs/sequences.md | " in text


def test_with_an_address_every_link_and_picture_of_the_description_has_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    text = README
    for rule in project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(rule["pattern"], lambda found: f"[{found[1]}](https://example.org/{found[2]})", text)
    assert relative_targets(text) == []
    assert text.count("](https://example.org/") == len(relative_targets(README))


# Python runs this file when it starts. The other backends are not found, as where they are not installed.
ONE_BACKEND = """
import sys
from importlib.machinery import PathFinder
class Rest(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in {others} else super().find_spec(name, path, target)
sys.meta_path = [Rest if finder is PathFinder else finder for finder in sys.meta_path]
"""


# The archive is built into the same wheel: on one backend that is enough.
INSTALLED = ["wheel", "archive"] if keras.backend.backend() == "torch" else ["wheel"]


@pytest.mark.parametrize("what", INSTALLED)
def test_what_is_installed_runs_with_one_backend(built, what, backend, tmp_path):
    """In an environment of its own, which borrows Keras and one backend from this one."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1"}
    venv.create(tmp_path / "venv")
    (library,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    borrowed = {str(Path(module.__file__).parents[1]) for module in (keras, hatchling)}
    (library / "borrowed.pth").write_text("\n".join(borrowed))
    others = {"tensorflow", "jax", "torch"} - {backend}
    (library / "sitecustomize.py").write_text(ONE_BACKEND.format(others=others))
    python, command = (tmp_path / "venv" / "bin" / name for name in ("python", "keraslosses"))
    quiet = ("-q", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--ignore-installed", *quiet)
    run(*pip, built[what], cwd=tmp_path, env=environment)
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    for other in others:
        absent = f"try:\n    import {other}\nexcept ImportError:\n    print('absent')"
        assert run(python, "-c", absent, cwd=tmp_path, env=environment) == "absent\n"
    place = "\nprint(keraslosses.__file__)"
    printed = run(python, "-c", program + place, cwd=tmp_path, env=environment).splitlines()
    assert printed[-1] == str(library / "keraslosses" / "__init__.py")
    assert [line for line in printed if line.startswith("Epoch")] == [f"Epoch {n}/5" for n in range(1, 6)]
    assert "Huber, Robust Estimation" in run(command, "list", "huber", cwd=tmp_path, env=environment)
