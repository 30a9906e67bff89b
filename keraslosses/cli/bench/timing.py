"""Measures the times of the benchmark. The calls take turns, so that a disturbance affects all of them."""

import gc
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

WARM_UPS = 2
FEWEST_ROUNDS = 5


def in_turn(calls: Sequence[Callable[[], Any]], seconds: float) -> np.ndarray:
    """The milliseconds of each call in each round, an array (calls, rounds).

    A round makes every call once. Every second round reverses the order, so that no call always profits from
    the caches that another call has filled. Rounds are repeated until `seconds` have passed, and at least
    `FEWEST_ROUNDS` times. The warm-up rounds before them are not counted.
    """
    for _ in range(WARM_UPS):
        for call in calls:
            call()
    rounds: list[list[float]] = []
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        while len(rounds) < FEWEST_ROUNDS or time.perf_counter() < end:
            forward = len(rounds) % 2 == 0
            times = [milliseconds(call) for call in (calls if forward else reversed(calls))]
            rounds.append(times if forward else times[::-1])
    finally:
        if was_on:
            gc.enable()
    return np.array(rounds).T


def milliseconds(call: Callable[[], Any]) -> float:
    started = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - started) / 1e6


def spread(times: np.ndarray) -> float:
    """The interquartile range in percent of the median."""
    low, median, high = np.percentile(times, [25, 50, 75])
    return float(100 * (high - low) / median)


def ratio(ours: np.ndarray, other: np.ndarray) -> float:
    """The median of the ratios round by round.

    If the machine is slow for a while, both times of a round grow and their ratio stays.
    """
    return float(np.median(ours / other))
