"""Every finding has a code, and every code its advice."""

import ast
from pathlib import Path

import pytest

import keraslosses.portability
import keraslosses_child
from keraslosses.portability.finding import Finding, code_of
from keraslosses.portability.report.advice import ADVICE, advice_for

PORTABILITY = Path(keraslosses.portability.__file__).parent
SOURCES = [Path(keraslosses_child.__file__), *PORTABILITY.rglob("*.py")]


def words_in(path):
    """The texts of a file that could be codes."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_code_is_used():
    used = {word for path in SOURCES if path.name != "advice.py" for word in words_in(path)}
    assert ADVICE.keys() - used == set()


def first_argument(call):
    """The codes that a call may be given first; nothing where a variable holds them."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.IfExp):
        return [first.body.value, first.orelse.value]
    return [first.value] if isinstance(first, ast.Constant) else []


def test_every_finding_has_a_code_with_advice():
    calls = [
        (path.name, code)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", ""))
        in ("Finding", "Measured", "disagreement")
        for code in first_argument(node)
    ]
    assert len(calls) > 40
    assert [(path, code) for path, code in calls if code not in ADVICE] == []


def test_advice_on_the_config_names_what_it_lacks_and_nothing_else():
    said = advice_for(Finding("config-lacks", "the config lacks `delta`", argument="delta"))
    assert '{**super().get_config(), "delta": self.delta}' in said
    assert "name" not in said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            NotImplementedError("Cannot convert a symbolic tf.Tensor (sub:0) to a numpy array."),
            "numpy-on-tensor",
        ),
        (ModuleNotFoundError("No module named 'tensorflow'"), "missing-module"),
        (RuntimeError("[JAX RNG] a generator must have a seed"), "random"),
        (
            TypeError("TracerBoolConversionError: Attempted boolean conversion of traced array"),
            "not-traceable",
        ),
        (RuntimeError("it must override the setup_context"), "not-transformable"),
        (ValueError("expected 4 coordinates"), "raises"),
        (TypeError("mul got incompatible shapes for broadcasting: (7,), (11,)."), "raises"),
    ],
)
def test_what_a_framework_says_tells_the_code(error, code):
    assert code_of(error) == code
    assert code_of(error, "does-not-run") == ("does-not-run" if code == "raises" else code)
