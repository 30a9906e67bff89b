"""Every test runs on the backend that KERAS_BACKEND names; `make test` runs them once for each."""

import keras
import pytest

BACKEND = keras.backend.backend()


@pytest.fixture
def backend() -> str:
    return BACKEND
