"""All undocumented names of TensorFlow that this package uses. Each is used in a function of this module.

TensorFlow may change them in any release. `INTERNALS` says what each name is for. A test looks up each of
them and names those that do not exist.
"""

from typing import Any

import tensorflow as tf

INTERNALS = {
    "tensorflow.__internal__.get_enclosing_xla_context": "to see whether XLA compiles what is traced",
    "tensorflow.constant()._numpy": "to see whether a tensor has its value already",
    "tensorflow.python.grappler.tf_optimizer.OptimizeGraph": "to count the kernels of a graph as it runs",
    "tensorflow.python.training.saver.export_meta_graph": "to give a graph to the optimizer",
    "tensorflow.core.protobuf.config_pb2.ConfigProto": "to tell the optimizer its options",
}


def under_xla() -> bool:
    """Whether XLA will compile the function that is being traced."""
    return tf.__internal__.get_enclosing_xla_context() is not None


def is_eager(tensor: Any) -> bool:
    """Whether a tensor already has a value."""
    return hasattr(tensor, "_numpy")


def optimized(traced: Any) -> Any:
    """The nodes of the graph of a concrete function, after TensorFlow's optimizer has changed the graph.

    The imports are here because only the benchmark needs them.
    """
    from tensorflow.core.protobuf.config_pb2 import ConfigProto
    from tensorflow.python.grappler.tf_optimizer import OptimizeGraph
    from tensorflow.python.training.saver import export_meta_graph

    graph = traced.graph
    exported = export_meta_graph(graph_def=graph.as_graph_def(add_shapes=True), graph=graph)
    exported.collection_def["train_op"].node_list.value.extend(output.name for output in traced.outputs)
    config = ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    return OptimizeGraph(config, exported).node
