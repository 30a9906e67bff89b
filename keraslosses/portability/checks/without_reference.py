"""The checks of a loss, function, layer or model without a reference, so that no formula is known.

The checks yield arrays that must be the same on all backends as `Measured`. The run compares them later.
"""

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keraslosses.core import keras_internals
from keraslosses.core.types import Tensor
from keraslosses.portability import gradients
from keraslosses.portability.checks import carried, lifecycle
from keraslosses.portability.checks.shapes import not_one_for_each
from keraslosses.portability.finding import (
    Finding,
    Measured,
    disagreement,
    guarded,
    in_words,
    note,
    nothing_flows_back,
    shown,
    way_to,
)
from keraslosses.portability.targets.subject import Subject
from keraslosses.reference import Hard

Findings = Iterator[Finding | Measured]

# The allowed error of a value that is computed in float32 and rounded once to the narrow dtype.
STEPS = {"float16": 2e-3, "bfloat16": 2e-2}
# The square of this number overflows float16. The mean of seven such squares does not.
LARGE = 300.0


def check_value(subject: Subject) -> Findings:
    """The values are finite, and the same on every backend."""
    y_true, y_pred = subject.reference.inputs({})
    values = gradients.values_of(subject.entries({}), y_true, y_pred)
    yield from finite("value-not-finite", "value", values)
    yield Measured("backends-differ", "value", values)


def check_gradient(subject: Subject) -> Findings:
    """The gradient by y_pred (for a layer: by its inputs) is finite, and the same on every backend."""
    y_true, y_pred = subject.reference.inputs({})
    _, gradient = gradients.value_and_gradient(subject.entries({}), y_true, y_pred, mode="eager")
    yield from finite_gradient("backends-differ", "gradient", gradient)


def check_hard_inputs(subject: Subject) -> Findings:
    """At hard inputs, the value and the gradient are finite, and the same on every backend."""
    for hard in subject.reference.hard:
        yield from guarded(hard.what, check_hard_input, subject, hard)


def check_hard_input(subject: Subject, hard: Hard) -> Findings:
    values, gradient = gradients.value_and_gradient(subject.entries({}), hard.y_true, hard.y_pred)
    yield from finite("value-not-finite", f"value at {hard.what}", values)
    yield Measured("backends-differ", f"value at {hard.what}", values)
    yield from finite_gradient("kink-differs", f"gradient at {hard.what}", gradient)


def finite_gradient(code: str, what: str, gradient: np.ndarray | None) -> Findings:
    if gradient is None:
        yield nothing_flows_back(what, "an array")
        return
    yield from finite("gradient-not-finite", what, gradient)
    yield Measured(code, what, gradient)


def finite(code: str, what: str, array: np.ndarray) -> Iterator[Finding]:
    """A finding if an array holds NaN or infinity."""
    if not np.isfinite(np.asarray(array, "float64")).all():
        kind = "NaN" if np.isnan(np.asarray(array, "float64")).any() else "infinite"
        yield Finding(code, f"{what} is {kind}", "finite numbers", shown(array))


def check_weights(subject: Subject) -> Findings:
    """Each reduction gives the right result with sample weights and a Keras mask, one number for each sample.

    The expected results are computed from the values of the samples.
    """
    y_true, y_pred = subject.reference.inputs({})
    values = np.asarray(gradients.values_of(subject.entries({}), y_true, y_pred), "float64")
    if values.shape[:1] != (len(y_pred),):
        yield not_one_for_each(len(y_pred), values)
        return
    weight = np.random.default_rng(3).uniform(0.5, 2, len(y_pred)).astype("float32")
    spread = np.broadcast_to(weight.reshape(-1, *(1,) * (values.ndim - 1)), values.shape)
    for reduction, expected in {
        "sum": np.sum(values * spread),
        "sum_over_batch_size": np.mean(values * spread),
        "none": values * spread,
    }.items():
        received = subject.make(reduction=reduction)(y_true, ops.convert_to_tensor(y_pred), weight)
        note(y_true, y_pred, sample_weight=weight)
        yield from disagreement(
            "weights-differ", f"{reduction} with weights", expected, ops.convert_to_numpy(received)
        )
    yield from mask_leaves_the_mean(subject, y_true, y_pred, values)


def mask_leaves_the_mean(
    subject: Subject, y_true: Tensor, y_pred: Tensor, values: np.ndarray
) -> Iterator[Finding]:
    mask = np.arange(len(y_pred)) % 3 > 0
    tensor = ops.convert_to_tensor(y_pred)
    if values.ndim > 1 or not mask.any():
        return
    keras_internals.set_attribute(tensor, "_keras_mask", ops.convert_to_tensor(mask))
    received = ops.convert_to_numpy(subject.make(reduction="sum_over_batch_size")(y_true, tensor))
    note(y_true, y_pred, mask=mask)
    yield from disagreement(
        "weights-differ", f"mean under a mask that shows {mask.sum()}", np.mean(values[mask]), received
    )


def check_precision(subject: Subject) -> Findings:
    """Half-precision inputs give the same loss as the same numbers in float32. Labels stay exact."""
    y_true, y_pred = subject.reference.inputs({})
    large = y_pred.copy()
    large.reshape(-1)[0] = LARGE
    for dtype in STEPS:
        yield from narrow_agrees(subject, f"{dtype} inputs", dtype, y_true, y_pred)
        if subject.reference.kind.any_numbers:
            yield from narrow_agrees(subject, f"{dtype} inputs, one of them {LARGE:g}", dtype, y_true, large)
        if subject.reference.kind.labels:
            yield from labels_survive(subject, dtype)


def narrow_agrees(
    subject: Subject, what: str, dtype: str, y_true: Tensor, y_pred: Tensor
) -> Iterator[Finding]:
    """Compares the values for a narrow y_pred with the values for the same numbers in float32."""
    narrow = ops.cast(ops.convert_to_tensor(y_pred), dtype)
    same = ops.convert_to_numpy(ops.cast(narrow, "float32"))
    targets = ops.cast(y_true, dtype) if np.asarray(y_true).dtype.kind == "f" else y_true
    as_wide = ops.convert_to_numpy(ops.cast(targets, "float32")) if targets is not y_true else y_true
    expected = gradients.values_of(subject.entries({}), as_wide, same)
    received = subject.entries({})(targets, narrow)
    note(as_wide, same)
    received = ops.convert_to_numpy(ops.cast(received, "float32"))
    yield from disagreement(
        "half-precision", what, expected, received, rtol=STEPS[dtype], atol=STEPS[dtype] / 4
    )


def labels_survive(subject: Subject, dtype: str) -> Iterator[Finding]:
    """Class indices that a half-precision dtype cannot represent still select their class."""
    for label in (257, 2049):
        y_true, y_pred = np.array([label]), np.zeros((1, label + 2), "float32")
        y_pred[0, label] = subject.reference.kind.certain(subject.reference.draw_options)
        expected = gradients.values_of(subject.entries({}), y_true, y_pred)
        narrow = ops.cast(ops.convert_to_tensor(y_pred), dtype)
        note(y_true, y_pred)
        received = ops.convert_to_numpy(ops.cast(subject.entries({})(y_true, narrow), "float32"))
        yield from disagreement(
            "label-rounded", f"label {label} with {dtype} inputs", expected, received, rtol=2e-2, atol=1e-2
        )


def check_saving(subject: Subject) -> Findings:
    """The config is JSON and has every argument. An object made from it gives the same values."""
    thing = subject.layer if subject.layer is not None else subject.make()
    try:
        config = thing.get_config()
        json.dumps(keras.saving.serialize_keras_object(thing))
    except (TypeError, NotImplementedError) as error:
        yield Finding("saving-differs", f"the config is not JSON: {in_words(error)}", error=way_to(error))
        return
    yield from arguments_kept(thing, config)
    try:
        again = type(thing).from_config(config)
    except Exception as error:
        yield no_copy(error)
        return
    yield from same_values(subject, thing, again)


def no_copy(error: Exception) -> Finding:
    """The finding if `from_config` fails, often because of an argument that the class does not take."""
    refused = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    return Finding(
        "config-not-taken" if refused else "saving-differs",
        f"from_config fails: {in_words(error)}",
        error=way_to(error),
        argument=refused.group(1) if refused else "",
    )


def arguments_kept(thing: Any, config: dict[str, Any]) -> Iterator[Finding]:
    """The config has every argument of the class's own `__init__`, except arguments whose value is None."""
    # The user cannot change the configs of Keras's own classes.
    if isinstance(thing, keras.Model) or type(thing).__init__.__module__.startswith("keras."):
        return
    for name, parameter in inspect.signature(type(thing).__init__).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        left_out = parameter.default is None and getattr(thing, name, None) is None
        if name not in config and not left_out:
            yield lifecycle.config_lacks(name, str(config))


def same_values(subject: Subject, thing: Any, again: Any) -> Iterator[Finding]:
    """The object and its copy give the same values. The copy of a layer gets the layer's weights."""
    y_true, y_pred = subject.reference.inputs({})
    before = gradients.values_of(subject.entries({}), y_true, y_pred)
    if subject.layer is not None:
        again(ops.convert_to_tensor(y_pred))
        again.set_weights(thing.get_weights())
        after = gradients.values_of(lambda _, x: again(x, training=False), y_true, y_pred)
    else:
        again.reduction = "none"
        after = gradients.values_of(again, y_true, y_pred)
    yield from disagreement("saving-differs", "value after a round trip", before, after)


def check_fit(subject: Subject) -> Findings:
    """`fit` lowers the loss. For a layer: the squared error of its outputs stays finite in `fit`."""
    if subject.layer is None:
        yield from lifecycle.check_fit(subject)
        return
    y_true, y_pred = subject.reference.inputs({}, leading=(22,))
    model = carried.model_of_layer(subject.layer, y_pred)
    model.compile("sgd", "mse", jit_compile=lifecycle.JIT)
    target = np.zeros(np.shape(gradients.values_of(subject.entries({}), y_true, y_pred)), "float32")
    kept = subject.layer.get_weights()
    history = model.fit(y_pred, target, epochs=2, batch_size=lifecycle.BATCH_SIZE, verbose=0).history["loss"]
    subject.layer.set_weights(kept)
    if not np.all(np.isfinite(history)):
        what = f"fit with jit_compile={lifecycle.JIT} gives {history}"
        yield Finding("fit-does-not-lower", what, "finite numbers", str(history))
