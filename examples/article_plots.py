"""
Three pictures from articles on losses
======================================

What articles show by hand-drawn curves, drawn from the losses themselves: why squared
error is a poor choice for a sigmoid unit, how squared error grows with the error, and
that softmax loss can be lowered without separating anything better. Writes three PNG
files into the folder given on the command line, or into the current one. Set
``KERAS_BACKEND`` to ``tensorflow``, ``jax`` or ``torch`` to choose the backend.
"""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import ops
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import keraslosses
from keraslosses.portability.gradients import value_and_gradient

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
SQUARED, ENTROPY = "squared error", "cross-entropy"
COLOURS = {SQUARED: "#d62728", ENTROPY: "#1f77b4"}
# The class to train with, and the function that gives one value per sample.
LOSSES = {
    SQUARED: (keraslosses.MeanSquaredError(), keraslosses.mean_squared_error),
    ENTROPY: (keraslosses.BinaryCrossentropy(), keraslosses.binary_crossentropy),
}


def panels(count):
    figure = Figure(figsize=(4.8 * count, 3.8), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.1)
    FigureCanvasAgg(figure)
    return figure, np.ravel(figure.subplots(1, count))


def finish(figure, axes, name):
    for panel in axes:
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(FOLDER / name, dpi=100)


def trained(loss, steps=250):
    """The output of a sigmoid unit before each step: it starts near 1; 0 is right."""
    unit = keras.layers.Dense(
        1, "sigmoid", kernel_initializer=keras.initializers.Constant(2.0)
    )
    model = keras.Sequential([keras.Input((1,)), unit])
    unit.bias.assign([2.0])
    model.compile(keras.optimizers.SGD(0.2), loss)
    x, y = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
    outputs = []
    for _ in range(steps):
        outputs.append(ops.convert_to_numpy(model(x))[0])
        model.train_on_batch(x, y)
    return np.array(outputs)


def saturated_unit():
    figure, axes = panels(3)
    logits = np.linspace(-8, 8, 161, dtype="float32")[:, None]
    for name, (loss, function) in LOSSES.items():
        _, gradient = value_and_gradient(
            lambda y, x, function=function: function(y, ops.sigmoid(x)),
            np.zeros_like(logits),
            logits,
        )
        outputs = trained(loss)
        costs = ops.convert_to_numpy(function(np.zeros_like(outputs), outputs))
        axes[0].plot(logits, gradient, color=COLOURS[name], label=name)
        axes[1].plot(outputs, color=COLOURS[name], label=name)
        axes[2].plot(costs, color=COLOURS[name], label=name)
        last, steps = outputs[-1, 0], len(outputs)
        print(f"{name}: output {last:.3f} after {steps} steps, where 0 is right")
    axes[0].set(
        title="Gradient by the logit, target 0", xlabel="logit", ylabel="gradient"
    )
    axes[1].set(
        title="Output of a unit in training, target 0",
        xlabel="step",
        ylabel="output",
        ylim=(0, 1),
    )
    axes[2].set(title="Its loss", xlabel="step", ylabel="loss", ylim=(0, None))
    axes[0].legend(frameon=False)
    finish(figure, axes, "saturated-unit.png")


def squared_error():
    figure, axes = panels(1)
    predictions = np.linspace(-10_000, 10_000, 401, dtype="float32")
    costs = keraslosses.mean_squared_error(np.full_like(predictions, 100), predictions)
    axes[0].plot(predictions, ops.convert_to_numpy(costs), color=COLOURS[SQUARED])
    axes[0].set(
        title="Squared error, target 100",
        xlabel="prediction",
        ylabel="loss, in millions",
    )
    axes[0].set(xticks=range(-10_000, 10_001, 5_000), ylim=(0, None))
    axes[0].xaxis.set_major_formatter("{x:,.0f}")
    axes[0].yaxis.set_major_formatter(lambda cost, _: f"{cost / 1e6:.0f}")
    finish(figure, axes, "squared-error.png")


def scaled_logits():
    figure, axes = panels(2)
    scales = np.linspace(1, 60, 60, dtype="float32")
    logits = scales[:, None] * np.array([[3.1, 3.0, 3.0]], "float32")
    directions = ops.convert_to_numpy(ops.normalize(logits, axis=-1))
    labels = np.zeros(len(scales), "int32")
    costs = keraslosses.sparse_categorical_crossentropy(
        labels, logits, from_logits=True
    )
    axes[0].plot(scales, ops.convert_to_numpy(costs), color=COLOURS[ENTROPY])
    axes[0].set(
        title="Softmax loss of (3.1, 3, 3) times a scale",
        xlabel="scale",
        ylabel="loss",
        ylim=(0, None),
    )
    axes[1].plot(scales, directions[:, 0] - directions[:, 1], color=COLOURS[ENTROPY])
    axes[1].set(
        title="Lead of class 0, for logits brought to length 1",
        xlabel="scale",
        ylabel="lead",
        ylim=(0, 0.03),
    )
    finish(figure, axes, "scaled-logits.png")


saturated_unit()
squared_error()
scaled_logits()
