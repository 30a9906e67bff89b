"""The parts that all losses share: inputs, options, numerics, reduction, and the code for each backend."""
