"""Every name that this package relies on and TensorFlow does not document, each behind a function of ours.

TensorFlow may change these in any release. `INTERNALS` says what each is for; a test looks each one up, and
says which is gone.
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
    """Whether what is traced now was asked to be compiled by XLA."""
    return tf.__internal__.get_enclosing_xla_context() is not None


def is_eager(tensor: Any) -> bool:
    """Whether a tensor has its value already."""
    return hasattr(tensor, "_numpy")


def optimized(traced: Any) -> Any:
    """The nodes of the graph of a concrete function, as TensorFlow's optimizer leaves them.

    What it takes is imported here, since only the benchmark needs it.
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
