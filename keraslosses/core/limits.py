"""Limits for the numbers in formulas: a number beyond a limit is replaced."""

# The smallest probability whose logarithm is computed, and the smallest length that divides a vector.
EPSILON = 1e-7

# If the sum of a row of probabilities is smaller, the row counts as zeros. Its gradient would overflow.
NOTHING = 1e-30

# The largest float32 below 1. The logarithm of its distance from 1 is finite.
BELOW_ONE = 1.0 - 2.0**-24

# A float32 below this number is -inf, or a number that no formula needs.
LOWEST = -3e38
