"""Every name that this package relies on and TensorFlow does not document, each behind a function of ours.

TensorFlow may change these in any release. `INTERNALS` says what each is for; a test looks each one up, and
says which is gone.
"""

from importlib import import_module
from typing import Any

import tensorflow as tf

GRAPPLER = "tensorflow.python.grappler.tf_optimizer"
SAVER = "tensorflow.python.training.saver"
CONFIG = "tensorflow.core.protobuf.config_pb2"

INTERNALS = {
    "tensorflow.__internal__.get_enclosing_xla_context": "whether XLA compiles what is traced",
    "tensorflow.constant()._numpy": "whether a tensor has its value already",
    f"{GRAPPLER}.OptimizeGraph": "a graph as it runs, of which the benchmark counts the kernels",
    f"{SAVER}.export_meta_graph": "a graph in the form that the optimizer takes",
    f"{CONFIG}.ConfigProto": "the options of the optimizer",
}


def under_xla() -> bool:
    """Whether what is traced now was asked to be compiled by XLA."""
    return tf.__internal__.get_enclosing_xla_context() is not None


def is_eager(tensor: Any) -> bool:
    """Whether a tensor has its value already."""
    return hasattr(tensor, "_numpy")


def optimized(traced: Any) -> Any:
    """The nodes of the graph of a concrete function, as TensorFlow's optimizer leaves them.

    What it takes is imported here: only the benchmark needs it.
    """
    graph = traced.graph
    exported = import_module(SAVER).export_meta_graph(
        graph_def=graph.as_graph_def(add_shapes=True), graph=graph
    )
    exported.collection_def["train_op"].node_list.value.extend(output.name for output in traced.outputs)
    config = import_module(CONFIG).ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    return import_module(GRAPPLER).OptimizeGraph(config, exported).node
