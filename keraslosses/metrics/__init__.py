"""What tells how good a model is, beside its loss."""
