"""JAX: what stands in the programs of all losses and heads, and what XLA on the CPU makes of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import jaxprs_in_params

import keraslosses
from keraslosses.portability.checks.float64 import in_float64, wide
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import REFERENCES


def equations(jaxpr):
    """All equations of a program, those of the programs inside it too."""
    for equation in jaxpr.eqns:
        yield equation
        for inner in jaxprs_in_params(equation.params):
            yield from equations(inner)


def program(function, *arguments):
    return list(
        equations(jax.make_jaxpr(jax.value_and_grad(lambda *a: jnp.sum(function(*a))))(*arguments).jaxpr)
    )


def program_of(name, options):
    reference = REFERENCES[name]
    y_true, y_pred = map(jnp.asarray, map(wide, reference.inputs(options, leading=(2, 3))))
    loss = in_float64(Subject(getattr(keraslosses, name), reference), options)
    return program(lambda y_pred: loss(y_true, y_pred), y_pred)


def head_of(make):
    head = make()
    labels = jnp.array([0, 4, 2, 2])
    features = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3)))
    return program(lambda features: values_of(head, features, labels), features)


def values_of(head, features, labels):
    return head(features) if labels is None else head.per_sample_loss(features, labels, training=False)


HEADS = {
    "ChunkedCrossEntropy": lambda: keraslosses.ChunkedCrossEntropy(5, chunk_size=2, label_smoothing=0.1),
    "SampledMargin": lambda: keraslosses.SampledMargin(5),
    "LargeMarginHead": lambda: keraslosses.LargeMarginHead(5),
    "CosineDense": lambda: Cosines(),
}


class Cosines:
    layer = keraslosses.CosineDense(5)

    def per_sample_loss(self, features, labels, training):
        return self.layer(features)


def outputs(found):
    return [
        variable.aval.dtype
        for equation in found
        for variable in equation.outvars
        if hasattr(variable.aval, "dtype")
    ]


NARROW = [jnp.dtype(name) for name in ("float32", "float16", "bfloat16")]


@pytest.mark.deep
@pytest.mark.parametrize(("name", "options"), [(n, o) for n, r in REFERENCES.items() for o in r.options])
def test_float64_is_never_narrowed(name, options):
    with jax.enable_x64(True):
        found = program_of(name, options)
    assert not [dtype for dtype in outputs(found) if dtype in NARROW]
    products_are_exact(found)


@pytest.mark.parametrize("name", HEADS)
def test_products_of_heads_are_of_full_precision(name):
    assert products_are_exact(head_of(HEADS[name]))


def products_are_exact(found):
    products = [equation for equation in found if equation.primitive.name == "dot_general"]
    exact = (lax.Precision.HIGHEST, lax.Precision.HIGHEST)
    assert all(equation.params["precision"] == exact for equation in products)
    return len(products)


def test_a_product_of_default_precision_would_be_seen():
    found = program(lambda x: x @ x, jnp.ones((2, 2)))
    with pytest.raises(AssertionError):
        products_are_exact(found)


@pytest.mark.parametrize("name", ["Dice", "Tversky"])
def test_the_regions_of_a_batch_are_stored_once(name):
    """The inputs moved into their range are two arrays. One of them is where the gradient is written."""
    loss = getattr(keraslosses, name)()
    inputs = jax.ShapeDtypeStruct((64, 500), "float32")
    step = jax.jit(jax.value_and_grad(lambda y_pred, y_true: loss(y_true, y_pred)))
    stored = step.lower(inputs, inputs).compile().memory_analysis().temp_size_in_bytes
    assert stored < 1.1 * 4 * 64 * 500


@pytest.mark.parametrize("name", ["MeanSquaredLogarithmicError", "Hinge", "CategoricalHinge"])
def test_a_nan_shows_among_many_numbers(name):
    """XLA leaves a NaN out of a maximum of many numbers, also if it fuses the maximum with a sum."""
    y_pred = np.full((64, 64), 0.5, "float32")
    y_pred[3, 5] = np.nan
    loss = getattr(keraslosses, name)()
    step = jax.jit(jax.value_and_grad(lambda y_pred: loss(np.eye(64, dtype="float32"), y_pred)))
    assert np.isnan(step(y_pred)[0])


def test_squared_errors_are_summed_without_being_stored():
    step = jax.jit(jax.value_and_grad(lambda y_pred, y_true: keraslosses.MeanSquaredError()(y_true, y_pred)))
    inputs = jax.ShapeDtypeStruct((64, 500), "float32")
    assert step.lower(inputs, inputs).compile().memory_analysis().temp_size_in_bytes < 0.1 * 4 * 64 * 500
