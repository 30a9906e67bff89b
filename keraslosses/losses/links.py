"""Minus the logarithm of F(upper) - F(lower), for the distribution F of each link of `CumulativeLink`.

`gap` is upper - lower, above 0. It is given, because the difference of two large bounds has few digits.
"""

import math
from typing import Any

import numpy as np
from keras.backend import standardize_dtype

from keraslosses.core import backend, numerics
from keraslosses.core.backend import ops
from keraslosses.core.nonfinite import inf_where
from keraslosses.core.types import Tensor

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
# Where the normal density and exp(-exp(ENOUGH)) are 0 in float64.
FARTHEST, ENOUGH = 40.0, 7.0
# The Gauss-Legendre rule on [-1, 1]. With 24 nodes, the integral below is exact to 1e-13.
NODES, SHARES = np.polynomial.legendre.leggauss(24)
# The integrand is cut where it is about exp(-REACH).
REACH = 50.0


def logit(lower: Tensor, upper: Tensor, gap: Tensor) -> Any:
    """F is the sigmoid. F(upper) - F(lower) = F(upper) F(-lower) (1 - exp(-gap))."""
    return ops.softplus(lower) + ops.softplus(-upper) - numerics.log1mexp(gap)


def cloglog(lower: Tensor, upper: Tensor, gap: Tensor) -> Any:
    """F(x) = 1 - exp(-e^x). F(upper) - F(lower) = exp(-e^lower) (1 - exp(-e^(upper + log(1 - e^-gap))))."""
    highest = math.log(np.finfo(standardize_dtype(lower.dtype)).max)
    too_high = lower > highest
    size = ops.exp(ops.where(too_high, ops.zeros_like(lower), lower))
    size = size + inf_where(too_high, size.dtype)
    return size - log_of_one_minus(upper + numerics.log1mexp(gap))


def log_of_one_minus(x: Tensor) -> Any:
    """log(1 - exp(-e^x)); for small x it is x - e^x / 2."""
    small = x < -40.0
    inside = numerics.log1mexp(ops.exp(ops.minimum(ops.where(small, ops.zeros_like(x), x), ENOUGH)))
    return ops.where(small, x, inside)


def probit(lower: Tensor, upper: Tensor, gap: Tensor) -> Any:
    """F is the normal distribution function Φ.

    By symmetry, an interval above 0 is turned to the other side. One below 0 is integrated from its upper
    end. For one around 0, Φ(upper) - Φ(lower) is 1 without the tails on both sides.
    """
    turned = lower + upper > 0
    low, high = ops.where(turned, -upper, lower), ops.where(turned, -lower, upper)
    below = high <= 0
    start = ops.where(below, -high, ops.zeros_like(high))
    beside = HALF_LOG_2PI + 0.5 * ops.square(start) - log_integral(start, gap)
    low, high = (ops.where(below, ops.ones_like(x), x) for x in (-low, high))
    return ops.where(below, beside, minus_log_around_zero(low, high))


def minus_log_around_zero(low: Tensor, high: Tensor) -> Any:
    """-log(Φ(high) - Φ(-low)) for low and high above 0: from the tails if they are the smaller part."""
    tails = tail(low) + tail(high)
    small = tails < 0.5
    center = 0.5 * (ops.erf(low * math.sqrt(0.5)) + ops.erf(high * math.sqrt(0.5)))
    of_tails = -ops.log1p(-ops.where(small, tails, ops.zeros_like(tails)))
    return ops.where(small, of_tails, -ops.log(ops.where(small, ops.ones_like(center), center)))


def tail(x: Tensor) -> Any:
    """1 - Φ(x) for x > 0."""
    x = ops.minimum(x, FARTHEST)
    return ops.exp(log_integral(x) - 0.5 * ops.square(x) - HALF_LOG_2PI)


def log_integral(start: Tensor, gap: Tensor = None) -> Any:
    """The logarithm of the integral of exp(-start s - s²/2) over s from 0 to the gap (None: infinity).

    For start >= 0. Times the normal density at `start`, it is a part of the tail.
    """
    length = ops.stop_gradient(2.0 * REACH / (2.0 * start + math.sqrt(2.0 * REACH)))
    length = length if gap is None else ops.minimum(gap, length)
    nodes, shares = (backend.constant(x, start.dtype, start) for x in (0.5 + NODES / 2.0, SHARES / 2.0))
    shape = (*[1] * len(start.shape), -1)
    at = ops.expand_dims(length, -1) * ops.reshape(nodes, shape)
    heights = ops.exp(-at * (ops.expand_dims(start, -1) + 0.5 * at))
    return ops.log(length) + ops.log(ops.sum(heights * ops.reshape(shares, shape), axis=-1))
