"""Pieces that torch computes in a shorter way: value, gradient and second derivative are those of the formula."""

import keras
import pytest
import torch

from keraslosses.core import backend, numerics
from keraslosses.core.backend import ops
from keraslosses.losses import pair_distances, pairs, stacking

DRAW = torch.Generator().manual_seed(0)
ROWS, OTHERS = (torch.randn(5, 4, generator=DRAW, dtype=torch.float64) for _ in range(2))
SHORT = torch.cat([ROWS, torch.zeros(1, 4), 1e-9 * ROWS[:1]])
LONG = torch.cat([ROWS, 1e200 * ROWS[:1]])
# The fifth row has no pair.
CONDITION = torch.rand(5, 4, generator=DRAW) > 0.3
CONDITION[:4, 0], CONDITION[4] = True, False
FACTOR = torch.tensor([0.0, 1.0, 2.0, 0.0, 0.5], dtype=torch.float64)[:, None].expand(5, 4)


def log_sum_exp(function):
    def of_values(values):
        condition = CONDITION[tuple(map(slice, values.shape))]
        return function(condition, values, condition.any(1))

    return of_values


LENGTHS = [lambda x: stacking.length(x, 2), lambda x: stacking.length_formula(x, 2)]
UNITS = [lambda x: numerics.unit(x, -1), lambda x: numerics.unit_formula(x, -1)]
ROOTS = [numerics.root, numerics.root_formula]
PRODUCTS = [numerics.times_unless_zero, numerics.times_unless_zero_formula]
DISTANCES = [pair_distances.squared_distances, pair_distances.squared_distances_formula]
SUMS = [log_sum_exp(function) for function in (pairs.log_sum_exp_where, pairs.log_sum_exp_formula)]
CASES = {
    "length": (LENGTHS, [ROWS]),
    "short lengths": (LENGTHS, [SHORT]),
    "long lengths": (LENGTHS, [LONG]),
    "unit": (UNITS, [ROWS]),
    "units of short": (UNITS, [SHORT]),
    "units of long": (UNITS, [LONG]),
    "root": (ROOTS, [ROWS.square() * FACTOR]),
    "product": (PRODUCTS, [FACTOR, ROWS]),
    "product with inf": (PRODUCTS, [FACTOR, ROWS.masked_fill(FACTOR == 0, torch.inf)]),
    "distances between": (DISTANCES, [ROWS, OTHERS]),
    "distances within": ([lambda x, f=f: f(x, x) for f in DISTANCES], [ROWS]),
    "distances far from 0": (DISTANCES, [ROWS + 1e6, OTHERS + 1e6]),
    "log of sums": (SUMS, [ROWS]),
    "log of sums of far numbers": (SUMS, [300.0 * ROWS]),
    "log of sums of nothing": (SUMS, [ROWS[:0, :0]]),
    "log of sums, hidden NaN": (SUMS, [ROWS.masked_fill(~CONDITION, torch.nan)]),
}


def derivatives(function, tensors):
    """The values, their gradient, the same made to be differentiated, and the gradient of its sum."""
    given = [tensor.clone().requires_grad_() for tensor in tensors]
    values = function(*given)
    shares = torch.linspace(0.5, 1.5, values.numel(), dtype=values.dtype).reshape(values.shape)
    first = torch.autograd.grad(values, given, shares, retain_graph=True)
    again = torch.autograd.grad(values, given, shares, create_graph=True)
    total = sum((slope * torch.linspace(1, 2, slope.numel()).reshape(slope.shape)).sum() for slope in again)
    return values, first, again, torch.autograd.grad(total, given, materialize_grads=True)


@pytest.mark.parametrize(("functions", "tensors"), CASES.values(), ids=CASES)
def test_a_shortcut_gives_what_the_formula_gives(functions, tensors):
    found, expected = (derivatives(function, tensors) for function in functions)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-9, equal_nan=True)


def test_the_gradient_of_a_constant_factor_is_that_of_the_product():
    values = ROWS.clone().requires_grad_()
    (slope,) = torch.autograd.grad(numerics.times_unless_zero(FACTOR, values).sum(), values)
    assert torch.equal(slope, FACTOR)


MASK = CONDITION[None] & (torch.rand(3, 5, 4, generator=DRAW) > 0.8)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), ()])
@pytest.mark.parametrize("x", [MASK, MASK[:0], MASK.transpose(0, 2), MASK.to(torch.int32), ROWS[None]])
def test_an_operation_gives_what_keras_gives(x, axis):
    if x.numel() or axis in (-1, ()):
        assert torch.equal(ops.any(x, axis=axis), keras.ops.any(x, axis=axis))
    total = ops.sum(x, axis=axis, keepdims=True)
    expected = keras.ops.sum(x, axis=axis, keepdims=True) if axis is not None else keras.ops.sum(x)
    assert total.dtype == expected.dtype
    torch.testing.assert_close(total.reshape(expected.shape), expected)


def numbers_of(seed, steps):
    generator = keras.random.SeedGenerator(seed)
    return torch.stack([backend.uniform(1000, generator) for _ in range(steps)])


@pytest.mark.parametrize("seed", [0, 1, -1, 2**31 - 1])
def test_numbers_are_drawn_evenly_and_do_not_depend_on_their_neighbours(seed):
    drawn = numbers_of(seed, 100)
    assert drawn.min() >= 0 and drawn.max() < 1
    # A share of 100,000 numbers has a standard deviation of 0.001.
    shares = torch.histc(drawn, 10, 0.0, 1.0) / drawn.numel()
    assert (shares - 0.1).abs().max() < 0.005
    for first, second in ((drawn[:-1], drawn[1:]), (drawn[:, :-1], drawn[:, 1:])):
        both = torch.stack([first.flatten(), second.flatten()])
        assert torch.corrcoef(both)[0, 1].abs() < 0.02


def test_numbers_depend_on_the_seed_and_the_step_and_on_nothing_else():
    drawn = torch.cat([numbers_of(seed, 3) for seed in (0, 1, 2)])
    assert len(drawn.unique(dim=0)) == 9
    assert torch.equal(numbers_of(1, 3), drawn[3:6])
