"""The layers of the package, and `attach`, which adds a loss on an inner tensor of a model."""
