"""Every private name of Keras that this package relies on, each behind a function of ours.

Keras may rename these in any release. `INTERNALS` lists them as dotted paths; a test looks each one up and
says which is gone.
"""

from typing import Any

import keras
from keras.src.backend.common import masking, stateless_scope, tensor_attributes
from keras.src.models.functional import Functional
from keras.src.utils.tracking import DotNotTrackScope as untracked

INTERNALS = (
    "keras.src.backend.common.masking.get_keras_mask",
    "keras.src.backend.common.stateless_scope.in_stateless_scope",
    "keras.src.backend.common.tensor_attributes.get_tensor_attr",
    "keras.src.backend.common.tensor_attributes.set_tensor_attr",
    "keras.src.models.functional.Functional",
    "keras.src.utils.tracking.DotNotTrackScope",
    "keras.Model()._inputs_struct",
    "keras.Model()._outputs_struct",
    "keras.Model()._nodes_by_depth",
    "keras.Model()._compile_loss",
    "keras.Sequential()._functional",
    "keras.Variable()._value",
    "keras.metrics.MeanSquaredError()._direction",
)

__all__ = ["INTERNALS", "Functional", "untracked"]


def mask_of(tensor: Any) -> Any:
    """The Keras mask that travels with a tensor, or None."""
    return masking.get_keras_mask(tensor)


def get_attribute(tensor: Any, name: str) -> Any:
    """What `set_attribute` hung on a tensor, or None."""
    return tensor_attributes.get_tensor_attr(tensor, name)


def set_attribute(tensor: Any, name: str, value: Any) -> None:
    """Hangs a value on a tensor, as Keras hangs its masks: a tracer of JAX carries it without leaking."""
    tensor_attributes.set_tensor_attr(tensor, name, value)


def graph_of(model: Any) -> tuple[Any, Any]:
    """The input and output structures of a functional or built Sequential model."""
    graph = functional(model)
    return graph._inputs_struct, graph._outputs_struct


def outputs_in_graph(model: Any, layer: keras.layers.Layer) -> list[Any]:
    """What a layer gives in the model's own graph, call by call; `layer.output` may be of another graph."""
    nodes = [node for depth in functional(model)._nodes_by_depth.values() for node in depth]
    return [tensor for node in nodes if node.operation is layer for tensor in node.output_tensors]


def functional(model: Any) -> Functional:
    """The model itself, or the functional model inside a built Sequential one."""
    return model if isinstance(model, Functional) else model._functional


def has_compiled_loss(model: keras.Model) -> bool:
    """Whether `compile` was given a loss."""
    return model._compile_loss is not None


def fall_is_better(metric: keras.metrics.Metric) -> None:
    """Tells callbacks that watch a metric which way is better, so that they need no `mode`."""
    metric._direction = "down"


def in_stateless_scope() -> bool:
    """Whether variables take their values from a scope: JAX's training step, and symbolic builds."""
    return stateless_scope.in_stateless_scope()


def raw_value(variable: keras.Variable) -> Any:
    """The backend's own variable behind a Keras variable."""
    return variable._value
