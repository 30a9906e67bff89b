"""What holds weights or state, and what puts a term on an inner tensor of a model."""
