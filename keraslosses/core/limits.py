"""Numbers below which another one is taken."""

# The smallest probability whose logarithm is taken, and the smallest length a vector is divided by.
EPSILON = 1e-7

# A row of probabilities that sums to less counts as a row of zeros: its gradient would overflow.
NOTHING = 1e-30
