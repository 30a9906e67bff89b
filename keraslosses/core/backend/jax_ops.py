"""JAX's own operations, in place of those that Keras computes in float32, or in less on an accelerator."""

from functools import partial

import jax.numpy as jnp

OWN = {
    # By default, an accelerator keeps only ten bits of each factor in a product of float32 matrices.
    "matmul": partial(jnp.matmul, precision="highest"),
    "mean": jnp.mean,
    "logaddexp": jnp.logaddexp,
    "arctan2": jnp.arctan2,
    "tanh": jnp.tanh,
    "sin": jnp.sin,
    "sinh": jnp.sinh,
    "cos": jnp.cos,
}
