"""Every loss passes every check of the package."""

import functools
from contextlib import nullcontext
from dataclasses import replace

import pytest
from watching import watched

import keraslosses
from keraslosses.portability import gradients
from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES

BACKEND = gradients.BACKEND
# The checks that `make test` leaves out on a backend, because they take much processor time there.
LEFT_OUT = {
    "tensorflow": ("transformations", "hard inputs", "batch", "weights", "precision", "float64", "fit"),
    "jax": tuple(CHECKS.keys() - {"value", "gradient", "compiled", "saving", "options"}),
    "torch": ("domain",),
}[BACKEND]
# Those that it runs in fewer modes, and those that it runs with the first options only.
IN_PART = {"tensorflow": ("compiled",), "jax": (), "torch": ("hard inputs",)}[BACKEND]
# `test_torch_compile.py` compiles every loss.
ELSEWHERE = ("compiled",) if BACKEND == "torch" else ()
FIRST_OPTIONS = ("value", "gradient", "compiled") if BACKEND == "jax" else ()

if BACKEND == "jax":
    import jax

    # The options of XLA by default: scripts/suite.sh gives the tests others, with which it compiles quickly.
    AS_USERS_COMPILE = {"xla_backend_optimization_level": 3, "xla_cpu_use_fusion_emitters": True}


def test_every_loss_has_a_reference_and_the_other_way_round():
    assert set(keraslosses.names()) == set(REFERENCES)


@functools.lru_cache(maxsize=2)
def subject_of(name, first_options=False):
    """The checks of a loss share it, and what was compiled for it. Then it goes: it would fill the memory."""
    reference = REFERENCES[name]
    if first_options:
        reference = replace(reference, options=reference.options[:1])
    return Subject(getattr(keraslosses, name), reference)


def of_every_loss(checks):
    """Marks a test to run with every loss and each of these checks that there is for it on this backend."""
    pairs = [
        (name, check) for name in REFERENCES for check in checks if skipped(check, subject_of(name)) is None
    ]
    # Hard inputs of one class alone: that it warns of them is tested elsewhere.
    one_class = pytest.mark.filterwarnings(
        "ignore:A categorical loss expects more than one class:SyntaxWarning"
    )
    return lambda test: one_class(pytest.mark.parametrize(("name", "check"), pairs)(test))


@of_every_loss([check for check in CHECKS if check not in (*LEFT_OUT, *ELSEWHERE)])
def test_loss_passes(name, check, monkeypatch):
    """Compiled as `fit` compiles it, and at hard inputs not compiled."""
    monkeypatch.setattr(gradients, "HARD_MODES", gradients.MODES[:1])
    monkeypatch.setattr(gradients, "MODES", gradients.MODES[:2])
    with watched() if check == "fit" else nullcontext():
        assert findings(check, subject_of(name, check in FIRST_OPTIONS)) == []


def strict():
    """Nothing relies on JAX's adding of axes where ranks differ."""
    return jax.numpy_rank_promotion("raise") if BACKEND == "jax" else nullcontext()


@pytest.mark.deep
@of_every_loss([check for check in CHECKS if check in (*LEFT_OUT, *IN_PART, *FIRST_OPTIONS)])
def test_loss_passes_in_full(name, check, monkeypatch):
    subject = subject_of(name)
    if BACKEND == "jax" and check == "compiled":
        subject = Subject(subject.make, subject.reference)  # Of the other one, something is compiled already.
        monkeypatch.setattr(jax, "jit", functools.partial(jax.jit, compiler_options=AS_USERS_COMPILE))
    if BACKEND == "jax" and check in ("value", "hard inputs"):
        # The first options are called as users call them; else JAX would compile each operation alone.
        monkeypatch.setattr(gradients, "values_of", gradients.usual_values_of)
    with watched() if check == "fit" else strict() if check in ("weights", "gradient") else nullcontext():
        assert findings(check, subject) == []
