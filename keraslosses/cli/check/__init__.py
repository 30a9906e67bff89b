"""`python -m keraslosses check`: checks whether a loss, function, layer or model is portable."""
