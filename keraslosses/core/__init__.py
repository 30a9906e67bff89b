"""The frame under every loss: inputs, options, numerics, reduction, and the seam to the backends."""
