"""How each margin changes the cosine of the label's class, with the derivative.

Each function takes the cosines twice, because `Explicit` is called so, and reads the second.
"""

from math import cos, pi, sin

from keraslosses.core.backend import ops
from keraslosses.core.explicit import Explicit
from keraslosses.core.types import Tensor

# The smallest sine that a derivative divides by: √1e-6.
LEAST_SINE = 1e-3


def added_to_angle(_: Tensor, cosine: Tensor, margin: float, easy_margin: bool) -> Explicit:
    """cos(θ + margin) while it falls with θ. Above that: a line, or with `easy_margin` the cosine itself."""
    cosine = within_rounding(cosine)
    sine = sine_of(cosine)
    falls = cosine > 0.0 if easy_margin else cosine >= -cos(margin)
    beyond = cosine if easy_margin else cosine - margin * sin(margin)
    value = ops.where(falls, cosine * cos(margin) - sine * sin(margin), beyond)

    def slope() -> Tensor:
        steep = cos(margin) + cosine * (sin(margin) / ops.maximum(sine, LEAST_SINE))
        return ops.where(falls, steep, 1.0)

    return Explicit(value, slope)


def taken_from_cosine(_: Tensor, cosine: Tensor, margin: float) -> Explicit:
    cosine = within_rounding(cosine)
    return Explicit(cosine - margin, lambda: ops.ones_like(cosine))


def multiplied_angle(_: Tensor, cosine: Tensor, margin: int, lam: float) -> Explicit:
    """(lam cos θ + ψ(θ)) / (1 + lam), with ψ(θ) = (-1)^k cos(margin θ) - 2k in the k-th part of [0, π].

    cos(margin θ) is Chebyshev's polynomial of the first kind. Its derivative is one of the second kind. So
    the function needs no angle, and all values are bounded.
    """
    cosine = within_rounding(cosine)
    passed = [ops.cast(cosine < cos(part * pi / margin), cosine.dtype) for part in range(1, margin)]
    part = sum(passed, start=ops.zeros_like(cosine))
    sign = 1.0 - 2.0 * (part % 2)
    first, second = chebyshev(margin, cosine)
    return Explicit(
        (lam * cosine + sign * first - 2.0 * part) / (1.0 + lam),
        lambda: (lam + sign * margin * second) / (1.0 + lam),
    )


def chebyshev(degree: int, x: Tensor) -> tuple[Tensor, Tensor]:
    """T_degree(x) and U_{degree - 1}(x): cos(degree θ) and sin(degree θ) / sin θ, with x = cos θ."""
    first, second = ops.ones_like(x), ops.zeros_like(x)
    for _ in range(degree):
        first, second = x * first - (1.0 - x * x) * second, x * second + first
    return first, second


def all_three(_: Tensor, cosine: Tensor, m1: float, m2: float, m3: float) -> Explicit:
    """cos(m1 θ + m2) - m3."""
    cosine = within_rounding(cosine)
    sine = sine_of(cosine)

    def slope() -> Tensor:
        bounded = ops.maximum(sine, LEAST_SINE)
        return m1 * of_angle(cosine, bounded, m1, m2)[1] / bounded

    return Explicit(of_angle(cosine, sine, m1, m2)[0] - m3, slope)


def of_angle(cosine: Tensor, sine: Tensor, m1: float, m2: float) -> tuple[Tensor, Tensor]:
    """cos and sin of m1 θ + m2.

    They come from the distance of θ to the nearer of 0 and π, which keeps its digits.
    """
    near = m1 * ops.arctan2(sine, ops.abs(cosine))
    to_pi = cosine < 0.0
    end_cosine, end_sine = (
        ops.where(to_pi, ops.cast(end(m1 * pi + m2), cosine.dtype), end(m2)) for end in (cos, sin)
    )
    across = ops.where(to_pi, -ops.sin(near), ops.sin(near))
    return (
        end_cosine * ops.cos(near) - end_sine * across,
        end_sine * ops.cos(near) + end_cosine * across,
    )


def sine_of(cosine: Tensor) -> Tensor:
    return ops.sqrt((1.0 - cosine) * (1.0 + cosine))


def within_rounding(cosine: Tensor) -> Tensor:
    """Cosines, clipped to [-1, 1]. NaN stays NaN."""
    return ops.where(cosine > 1.0, 1.0, ops.where(cosine < -1.0, -1.0, cosine))
