"""Every loss passes every check of the package."""

import pytest

import keraslosses
from keraslosses.portability.checks import CHECKS, findings
from keraslosses.portability.subject import Subject
from keraslosses.reference import REFERENCES


def test_every_loss_has_a_reference_and_the_other_way_round():
    assert set(keraslosses.names()) == set(REFERENCES)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", REFERENCES)
def test_loss_passes(name, check):
    subject = Subject(getattr(keraslosses, name), REFERENCES[name])
    assert findings(check, subject) == []
