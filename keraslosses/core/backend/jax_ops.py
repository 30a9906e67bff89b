"""The operations that Keras computes in float32 on JAX, or in less on an accelerator: JAX's own."""

from functools import partial

import jax.numpy as jnp

OWN = {
    # By default an accelerator keeps ten bits of each factor of a product of float32 matrices.
    "matmul": partial(jnp.matmul, precision="highest"),
    "mean": jnp.mean,
    "logaddexp": jnp.logaddexp,
    "arctan2": jnp.arctan2,
    "tanh": jnp.tanh,
    "sin": jnp.sin,
    "cos": jnp.cos,
}
