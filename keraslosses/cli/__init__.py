"""The commands of `python -m keraslosses`."""
