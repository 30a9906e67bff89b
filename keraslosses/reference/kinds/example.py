"""An example of a kind of inputs: data and a model whose output fits, as a person would write them."""

from dataclasses import dataclass

# The hidden layer of most examples.
HIDDEN = 'keras.layers.Dense(32, activation="relu")'


@dataclass(frozen=True)
class Example:
    """The middle of a program that trains with a loss.

    `data` is Python that sets x and y. It has NumPy as `np` and the random generator `rng`. `model` is Python
    that sets `model`. It has `keras` and `keraslosses`. If y_pred holds probabilities, its last layer has an
    activation. `epochs` are as many as the example needs to show that the loss falls.
    """

    data: str
    model: str
    epochs: int = 5


def features(*lines: str) -> str:
    """Data of 512 samples with eight features each. The lines make y from x."""
    return "\n".join(['x = rng.normal(size=(512, 8)).astype("float32")', *lines])


def sequential(*layers: str) -> str:
    """A `Sequential` model, a layer on each line."""
    return "\n".join(
        ["model = keras.Sequential(", "    [", *(f"        {one}," for one in layers), "    ]", ")"]
    )
