"""Each check finds the fault that was planted for it, and is silent on the twin without it."""

import pytest
from broken_losses import FAULTS, SELF_WEIGHTED, SelfWeighted

import keraslosses
from keraslosses.portability.checks import CHECKS, findings
from keraslosses.portability.subject import Subject


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found(name):
    check, broken = FAULTS[name]
    assert findings(check, broken)


@pytest.mark.parametrize("name", FAULTS)
def test_twin_without_the_fault_passes(name):
    check, broken = FAULTS[name]
    sound = SelfWeighted if broken.reference is SELF_WEIGHTED else getattr(keraslosses, broken.reference.name)
    assert findings(check, Subject(sound, broken.reference)) == []


def test_every_check_has_a_planted_fault():
    assert {check for check, _ in FAULTS.values()} == set(CHECKS)


def test_message_names_what_and_where():
    check, broken = FAULTS["MissingStopGradient"]
    assert "gradient with {}" in findings(check, broken)[0]
