"""`python -m keraslosses bench`: measures the losses and the same losses of other libraries."""
