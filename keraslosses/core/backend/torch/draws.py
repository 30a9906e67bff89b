"""Random numbers without a graph break, and without a wait for the device.

`keras.random` reads the state of its generator on torch, and makes a new `torch.Generator` in each call.
"""

from typing import Any

import torch

# The integers are those of 32 bits, in tensors of 64: no product overflows.
BITS = 2**32 - 1
MULTIPLIER, GOLDEN = 0x45D9F3B, 0x9E3779B9


def uniform(count: int, generator: Any) -> Any:
    """`count` numbers in [0, 1) that depend on the state of the generator, which moves on."""
    seed, step = generator.state.value.long().unbind()
    generator.state.assign(torch.stack([seed, step + 1]))
    places = torch.arange(count, device=seed.device)
    mixed = scrambled(places + scrambled(step + scrambled(seed & BITS)))
    return (mixed >> 8).float() / 2.0**24  # float32 holds 24 bits.


def scrambled(x: Any) -> Any:
    """An integer of which each bit depends on all bits of x."""
    x = (x + GOLDEN) & BITS
    for _ in range(2):
        x = ((x ^ (x >> 16)) * MULTIPLIER) & BITS
    return x ^ (x >> 16)
