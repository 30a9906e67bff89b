"""The checker finds the faults that are known of keras.losses, and the page of the docs has them."""

import keras
import pytest
from keras_faults import FAULTS, PAGE, table_of_faults

from keraslosses.portability.checks import findings
from keraslosses.portability.targets.target import Target, open_target

pytestmark = pytest.mark.deep_on("jax")

BACKEND = keras.backend.backend()
# Each on one of the backends that have it, in turn: that takes a third of the time. Keras 3.16 has mended some.
KNOWN = [
    fault
    for turn, fault in enumerate(FAULTS)
    if fault.backends[turn % len(fault.backends)] == BACKEND and keras.__version__.startswith("3.15")
]


@pytest.mark.deep_on("tensorflow")
@pytest.mark.parametrize("fault", KNOWN, ids=lambda fault: f"{fault.loss}, {fault.what}")
def test_known_fault_of_keras_is_found(fault):
    subject = open_target(Target(f"keras.losses:{fault.loss}"))
    texts = [finding.text for finding in findings(fault.check, subject)]
    assert any(text.startswith(fault.said) for text in texts), texts


def test_the_page_has_the_faults():
    assert table_of_faults() in PAGE.read_text("utf-8")
