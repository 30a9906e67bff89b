"""Numbers below which another one is taken."""

# The smallest probability whose logarithm is taken, and the smallest length a vector is divided by.
EPSILON = 1e-7

# A row of probabilities that sums to less counts as a row of zeros: its gradient would overflow.
NOTHING = 1e-30

# The largest float32 below 1: its distance from 1 still has a logarithm.
BELOW_ONE = 1.0 - 2.0**-24

# Below it a float32 is -inf, or nothing that is computed with.
LOWEST = -3e38
