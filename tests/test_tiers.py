"""The suite in two tiers: every test belongs to one, and `.ci/run` runs both."""

import re
from pathlib import Path

import conftest

import keraslosses_pytest
from keraslosses.reference import REFERENCES

ROOT = Path(__file__).parent.parent


def test_what_the_quick_tier_leaves_out_the_deep_one_runs():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    chosen = dict(
        re.findall(r'^([a-z-]+): .*\n\t@scripts/suite.sh \$\(PY\) -m ("?[a-z ]+"?) ', makefile, re.M)
    )
    assert chosen == {"quick": '"not deep"', "test-deep": "deep"}
    assert re.search("^test: .*quick", makefile, re.M)


def test_ci_runs_both():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.findall(r"^make .*?(test\S*)$", script, re.M) == ["test", "test-deep"]


def test_marks_name_backends():
    """A name that is none would leave the test in the quick tier."""
    marks = [
        name
        for path in (ROOT / "tests").glob("test_*.py")
        for names in re.findall(r"mark\.deep_(?:on|in_turn)\((.*?)\)", path.read_text("utf-8"))
        for name in re.findall(r'"(\w+)"', names)
    ]
    assert marks and set(marks) <= set(keraslosses_pytest.BACKENDS)


def test_files_of_one_backend_are_there():
    named = [name for names in conftest.OF_BACKEND.values() for name in names]
    assert [name for name in named if not (ROOT / "tests" / name).exists()] == []
    assert conftest.OF_BACKEND.keys() == set(keraslosses_pytest.BACKENDS)


def test_turns_are_shared_and_do_not_depend_on_the_form():
    backends = ("jax", "tensorflow")
    turns = [conftest.turn_of(f"test_value[{name}-compiled]", backends) for name in REFERENCES]
    for form in ("eager", "xla", "unknown batch"):
        assert [conftest.turn_of(f"test_value[{form}-{name}]", backends) for name in REFERENCES] == turns
    assert min(map(turns.count, backends)) > len(turns) / 4
