"""Metrics: numbers that show how good a model is, beside its loss."""
