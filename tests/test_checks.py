"""Every loss passes every check of the package."""

import pytest

import keraslosses
from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES


def test_every_loss_has_a_reference_and_the_other_way_round():
    assert set(keraslosses.names()) == set(REFERENCES)


def subject_of(name):
    """Made anew for each test: what was compiled for it does not stay in memory."""
    return Subject(getattr(keraslosses, name), REFERENCES[name])


# Hard inputs of one class alone: that it warns of them is tested elsewhere.
@pytest.mark.filterwarnings("ignore:A categorical loss expects more than one class:SyntaxWarning")
@pytest.mark.parametrize(
    ("name", "check"),
    [(name, check) for name in REFERENCES for check in CHECKS if skipped(check, subject_of(name)) is None],
)
def test_loss_passes(name, check):
    assert findings(check, subject_of(name)) == []
