"""Each check finds the fault that was planted for it, and is silent on the twin without it."""

import pytest
from broken_losses import FAULTS, SELF_WEIGHTED, SelfWeighted

from keraslosses.portability.checks import CHECKS, findings, skipped
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES

# Those whose check there is on this backend.
FINDABLE = [name for name, (check, broken) in FAULTS.items() if skipped(check, broken) is None]


@pytest.mark.parametrize("name", FINDABLE)
def test_fault_is_found(name):
    check, broken = FAULTS[name]
    assert findings(check, broken)


def test_only_replicas_are_not_checked_on_every_backend(backend):
    left_out = {FAULTS[name][0] for name in FAULTS.keys() - set(FINDABLE)}
    assert left_out == (set() if backend == "tensorflow" else {"replicas"})


def test_twins_without_the_fault_are_losses_of_ours_which_pass_every_check():
    """See tests/test_checks.py."""
    references = [broken.reference for _, broken in FAULTS.values()]
    assert [one.name for one in references if REFERENCES.get(one.name) is not one] == ["SelfWeighted"]


def test_twin_that_is_not_ours_passes():
    check, _ = FAULTS["MissingStopGradient"]
    assert findings(check, Subject(SelfWeighted, SELF_WEIGHTED)) == []


def test_every_check_has_a_planted_fault():
    assert {check for check, _ in FAULTS.values()} == set(CHECKS)


def test_message_names_what_and_where():
    check, broken = FAULTS["MissingStopGradient"]
    assert "gradient with {}" in findings(check, broken)[0].text
