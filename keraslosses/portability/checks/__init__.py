"""All checks by name, with the rules that say which of them apply to a subject.

A check takes a `Subject` and yields a `Finding` for each fault. A check without findings has passed. The
checks run on the backend of this process.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keraslosses.portability import gradients
from keraslosses.portability.checks import carried, lifecycle, weighting, with_reference, without_reference
from keraslosses.portability.checks.domain import cases, check_domain, option_sets
from keraslosses.portability.checks.float64 import check_float64
from keraslosses.portability.checks.invariance import check_compiled, samples_stand_alone
from keraslosses.portability.checks.replicas import check_replicas, why_not
from keraslosses.portability.checks.shapes import check_shapes
from keraslosses.portability.checks.transformations import check_transformations
from keraslosses.portability.finding import Finding, Measured, inputs_shown, last_inputs, of_error
from keraslosses.portability.targets.inputs import Drawn
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import Reference

# The checks of a subject with a reference.
CHECKS: dict[str, Callable[[Subject], Any]] = {
    "shapes": check_shapes,
    "value": with_reference.check_value,
    "gradient": with_reference.check_gradient,
    "transformations": check_transformations,
    "hard inputs": with_reference.check_hard_inputs,
    "domain": check_domain,
    "compiled": check_compiled,
    "batch": with_reference.check_batch,
    "weights": weighting.check_weights,
    "precision": with_reference.check_precision,
    "float64": check_float64,
    "saving": lifecycle.check_saving,
    "options": with_reference.check_options,
    "fit": lifecycle.check_fit,
    "replicas": check_replicas,
}
WITHOUT_REFERENCE: dict[str, Callable[[Subject], Any]] = {
    "shapes": check_shapes,
    "value": without_reference.check_value,
    "gradient": without_reference.check_gradient,
    "transformations": check_transformations,
    "hard inputs": without_reference.check_hard_inputs,
    "domain": check_domain,
    "compiled": check_compiled,
    "batch": samples_stand_alone,
    "weights": without_reference.check_weights,
    "precision": without_reference.check_precision,
    "float64": check_float64,
    "saving": without_reference.check_saving,
    "fit": without_reference.check_fit,
    "replicas": check_replicas,
}
OF_LAYERS = ("shapes", "value", "gradient", "hard inputs", "compiled", "batch", "saving", "fit")
WITHOUT_GRADIENTS = ("shapes", "value")


def skipped(check: str, subject: Subject) -> str | None:
    """Why a check is skipped for a subject on this backend; None if it runs."""
    if gradients.BACKEND == "numpy" and check not in WITHOUT_GRADIENTS:
        return "the numpy backend does not train or compile"
    if subject.layer is not None and check not in OF_LAYERS:
        return "the check is for losses"
    if check not in table_of(subject):
        return "the check needs a reference: use --like NAME"
    if check == "domain" and not any(cases(subject, options) for options in option_sets(subject)):
        return "the inputs may be any numbers"
    if check == "replicas":
        return "a value depends on the whole batch" if subject.reference.coupled else why_not()
    if check == "saving" and not carried.can_be_saved(subject):
        return "a function has no config"
    if isinstance(subject.reference, Drawn) and check in subject.reference.without:
        return subject.reference.without[check]
    return None


def table_of(subject: Subject) -> dict[str, Callable[[Subject], Any]]:
    return CHECKS if isinstance(subject.reference, Reference) else WITHOUT_REFERENCE


def findings(check: str, subject: Subject) -> list[Finding | Measured]:
    """The findings of a check, with the inputs. An exception in the check is a finding too."""
    found: list[Finding | Measured] = []
    last_inputs.clear()
    try:
        for finding in table_of(subject)[check](subject):
            found.append(replace(finding, inputs=finding.inputs or inputs_shown()))
    except Exception as error:
        found.append(of_error(error))
    return found
