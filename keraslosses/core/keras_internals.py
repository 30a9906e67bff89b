"""Every private name of Keras that this package relies on, each behind a function of ours.

Keras may rename these in any release. `INTERNALS` maps each private name to where it is looked up, and a test
says which one is gone.
"""

from typing import Any

from keras import KerasTensor, Model
from keras.src.backend.common import masking, tensor_attributes

INTERNALS = {
    "keras.src.backend.common.masking.get_keras_mask": (masking, "get_keras_mask"),
    "keras.src.backend.common.tensor_attributes.get_tensor_attr": (tensor_attributes, "get_tensor_attr"),
    "keras.src.backend.common.tensor_attributes.set_tensor_attr": (tensor_attributes, "set_tensor_attr"),
    "keras.Model._functional-attributes": (None, ("_inputs_struct", "_outputs_struct")),
}


def mask_of(tensor: Any) -> Any:
    """The Keras mask that travels with a tensor, or None."""
    return masking.get_keras_mask(tensor)


def get_attribute(tensor: Any, name: str) -> Any:
    """What `set_attribute` hung on a tensor, or None."""
    return tensor_attributes.get_tensor_attr(tensor, name)


def set_attribute(tensor: Any, name: str, value: Any) -> None:
    """Hangs a value on a tensor; it survives a function transformation, as a Keras mask does."""
    tensor_attributes.set_tensor_attr(tensor, name, value)


def graph_of(model: Model) -> tuple[Any, Any]:
    """The input and output structures a functional model was made from."""
    return model._inputs_struct, model._outputs_struct


def is_symbolic(value: Any) -> bool:
    """Whether a value is a placeholder of the functional API."""
    return isinstance(value, KerasTensor)
