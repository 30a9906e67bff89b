"""Heads of very many classes in half precision: as exact as it can be, and no float32 copies."""

import re

import keras
import numpy as np
import pytest
from keras import ops

import keraslosses
from keraslosses.portability.gradients import BACKEND, USUAL, value_and_gradient

N = ops.convert_to_numpy
RNG = np.random.default_rng(0)
BATCH, DIM, CLASSES = 48, 20, 600
# The largest error of rounding a number to half precision, as a share of the number.
ROUNDING = {"bfloat16": 2.0**-9, "float16": 2.0**-12}
POLICIES = ["mixed_bfloat16", "bfloat16", "mixed_float16", "float16"]
LABELS = RNG.integers(0, CLASSES, BATCH)
ARCFACE = keraslosses.ArcFace()
OPTIONS = {
    "plain": {},
    "everything": {
        "use_bias": True,
        "label_smoothing": 0.1,
        "class_weights": np.linspace(0.5, 2.0, CLASSES).tolist(),
        "soft_cap": 5.0,
        "z_loss": 1e-2,
    },
    "margin": {"margin": ARCFACE},
}


def dtype_of(policy):
    return policy.removeprefix("mixed_")


def rounded(array, policy):
    """The numbers that half precision holds, as float32."""
    return N(ops.cast(ops.cast(ops.convert_to_tensor(array), dtype_of(policy)), "float32"))


def made(make, policy, kernel):
    head = make(dtype=policy)
    head.build((None, kernel.shape[1]))
    head.kernel.assign(kernel)
    return head


def value_and_gradients(head, policy, features, kernel, mode=USUAL):
    """The values, and the gradients of their mean by the features and the kernel, as float32.

    Both lie below each other in one array of float32, so that one function is compiled.
    """
    drawn = ops.convert_to_tensor(np.arange(0, CLASSES, 2), dtype="int32")
    head.drawn = lambda labels: drawn

    def function(labels, both):
        kernel = ops.cast(both[:CLASSES], head.kernel.dtype)
        with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
            return head.per_sample_loss(ops.cast(both[CLASSES:], dtype_of(policy)), labels, training=True)

    both = np.concatenate([kernel, features])
    values, gradient = value_and_gradient(function, LABELS, both, np.full(BATCH, 1 / BATCH), mode=mode)
    return values, gradient[CLASSES:], gradient[:CLASSES]


def size(array):
    return np.sqrt(np.mean(np.square(array)))


def in_all(margin, policy):
    """The largest root mean square of the errors, as a share of that of the gradients: 2.9e-3 in bfloat16."""
    return (1.5 if margin is None else 1.75) * ROUNDING[dtype_of(policy)]


MODES = {"tensorflow": ("graph", "xla"), "jax": ("compiled",), "torch": ("eager",)}[BACKEND]
HEADS = {
    **{
        f"chunked, {what}": lambda dtype, options=options: keraslosses.ChunkedCrossEntropy(
            CLASSES, chunk_size=70, dtype=dtype, **options
        )
        for what, options in OPTIONS.items()
    },
    "sampled": lambda dtype: keraslosses.SampledMargin(CLASSES, 0.5, ARCFACE, dtype=dtype),
}


@pytest.mark.deep_in_turn("jax", "tensorflow")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16"])
@pytest.mark.parametrize("name", HEADS)
def test_is_as_near_to_float32_as_half_precision_can_be(name, policy, mode):
    """Against float32 on the same rounded numbers. The values are those of float32.

    The gradients are rounded twice: as factors of products, and when they are complete. With a margin, the
    directions of the rows are rounded too.
    """
    features = rounded(RNG.normal(size=(BATCH, DIM)), policy)
    kernel = rounded(RNG.normal(size=(CLASSES, DIM)), policy)
    expected = value_and_gradients(made(HEADS[name], "float32", kernel), "float32", features, kernel)
    found = value_and_gradients(made(HEADS[name], policy, kernel), policy, features, kernel, mode)
    np.testing.assert_allclose(found[0], expected[0], rtol=2e-6, atol=1e-6)
    for one, other in zip(found[1:], expected[1:], strict=True):
        assert np.abs(one - other).max() < 3 * ROUNDING[dtype_of(policy)] * np.abs(other).max()
        assert size(one - other) < in_all(HEADS[name]("float32").margin, policy) * size(other)


@pytest.mark.parametrize("policy", POLICIES)
def test_kernel_has_the_dtype_of_weights_and_logits_are_float32(policy):
    kernel = rounded(RNG.normal(size=(CLASSES, DIM)), policy)
    features = rounded(RNG.normal(size=(BATCH, DIM)), policy)
    for options in ({}, {"margin": ARCFACE}):
        head = made(
            lambda dtype, o=options: keraslosses.ChunkedCrossEntropy(CLASSES, dtype=dtype, **o),
            policy,
            kernel,
        )
        assert head.kernel.dtype == ("float32" if "mixed" in policy else policy)
        found = head(ops.cast(ops.convert_to_tensor(features), dtype_of(policy)))
        assert keras.backend.standardize_dtype(found.dtype) == "float32"
        expected = features @ kernel.T
        if options:
            expected /= np.linalg.norm(features, axis=1)[:, None] * np.linalg.norm(kernel, axis=1)
        np.testing.assert_allclose(N(found), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.deep_in_turn("jax", "tensorflow")
@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16"])
@pytest.mark.parametrize("what", ["plain", "margin"])
def test_gradient_of_all_logits(what, policy):
    """Of a loss that reads the logits of the layer itself."""
    kernel, features = (rounded(RNG.normal(size=(n, DIM)), policy) for n in (CLASSES, BATCH))

    def by_features_and_kernel(policy):
        head = made(
            lambda dtype: keraslosses.ChunkedCrossEntropy(CLASSES, dtype=dtype, **OPTIONS[what]),
            policy,
            kernel,
        )

        def of_kernel(labels, kernel):
            with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
                return ops.mean(ops.square(head(given)), axis=1)

        given = ops.cast(ops.convert_to_tensor(features), dtype_of(policy))
        _, by_features = value_and_gradient(
            lambda labels, x: ops.mean(ops.square(head(x)), axis=1), LABELS, given
        )
        _, by_kernel = value_and_gradient(
            of_kernel, LABELS, ops.cast(ops.convert_to_tensor(kernel), head.kernel.dtype)
        )
        return np.asarray(by_features, "float32"), np.asarray(by_kernel, "float32")

    for one, other in zip(by_features_and_kernel(policy), by_features_and_kernel("float32"), strict=True):
        assert size(one - other) < in_all(OPTIONS[what].get("margin"), policy) * size(other)


@pytest.mark.parametrize("what", ["plain", "margin"])
def test_small_upstream_gradients_do_not_underflow(what):
    """A gradient of 1e-4 for each sample, and probabilities of 1/600: their product is no float16.

    One sample, or none, has the gradient 0.
    """
    kernel = rounded(RNG.normal(size=(CLASSES, DIM)) * 1e-2, "float16")
    features = rounded(RNG.normal(size=(BATCH, DIM)), "float16")
    head = made(HEADS[f"chunked, {what}"], "mixed_float16", kernel)

    def of_kernel(labels, kernel):
        with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
            return head.per_sample_loss(features, labels)

    for upstream in (np.ones(BATCH), np.minimum(np.arange(BATCH), 1.0)):
        _, usual = value_and_gradient(of_kernel, LABELS, kernel, upstream)
        _, small = value_and_gradient(of_kernel, LABELS, kernel, upstream * 2.0**-14)
        np.testing.assert_allclose(small * 2.0**14, usual, rtol=1e-5)


WIDE = ((BATCH, DIM), (DIM, BATCH), (CLASSES, DIM), (DIM, CLASSES))


def wide_tensors(function, *arrays):
    """What makes each float32 tensor with the shape of the features or of the kernel, as names of operations."""
    return {"jax": by_jax, "tensorflow": by_tensorflow, "torch": by_torch}[BACKEND](function, *arrays)


def by_jax(function, *arrays):
    import jax
    from jax.extend.core import jaxprs_in_params

    def equations(program):
        for equation in program.eqns:
            yield equation
            for inner in jaxprs_in_params(equation.params):
                yield from equations(inner)

    return [
        equation.primitive.name
        for equation in equations(jax.make_jaxpr(function)(*arrays).jaxpr)
        for made in equation.outvars
        if str(getattr(made.aval, "dtype", None)) == "float32" and made.aval.shape in WIDE
    ]


def by_tensorflow(function, *arrays):
    """In the graph, and in the program that XLA is given."""
    import tensorflow as tf

    graph = tf.function(function, autograph=False).get_concrete_function(*arrays).graph
    found = [
        operation.type
        for operation in graph.get_operations()
        for made in operation.outputs
        if made.dtype == tf.float32 and made.shape.rank is not None and tuple(made.shape) in WIDE
    ]
    compiled = tf.function(function, autograph=False, jit_compile=True)
    program = compiled.experimental_get_compiler_ir(*arrays)(stage="hlo")
    for line in program.splitlines():
        made = re.search(r"= f32\[(\d+),(\d+)\]\S* ([a-z-]+)\(", line)
        if made and (int(made[1]), int(made[2])) in WIDE:
            found.append(made[3])
    return found


def by_torch(function, *arrays):
    import torch

    from keraslosses.core.backend.torch.internals import dispatch_mode

    found = []

    class Watch(dispatch_mode()):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            made = operation(*args, **(kwargs or {}))
            for tensor in made if isinstance(made, tuple | list) else [made]:
                if (
                    isinstance(tensor, torch.Tensor)
                    and tensor.dtype == torch.float32
                    and tuple(tensor.shape) in WIDE
                ):
                    found.append(operation.overloadpacket.__name__)
            return made

    with Watch():
        function(*arrays)
    return found


def head_of(policy, kept):
    head = keraslosses.ChunkedCrossEntropy(CLASSES, chunk_size=70, kept=kept, dtype=policy)
    return made(lambda dtype: head, policy, RNG.normal(size=(CLASSES, DIM)))


# Without XLA, TensorFlow has loops for what is not kept, and their bodies are not read here.
@pytest.mark.parametrize("kept", [1.0] if BACKEND == "tensorflow" else [0.0, 0.5])
def test_no_float32_copy_of_features_or_kernel(kept):
    head = head_of("bfloat16", kept)
    features = ops.cast(ops.convert_to_tensor(RNG.normal(size=(BATCH, DIM))), "bfloat16")
    labels = ops.convert_to_tensor(LABELS, dtype="int32")
    kernel = ops.copy(ops.convert_to_tensor(head.kernel))

    def values(features, kernel):
        with keras.StatelessScope(state_mapping=[(head.kernel, kernel)]):
            return ops.sum(head.per_sample_loss(features, labels))

    assert wide_tensors(values, features, kernel) == []
    found = wide_tensors(gradient_of(values), features, kernel)
    # The sum of the gradient by the features over the chunks, which has their shape, is float32.
    assert found
    copies = {"convert_element_type", "Cast", "convert", "_to_copy"}
    assert not copies & set(found), set(found)


def gradient_of(function):
    """A function that computes the gradients by both arguments."""
    if BACKEND == "jax":
        import jax

        return jax.grad(function, (0, 1))
    if BACKEND == "tensorflow":
        import tensorflow as tf

        def gradients(*arguments):
            with tf.GradientTape() as tape:
                tape.watch(arguments)
                value = function(*arguments)
            return tape.gradient(value, arguments)

        return gradients
    import torch

    def both(*arguments):
        arguments = [argument.detach().requires_grad_() for argument in arguments]
        return torch.autograd.grad(function(*arguments), arguments)

    return both


def test_a_copy_would_be_seen():
    """A head whose policy is float32 makes one of the features, and of the kernel chunk by chunk."""
    head = head_of("float32", 1.0)
    features = ops.cast(ops.convert_to_tensor(RNG.normal(size=(BATCH, DIM))), "bfloat16")
    labels = ops.convert_to_tensor(LABELS, dtype="int32")
    assert wide_tensors(lambda features: head.per_sample_loss(features, labels), features)


@pytest.mark.parametrize("margin", [None, keraslosses.CosFace()], ids=["plain", "margin"])
def test_logits_of_frames_are_those_of_their_rows(margin):
    head = keraslosses.ChunkedCrossEntropy(5, margin=margin, dtype="mixed_bfloat16")
    frames = np.random.default_rng(0).normal(size=(2, 3, 8)).astype("float32")
    found = ops.convert_to_numpy(head(frames))
    of_rows = ops.convert_to_numpy(head(frames.reshape(6, 8)))
    np.testing.assert_array_equal(found, of_rows.reshape(2, 3, 5))
