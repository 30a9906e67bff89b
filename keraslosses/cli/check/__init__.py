"""`python -m keraslosses check`: whether a loss, function, layer or model is portable."""
