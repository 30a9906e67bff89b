"""Every loss passes every check of the package."""

import pytest

import keraslosses
from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.subject import Subject
from keraslosses.reference import REFERENCES


def test_every_loss_has_a_reference_and_the_other_way_round():
    assert set(keraslosses.names()) == set(REFERENCES)


SUBJECTS = {name: Subject(getattr(keraslosses, name), REFERENCES[name]) for name in REFERENCES}


@pytest.mark.parametrize(
    ("name", "check"),
    [(name, check) for name, s in SUBJECTS.items() for check in CHECKS if skipped(check, s) is None],
)
def test_loss_passes(name, check):
    assert findings(check, SUBJECTS[name]) == []
