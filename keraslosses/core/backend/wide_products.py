"""Products of features and rows of a kernel. Half precision is for their factors only: sums are float32.

`do` is the module of a backend, with `wide_product` and `parts`. Float32 and float64 are multiplied as usual.
"""

import functools
import operator
from typing import Any, NamedTuple

from keras.backend import standardize_dtype

from keraslosses.core.backend import ops
from keraslosses.core.types import DType, Tensor


def is_half(dtype: Any) -> bool:
    return standardize_dtype(dtype) in ("float16", "bfloat16")


def wide(tensor: Any) -> Any:
    """The tensor in the precision of sums: float32 in place of half precision."""
    return ops.cast(tensor, "float32") if is_half(tensor.dtype) else tensor


def dtype_of_sums(tensor: Any) -> DType:
    return wide(tensor[:0]).dtype


class Vectors(NamedTuple):
    """The features of some samples, or the rows of some classes.

    With a `length`, all vectors are brought to this length; a vector of zeros stays. Float32 vectors are
    multiplied by `shrink` before a product. For half precision, the product is multiplied instead, because
    the vectors would lose digits.
    """

    factors: Any  # (size, dim): the factors of products
    length: float | None
    shrink: Any  # (size, 1): length / the length of the vector; None without a length

    @property
    def dtype(self) -> DType:
        return standardize_dtype(self.factors.dtype)

    @property
    def after(self) -> Any:
        """What a product must be multiplied with, (size, 1); None for nothing."""
        return self.shrink if is_half(self.dtype) else None

    def full(self) -> Any:
        """The vectors with their length, in the precision of sums."""
        return self.factors if self.after is None else wide(self.factors) * self.after

    def projected(self, gradient: Tensor) -> Any:
        """The gradient by the vectors as they were given, from the gradient by the full vectors."""
        if self.length is None:
            return gradient
        full = self.full()
        along = ops.sum(gradient * full, axis=1, keepdims=True) / self.length**2
        return (gradient - along * full) * self.shrink


def vectors(given: Any, length: float | None, do: Any) -> Vectors:
    if length is None:
        return Vectors(given, None, None)
    squares = products_of_pairs(given, given, do)[:, None]
    empty = squares == 0
    shrink = ops.where(empty, 0.0, length * ops.rsqrt(ops.where(empty, 1.0, squares)))
    return Vectors(given if is_half(given.dtype) else given * shrink, length, shrink)


def products_of_pairs(a: Any, b: Any, do: Any) -> Any:
    """Σ a[i] · b[i] for each row i."""
    if not is_half(a.dtype):
        return ops.sum(a * b, axis=1)
    pairs = zip(do.parts(a), do.parts(b), strict=True)
    return added(do.wide_product(x[:, None, :], y[:, :, None])[:, 0, 0] for x, y in pairs)


def of_pairs(samples: Vectors, rows: Vectors, do: Any) -> Any:
    """The product of each sample with the row of the same index, (batch,)."""
    products = products_of_pairs(samples.factors, rows.factors, do)
    return products if rows.after is None else products * samples.after[:, 0] * rows.after[:, 0]


def of_rows(samples: Vectors, rows: Vectors, do: Any) -> Any:
    """The products of all samples with all rows, (batch, size)."""
    if not is_half(rows.dtype):
        return ops.matmul(samples.factors, ops.transpose(rows.factors))
    pairs = zip(do.parts(samples.factors), do.parts(rows.factors), strict=True)
    products = added(do.wide_product(x, ops.transpose(y)) for x, y in pairs)
    return products if rows.after is None else products * samples.after * rows.after[:, 0]


def added(pieces: Any) -> Any:
    return functools.reduce(operator.add, pieces)


class Sizes(NamedTuple):
    """Numbers that bring changes to at most about 2^12, so that they do not underflow in half precision.

    The changes of each sample are divided by its number. All are None if the changes are not half precision.
    """

    of_samples: Any = None  # (batch,)
    of_all: Any = None  # what the rows' sums must be multiplied with
    share: Any = None  # (batch, 1): the rest of each sample's number, for the rows

    def divided(self, changes: Any) -> Any:
        """The changes of samples, (batch,)."""
        return changes if self.of_samples is None else changes / self.of_samples

    def multiplied(self, of_samples: Any) -> Any:
        """The sums of divided changes, (batch, dim)."""
        return of_samples if self.of_samples is None else of_samples * self.of_samples[:, None]

    def total(self, changes: Any) -> Any:
        """The sum over the samples of divided changes, (size,)."""
        if self.of_samples is None:
            return ops.sum(changes, axis=0)
        return ops.matmul(self.of_samples[None], changes)[0]


def sizes_of(largest: Tensor, samples: Vectors) -> Sizes:
    """The sizes for changes whose largest for each sample is `largest`, (batch,).

    The changes of very many classes are about their softmax. Brought to at most 1, they would be subnormal in
    float16. If all samples have the same largest change, it is exact after the division: 2^12 or -2^12.
    A sample without changes has any number but 0, and leaves those of the others as they are.
    """
    if not is_half(samples.dtype):
        return Sizes()
    largest = largest * 2.0**-12
    seen = largest[:, None] if samples.after is None else largest[:, None] * samples.after
    least = ops.zeros((1, 1), dtype=seen.dtype) + 1e-30  # For a batch of no samples.
    of_all = ops.max(ops.concatenate([seen, least]))
    if samples.after is not None:
        return Sizes(ops.where(largest == 0, 1.0, largest), of_all, seen / of_all)
    seen = ops.where(seen == 0, of_all, seen)
    # A power of two, so that a product with it is exact.
    share = ops.exp2(ops.ceil(ops.log2(ops.maximum(seen / of_all, 2.0**-100))))
    return Sizes(of_all * share[:, 0], of_all, share)


def gradients_of_products(
    changes: Tensor, sizes: Sizes, samples: Vectors, rows: Vectors, do: Any
) -> tuple[Any, Any]:
    """The gradients by the full samples, as `sizes` divides them, and by the full rows.

    `changes` (batch, size) is the gradient by `of_rows`, as `sizes` divides it.
    """
    if sizes.share is None:
        # With changesᵀ · factors, XLA on the CPU would first store the transpose of the largest array.
        by_rows = ops.transpose(ops.matmul(ops.transpose(samples.factors), changes))
        return ops.matmul(changes, rows.factors), by_rows
    factors, for_samples = samples.factors, ops.cast(changes, samples.dtype)
    if samples.after is None:  # The samples are smaller than their changes, so they take the share.
        factors, for_rows = factors * ops.cast(sizes.share, samples.dtype), for_samples
    else:
        for_rows = ops.cast(changes * sizes.share, samples.dtype)
    by_samples = do.wide_product(for_samples, ops.cast(rows.full(), rows.dtype))
    # Not (factorsᵀ · changes)ᵀ: XLA on the CPU has no kernel for some products that it makes of that.
    pieces = [do.wide_product(ops.transpose(for_rows), part) for part in do.parts(factors)]
    return by_samples, sizes.of_all * ops.concatenate(pieces, axis=1)


def wide_product(a: Any, b: Any) -> Any:
    """The product of two matrices, or of a stack of pairs, of half precision: float32, with float32 sums.

    Some backends give the product of half precision in half precision only. There both are converted.
    """
    return ops.matmul(ops.cast(a, "float32"), ops.cast(b, "float32"))


def parts(tensor: Any) -> list[Any]:
    """The tensor, or its columns in four parts if `wide_product` converts: so it never copies all of it."""
    dim = tensor.shape[-1]
    size = -(-dim // 4)
    return [tensor[:, start : start + size] for start in range(0, dim, size)]
