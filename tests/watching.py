"""A watch for NaN and infinity."""

import contextlib

import keras

BACKEND = keras.backend.backend()


@contextlib.contextmanager
def watched():
    """Each backend's own watch: on JAX over what a compiled function gives, on torch over gradients."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tf.debugging.enable_check_numerics(stack_height_limit=5)
        try:
            yield
        finally:
            tf.debugging.disable_check_numerics()
    elif BACKEND == "jax":
        import jax

        with jax.debug_nans(True), jax.debug_infs(True):
            yield
    else:
        import torch

        with torch.autograd.set_detect_anomaly(True):
            yield
