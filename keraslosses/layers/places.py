"""Finds the tensor that a term reads: by the path of a layer through nested models, and by its call."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from keraslosses.core import keras_internals


class Call(NamedTuple):
    """One call of a layer in a graph: the call in words, and its output tensor."""

    reads: str
    tensor: Any


def path_of(model: keras.Model, at: Any) -> str:
    """The path of a layer, such as "embedding" or "backbone/embedding"; `at` is the layer or its path."""
    if isinstance(at, str):
        return at
    path = search(model, at) if isinstance(at, keras.layers.Layer) else None
    if path is None:
        raise ValueError(f"`at` must be a layer of the model, or the name of a layer. Received: at={at!r}")
    return path


def search(model: keras.Model, layer: keras.layers.Layer) -> str | None:
    for candidate in model.layers:
        if candidate is layer:
            return candidate.name
        inner = search(candidate, layer) if isinstance(candidate, keras.Model) else None
        if inner is not None:
            return f"{candidate.name}/{inner}"
    return None


def has_graph(model: Any) -> bool:
    """Whether this is a functional model or a built Sequential model."""
    sequential = isinstance(model, keras.Sequential) and model.built
    return sequential or isinstance(model, keras_internals.Functional)


def graph_with_features(model: keras.Model, places: Sequence[tuple[str, int | None]]) -> Any:
    """A model over the same layers. It outputs what the model outputs, and the tensor at each place."""
    graph, calls = graph_with_calls(model, [path for path, _ in places])
    keras_internals.also_gives(graph, [chosen_call(calls[path], path, call) for path, call in places])
    return graph


def graph_with_calls(model: keras.Model, paths: Sequence[str]) -> tuple[Any, dict[str, list[Call]]]:
    """A graph over the layers of a model, and the calls of the layers at these paths.

    The graph can output the tensors of the calls. If a path leads through a nested model, the graph has
    another graph in its place, which can output the inner tensors. The model itself does not change.
    """
    graph = keras_internals.empty_graph(model)
    found = {}
    for path in paths:
        name, _, rest = path.partition("/")
        if not rest:
            nodes = keras_internals.calls_in_graph(graph, layer_named(model, name, path))
            found[path] = [Call(reads(node), only_tensor(node, path)) for node in nodes]
    inner: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition("/")
        if rest:
            inner.setdefault(name, []).append(rest)
    for name, rests in inner.items():
        for rest, calls in calls_inside(graph, layer_named(model, name, f"{name}/{rests[0]}"), rests).items():
            found[f"{name}/{rest}"] = calls
    return graph, found


def calls_inside(graph: Any, nested: Any, paths: Sequence[str]) -> dict[str, list[Call]]:
    """The calls of layers inside a nested model, for each call of the nested model."""
    if not has_graph(nested):
        raise ValueError(
            "`at` must lead through functional models or built Sequential models only. "
            f"Received: at='{nested.name}/{paths[0]}', where {nested.name!r} is a {type(nested).__name__}"
        )
    replacement, inside = graph_with_calls(nested, paths)
    calls = [(path, call) for path in paths for call in inside[path]]
    keras_internals.also_gives(replacement, [call.tensor for _, call in calls])
    found: dict[str, list[Call]] = {path: [] for path in paths}
    for node in keras_internals.calls_in_graph(graph, nested):
        more = [keras.KerasTensor(call.tensor.shape, call.tensor.dtype) for _, call in calls]
        keras_internals.replace_call(graph, node, replacement, more)
        for (path, call), tensor in zip(calls, more, strict=True):
            found[path].append(Call(f"{call.reads} in {reads(node)}", tensor))
    return found


def layer_named(model: keras.Model, name: str, path: str) -> Any:
    for layer in model.layers:
        if layer.name == name:
            return layer
    names = ", ".join(layer.name for layer in model.layers)
    raise ValueError(f"`at` must name a layer of the model: {names}. Received: at={path!r}")


def reads(node: Any) -> str:
    return f"{node.operation.name}({', '.join(keras_internals.callers(node))})"


def only_tensor(node: Any, path: str) -> Any:
    if len(node.output_tensors) != 1:
        raise ValueError(
            f"`at` must name a layer that outputs one tensor. Received: at={path!r}, "
            f"which outputs {len(node.output_tensors)}"
        )
    return node.output_tensors[0]


def chosen_call(calls: Sequence[Call], path: str, call: int | None) -> Any:
    """The tensor of one of the calls of a layer."""
    if call is None and len(calls) == 1:
        return calls[0].tensor
    if call is None or not 0 <= call < len(calls):
        listed = ", ".join(f"{number}: {of_layer.reads}" for number, of_layer in enumerate(calls))
        raise ValueError(
            f"`call` must say which call of {path!r} the term reads: {listed}. Received: call={call!r}"
        )
    return calls[call].tensor
