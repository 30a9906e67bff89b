"""A function of rows, computed for a few rows at a time, on TensorFlow."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def by_rows(function: Callable[..., Any], rows: tuple[Any, ...], shared: tuple[Any, ...], size: int) -> Any:
    """The derivative is written here: that of a loop of TensorFlow would keep what each of its steps made."""
    split = len(rows)

    @tf.custom_gradient
    def computed(*inputs: Any) -> Any:
        chunks = Chunks(function, inputs[:split], inputs[split:], size)
        return chunks.values(), chunks.gradients

    return computed(*rows, *shared)


class Chunks:
    """The rows in chunks of one size. Zeros fill up the last chunk."""

    def __init__(self, function: Any, rows: tuple[Any, ...], shared: tuple[Any, ...], size: int):
        self.function, self.shared, self.size = function, shared, size
        self.count = tf.shape(rows[0])[0]
        self.number = -(-self.count // size)
        self.rows = [self.split(x) for x in rows]
        self.trained = [n for n, x in enumerate([*rows, *shared]) if x.dtype.is_floating]

    def split(self, rows: Any) -> Any:
        """`(rows, ..)` as `(chunks, size, ..)`."""
        missing = self.number * self.size - self.count
        paddings = [[0, missing], *[[0, 0]] * (len(rows.shape) - 1)]
        return tf.reshape(tf.pad(rows, paddings), [-1, self.size, *rows.shape[1:]])

    def join(self, chunks: Any) -> Any:
        return tf.reshape(chunks, [-1, *chunks.shape[2:]])[: self.count]

    def values(self) -> Any:
        inputs = tuple(self.rows)
        like = next(x for x in inputs if x.dtype.is_floating)
        found = tf.map_fn(
            lambda part: self.function(*part, *self.shared), inputs, fn_output_signature=like.dtype
        )
        return self.join(found)

    def gradients(self, upstream: Any) -> list[Any]:
        """By each of the rows and of the shared tensors; None for integers."""
        split, upstreams = len(self.rows), self.split(upstream)
        everything = [*self.rows, *self.shared]
        of_rows = [n for n in self.trained if n < split]
        of_shared = [n for n in self.trained if n >= split]

        def step(place: Any, sums: Any, kept: Any) -> tuple[Any, ...]:
            part = [x[place] if n < split else x for n, x in enumerate(everything)]
            watched = [part[n] for n in self.trained]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(watched)
                values = self.function(*part)
            slopes = tape.gradient(values, watched, upstreams[place], tf.UnconnectedGradients.ZERO)
            by_number = dict(zip(self.trained, slopes, strict=True))
            sums = [total + by_number[n] for total, n in zip(sums, of_shared, strict=True)]
            kept = [array.write(place, by_number[n]) for array, n in zip(kept, of_rows, strict=True)]
            return place + 1, sums, kept

        sums = [tf.zeros_like(everything[n]) for n in of_shared]
        kept = [
            tf.TensorArray(everything[n].dtype, self.number, element_shape=everything[n].shape[1:])
            for n in of_rows
        ]
        _, sums, kept = tf.while_loop(lambda place, *_: place < self.number, step, (0, sums, kept))
        found = dict(zip(of_shared, sums, strict=True))
        found |= {n: self.join(array.stack()) for n, array in zip(of_rows, kept, strict=True)}
        return [found.get(n) for n in range(len(everything))]
