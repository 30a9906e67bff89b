"""The functions that are better on JAX than in `portable`. The docstrings in `portable` hold here."""

import functools
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from keraslosses.core.backend import portable
from keraslosses.core.backend.alignments import alignments
from keraslosses.core.backend.class_chunks import Classes, Sums, gradients, gradients_of_all, products, sums
from keraslosses.core.backend.jax_totals import apart as apart
from keraslosses.core.backend.jax_totals import between as between
from keraslosses.core.backend.jax_totals import either as either
from keraslosses.core.backend.jax_totals import mean_of as mean_of
from keraslosses.core.backend.jax_totals import mean_of_rows as mean_of_rows
from keraslosses.core.backend.jax_totals import non_negative as non_negative
from keraslosses.core.backend.jax_totals import positive_total as positive_total
from keraslosses.core.backend.jax_totals import shown_unless_zero as shown_unless_zero
from keraslosses.core.backend.jax_totals import sums_of_both as sums_of_both
from keraslosses.core.backend.jax_totals import total as total
from keraslosses.core.backend.jax_totals import written_once as written_once
from keraslosses.core.explicit import Explicit
from keraslosses.core.types import Tensor


def peek(tensor: Any) -> np.ndarray | None:
    if isinstance(tensor, np.ndarray):
        return tensor
    concrete = isinstance(tensor, jax.Array) and not isinstance(tensor, jax.core.Tracer)
    if not concrete or not tensor.is_fully_addressable:
        return None
    return np.asarray(tensor) if all(d.platform == "cpu" for d in tensor.devices()) else None


def computed(tensor: Any) -> bool:
    return not isinstance(tensor, jax.core.Tracer)


def has_float64() -> bool:
    return jax.config.jax_enable_x64


def nan_where(condition: Tensor, dtype: Any) -> Any:
    """All bits set are a NaN. XLA stores the result of a root, but computes this again where it is read."""
    whole = f"int{8 * jnp.dtype(dtype).itemsize}"
    return jax.lax.bitcast_convert_type(-jnp.asarray(condition, whole), dtype)


def explicit(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    return differentiated(formula, y_true, y_pred, axis, lambda found: found.values, lambda changes: changes)


def explicit_mean(formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, faster: Any = None) -> Any:
    def mean(found: Explicit) -> Any:
        return mean_of_rows(found.values if found.simple else written_once(found.values))

    return differentiated(formula, y_true, y_pred, axis, mean, mean_of_rows)


def differentiated(
    formula: Any, y_true: Tensor, y_pred: Tensor, axis: int | None, reduced: Any, of_changes: Any
) -> Any:
    """What `reduced` makes of the `Explicit` of a formula; `of_changes` reduces changes of the values."""

    @jax.custom_jvp
    def values(y_true: Tensor, y_pred: Tensor) -> Any:
        return reduced(formula(y_true, y_pred))

    def change(primals: Any, tangents: Any) -> Any:
        found = formula(*primals)
        of_true, of_pred = (None if type(x) is SymbolicZero else x for x in tangents)
        total = jnp.zeros_like(found.values)
        if of_pred is not None:
            total += along_axis(found.by_pred() * of_pred, found.values, axis)
        if of_true is not None and found.by_true is not None:
            total += along_axis(found.by_true() * of_true, found.values, axis)
        elif of_true is not None:
            total += jax.jvp(lambda y_true: formula(y_true, primals[1]).values, primals[:1], (of_true,))[1]
        return reduced(found), of_changes(total)

    values.defjvp(change, symbolic_zeros=True)
    return values(y_true, y_pred)


def along_axis(changes: Any, values: Any, axis: int | None) -> Any:
    """The change of the value of each row; 0 where the value is inf."""
    if axis is None:
        return changes
    return jnp.where(jnp.isinf(values), 0.0, jnp.sum(changes, axis=axis))


def negative_log_likelihood(logits: Tensor, labels: Tensor) -> Any:
    """The gradient takes one pass: it is the softmax, minus 1 at the label."""

    def formula(labels: Tensor, logits: Tensor) -> Explicit:
        largest = jnp.max(logits, axis=-1)
        likelihood = jnp.exp(logits - largest[..., None])
        total = jnp.sum(likelihood, axis=-1)
        values = jnp.log(total) - (portable.pick(logits, labels) - largest)
        here = portable.is_class(labels, logits)
        return Explicit(values, lambda: likelihood / total[..., None] - here)

    return explicit(formula, labels, logits, logits.ndim - 1)


highest, states, log_add = portable.highest, portable.states, jnp.logaddexp


def take_classes(scores: Tensor, places: Any) -> Any:
    """Without a check whether each place is a class: all are."""
    return jnp.take_along_axis(scores, places[:, None], axis=2, mode="clip")


def by_class(of_places: Any, labels: Tensor, classes: Any) -> Any:
    """On the CPU, rows are added. Elsewhere their order would change between runs, so a product is used."""

    def rows(of_places: Any, labels: Tensor) -> Any:
        frames, _, batch = of_places.shape
        sums = jnp.zeros((batch, classes, frames), of_places.dtype)
        sums = sums.at[jnp.arange(batch)[:, None], labels].add(jnp.transpose(of_places, (2, 1, 0)))
        return jnp.transpose(sums, (0, 2, 1))

    def product(of_places: Any, labels: Tensor) -> Any:
        return portable.by_class(of_places, labels, classes)

    return jax.lax.platform_dependent(of_places, labels, cpu=rows, default=product)


# Compiled as one program, also in eager code: compiling each operation would take seconds.
@functools.partial(jax.jit, static_argnames=("blank", "softmax"))
def ctc(
    scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor, blank: int, softmax: bool
) -> Any:
    @jax.custom_jvp
    def values(scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor) -> Any:
        return found(scores, labels, label_length, frame_length).values

    def found(scores: Tensor, labels: Tensor, label_length: Tensor, frame_length: Tensor) -> Explicit:
        return alignments(scores, labels, label_length, frame_length, blank, softmax, sys.modules[__name__])

    @values.defjvp
    def change(primals: Any, tangents: Any) -> tuple[Any, Any]:
        at = found(*primals)
        return at.values, jnp.sum(once(at.by_pred(), primals[0]) * tangents[0], axis=(1, 2))

    return values(scores, labels, label_length, frame_length)


@jax.custom_jvp
def once(gradient: Any, scores: Tensor) -> Any:
    """The gradient. Differentiating it raises an error."""
    return gradient


@once.defjvp
def twice(primals: Any, tangents: Any) -> Any:
    raise portable.no_second_derivative()


add_to_picked = portable.add_to_picked


def class_sums(features: Tensor, labels: Tensor, classes: Classes) -> Sums:
    @jax.custom_vjp
    def values(features: Tensor, labels: Tensor, weights: Any, trained: Any) -> Sums:
        return forward(features, labels, weights, trained)[0]

    def forward(features: Tensor, labels: Tensor, weights: Any, trained: Any) -> tuple[Sums, Any]:
        found, kept = sums(features, labels, classes.holding(weights, *trained), sys.modules[__name__])
        return found, (features, labels, weights, trained, found, kept)

    def backward(remembered: Any, upstream: Sums) -> tuple[Any, ...]:
        features, labels, weights, trained, found, kept = remembered
        those = classes.holding(weights, *trained)
        made = gradients(features, labels, those, kept, found, upstream, sys.modules[__name__])
        by_features, *by_trained = jax.tree.map(lambda gradient: once(gradient, features), made)
        return by_features, None, None, tuple(by_trained)

    values.defvjp(forward, backward)
    return values(features, labels, classes.weights, classes.trained)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def products_of_all(features: Tensor, kernel: Any, scale: float | None) -> Any:
    return products(features, kernel, scale, sys.modules[__name__])


products_of_all.defvjp(
    lambda features, kernel, scale: (products_of_all(features, kernel, scale), (features, kernel)),
    lambda scale, given, upstream: gradients_of_all(upstream, given, scale, sys.modules[__name__]),
)


scaled_exp = portable.scaled_exp


def memory_of_device(near: Any) -> int | None:
    """A tensor that is traced has no device yet, so this asks the first device of this process."""
    device = jax.local_devices()[0]
    stats = None if device.platform == "cpu" else device.memory_stats()
    return None if stats is None else stats.get("bytes_limit")


def wide_product(a: Any, b: Any) -> Any:
    return jnp.matmul(a, b, preferred_element_type="float32")


def parts(tensor: Any) -> list[Any]:
    return [tensor]


def rows_from(tensor: Any, start: Any, count: int) -> Any:
    return jax.lax.dynamic_slice_in_dim(tensor, start, count)


def fold(first: int, end: int, step: Any, start: Any) -> Any:
    return jax.lax.fori_loop(first, end, step, start)


def fold_keeping(count: int, step: Any, start: Any) -> tuple[Any, Any]:
    return jax.lax.scan(lambda carry, i: step(i, carry), start, jnp.arange(count))


def fold_and_join(first: Any, kept: Any, count: int, step: Any, start: Any, like: Any) -> tuple[Any, Any]:
    """Writes each piece directly to its place. Joining pieces at the end would need the memory twice."""
    joined = [jnp.zeros_like(one) for one in like]
    before = 0 if first is None else len(first[0])
    if before:
        joined = written(joined, first, 0)

    def further(state: Any, at: Any) -> Any:
        carry, pieces = step(*at, state[0])
        return (carry, written(state[1], pieces, before + at[0] * len(pieces[0]))), None

    state = start, joined
    for part in (jnp.arange(len(kept)), kept), (jnp.arange(len(kept), count), None):
        state, _ = jax.lax.scan(further, state, part)
    return state


def written(joined: Any, pieces: Any, place: Any) -> list[Any]:
    update = jax.lax.dynamic_update_slice_in_dim
    return [update(whole, made, place, 0) for whole, made in zip(joined, pieces, strict=True)]


def multi_label_margin(labels: Tensor, scores: Tensor) -> Any:
    @jax.custom_jvp
    def values(labels: Tensor, scores: Tensor) -> Any:
        return portable.margins_of_lists(labels, scores).values

    @values.defjvp
    def change(primals: Any, tangents: Any) -> tuple[Any, Any]:
        """The values are piecewise linear, so the computation of the slope need not be differentiated."""
        labels, scores = primals
        fixed = jax.lax.stop_gradient(scores)
        found = portable.margins_of_lists(labels, fixed)
        slope = found.by_pred()
        nothing = jnp.sum(slope * jnp.where(jnp.isfinite(fixed), scores - fixed, 0.0), axis=-1)
        return found.values + nothing, along_axis(slope * tangents[1], found.values, -1)

    return values(labels, scores)


def largest(tensor: Any) -> Any:
    """Shows a NaN: XLA on the CPU leaves it out of the maximum of a large tensor, but not out of a sum.

    Signs are summed, because the sum of inf and -inf is NaN.
    """
    broken = jnp.isnan(jnp.sum(jnp.sign(tensor), axis=-1))
    return jnp.max(tensor, axis=-1) * portable.one_or_nan(broken, tensor.dtype)


# For equal numbers, each has half of the gradient.
smaller, larger = jnp.minimum, jnp.maximum


def running_max(tensor: Any) -> Any:
    return jax.lax.cummax(tensor, axis=tensor.ndim - 1)


def add_to_rows(variable: Any, indices: Any, changes: Any) -> None:
    variable.assign(jnp.asarray(variable.value).at[indices].add(changes))


def squared_differences(a: Any, b: Any) -> Any:
    """Compiled, so that the differences are not stored in code that is not compiled either."""
    return squared_differences_compiled(jax.lax.stop_gradient(a), jax.lax.stop_gradient(b))


@jax.jit
def squared_differences_compiled(a: Any, b: Any) -> Any:
    return jnp.sum(jnp.square(a[:, None, :] - b[None, :, :]), axis=-1)


def places_among(rows: Any, numbers: Any, side: str) -> Any:
    find = functools.partial(jnp.searchsorted, side=side)
    return jax.vmap(find)(jax.lax.stop_gradient(rows), jax.lax.stop_gradient(numbers))


def by_rows(function: Any, rows: tuple[Any, ...], shared: tuple[Any, ...], size: int) -> Any:
    """In a loop of one length; zeros fill up the last chunk."""
    count = rows[0].shape[0]
    chunks = -(-count // size)
    filled = (jnp.pad(x, [(0, chunks * size - count), *[(0, 0)] * (x.ndim - 1)]) for x in rows)
    parts = tuple(x.reshape(chunks, size, *x.shape[1:]) for x in filled)
    again = jax.checkpoint(function)
    found = jax.lax.map(lambda part: again(*part, *shared), parts)
    return found.reshape(chunks * size, *found.shape[2:])[:count]
