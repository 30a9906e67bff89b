"""Every test runs on the backend that KERAS_BACKEND names; `make test` runs them once for each."""

import keras
import pytest

BACKEND = keras.backend.backend()

# What belongs to one backend alone.
OF_BACKEND = {"tensorflow": "test_tensorflow_seam.py", "torch": "test_torch_forms.py"}
collect_ignore = [name for backend, name in OF_BACKEND.items() if backend != BACKEND]


@pytest.fixture
def backend() -> str:
    return BACKEND


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Makes a module of some source that a child process can run; gives its name."""

    def make(source):
        (tmp_path / "planted_worker.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "planted_worker"

    return make
