"""`python -m keraslosses demo`: three losses on handwritten digits, on every backend."""
