"""`python -m keraslosses plot`: the curves of a loss and of its gradient."""
