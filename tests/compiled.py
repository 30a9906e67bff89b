"""Functions of tensors in every form in which the running backend compiles them."""

import keras
import numpy as np
from keras import ops, tree

BACKEND = keras.backend.backend()
FORMS = {"tensorflow": ("graph", "xla", "unknown sizes"), "jax": ("jit",), "torch": ("compile",)}[BACKEND]


def compiled(function, form, *arrays):
    """The function compiled for arrays like these; only their types and ranks are known with unknown sizes."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        signature = None
        if form == "unknown sizes":
            signature = [
                tf.TensorSpec([None] * (x.ndim - (x.ndim == 3)) + [*x.shape[2:]], x.dtype) for x in arrays
            ]
        return tf.function(function, input_signature=signature, jit_compile=form == "xla", autograph=False)
    if BACKEND == "jax":
        import jax

        return jax.jit(function)
    import torch

    torch.compiler.reset()
    return torch.compile(function, backend="aot_eager", fullgraph=True)


def of_arrays(function, form, *arrays):
    """The compiled function, from arrays like these to arrays."""
    called = compiled(function, form, *arrays)
    return lambda *arrays: tree.map_structure(
        ops.convert_to_numpy, called(*map(ops.convert_to_tensor, arrays))
    )


def outcome(function, *arrays, form=None):
    """What a function of arrays gives, as arrays; compiled if a form is named."""
    arrays = [np.asarray(x) for x in arrays]
    if form is not None:
        return of_arrays(function, form, *arrays)(*arrays)
    return tree.map_structure(ops.convert_to_numpy, function(*map(ops.convert_to_tensor, arrays)))


def usual(function, *arrays):
    """`outcome`, compiled where calls one operation after the other are slow."""
    return outcome(function, *arrays, form="jit" if BACKEND == "jax" else None)
