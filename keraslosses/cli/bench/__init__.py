"""`python -m keraslosses bench`: what a loss costs, beside the same loss of others."""
