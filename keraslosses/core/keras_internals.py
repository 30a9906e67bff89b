"""All private names of Keras that this package uses. Each name is used in a function of this module.

Keras may rename them in any release. `INTERNALS` lists them as dotted paths. A test looks up each of them
and names those that do not exist.
"""

import copy
from importlib import import_module
from typing import Any

import keras
from keras.src.backend.common import global_state, masking, stateless_scope, tensor_attributes
from keras.src.models.functional import Functional
from keras.src.utils.tracking import DotNotTrackScope as untracked

INTERNALS = (
    "keras.src.backend.common.global_state.get_global_attribute",
    "keras.src.backend.common.masking.get_keras_mask",
    "keras.src.backend.common.stateless_scope.in_stateless_scope",
    "keras.src.backend.common.tensor_attributes.get_tensor_attr",
    "keras.src.backend.common.tensor_attributes.set_tensor_attr",
    "keras.src.models.functional.Functional",
    "keras.src.utils.tracking.DotNotTrackScope",
    "keras.Model()._inputs_struct",
    "keras.Model()._outputs",
    "keras.Model()._outputs_struct",
    "keras.Model()._nodes_by_depth",
    "keras.Model()._inbound_nodes",
    "keras.Model()._run_through_graph",
    "keras.Model()._compile_loss",
    "keras.KerasTensor()._keras_history",
    "keras.Sequential()._functional",
    "keras.Variable()._value",
    "keras.metrics.MeanSquaredError()._direction",
)

CORE = import_module(f"keras.src.backend.{keras.backend.backend()}.core")

__all__ = ["INTERNALS", "Functional", "untracked"]


class ToldOfClones(Functional):
    """A functional model whose method `cloned(outputs)` gets the outputs of a clone before the clone exists.

    Keras clones a model by running its graph on new inputs.
    """

    def _run_through_graph(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = super()._run_through_graph(inputs, *args, **kwargs)
        if isinstance(keras.tree.flatten(outputs)[0], keras.KerasTensor):
            self.cloned(outputs)
        return outputs


def device_of_keras() -> Any:
    """The name of the device on which Keras puts tensors; on torch only."""
    return CORE.get_device()


def mask_of(tensor: Any) -> Any:
    """The Keras mask of a tensor, or None."""
    return masking.get_keras_mask(tensor)


def get_attribute(tensor: Any, name: str) -> Any:
    """The value that `set_attribute` attached to a tensor, or None."""
    return tensor_attributes.get_tensor_attr(tensor, name)


def set_attribute(tensor: Any, name: str, value: Any) -> None:
    """Attaches a value to a tensor, as Keras attaches masks. It works for the tracers of JAX too."""
    tensor_attributes.set_tensor_attr(tensor, name, value)


def graph_of(model: Any) -> tuple[Any, Any]:
    """The input and output structures of a functional or built Sequential model."""
    graph = functional(model)
    return graph._inputs_struct, graph._outputs_struct


def calls_in_graph(graph: Any, layer: keras.layers.Layer) -> list[Any]:
    """The calls of a layer in a graph, in the order in which they were made.

    `layer.output` does not serve here: it may belong to another graph.
    """
    calls = {id(node) for depth in graph._nodes_by_depth.values() for node in depth}
    return [node for node in layer._inbound_nodes if id(node) in calls]


def callers(node: Any) -> list[str]:
    """The names of the layers whose outputs a call reads."""
    return [tensor._keras_history.operation.name for tensor in node.input_tensors]


def replace_call(graph: Any, node: Any, operation: Any, more: list[Any]) -> None:
    """Replaces the operation of a call in this graph only. The new one outputs more tensors at the end."""
    other = copy.copy(node)
    other.operation, other.outputs = operation, [*node.outputs, *more]
    for depth in graph._nodes_by_depth.values():
        for place, known in enumerate(depth):
            if known is node:
                depth[place] = other


def empty_graph(model: Any) -> Functional:
    """A graph over the layers of a model. It outputs what the model outputs, and an empty list for tensors.

    Keras does not track it.
    """
    inputs, outputs = graph_of(model)
    with untracked():
        return Functional(inputs, [outputs, []])


def also_gives(graph: Functional, tensors: list[Any]) -> None:
    """Adds tensors to the list of an `empty_graph`."""
    graph._outputs.extend(tensors)
    graph._outputs_struct[1].extend(tensors)


def functional(model: Any) -> Functional:
    """The model itself, or the functional model inside a built Sequential model."""
    return model if isinstance(model, Functional) else model._functional


def called_inside_another(model: keras.Model) -> bool:
    """Whether the running call of a model is part of the call of another model."""
    context = global_state.get_global_attribute("current_call_ctx")
    outermost = None if context is None else context.entry_layer
    return outermost is not model and isinstance(outermost, keras.Model)


def saving_as_h5() -> bool:
    """Whether Keras is saving a model in the old format, an `.h5` file."""
    return bool(global_state.get_global_attribute("use_legacy_config", False))


def has_compiled_loss(model: keras.Model) -> bool:
    """Whether `compile` was given a loss."""
    return model._compile_loss is not None


def fall_is_better(metric: keras.metrics.Metric) -> None:
    """Tells callbacks that a lower value of the metric is better, so that they need no `mode`."""
    metric._direction = "down"


def rise_is_better(metric: keras.metrics.Metric) -> None:
    """Tells callbacks that a higher value of the metric is better, so that they need no `mode`."""
    metric._direction = "up"


def in_stateless_scope() -> bool:
    """Whether a scope holds the values of variables: in the training step of JAX, and in symbolic builds."""
    return stateless_scope.in_stateless_scope()


def raw_value(variable: keras.Variable) -> Any:
    """The backend's own variable behind a Keras variable."""
    return variable._value
