"""
Regression with outliers
========================

Some targets are simply wrong: a sensor failed, or somebody typed a wrong digit. The
squared error gives such outliers a large influence, because a deviation that is ten
times as large costs a hundred times as much. ``Huber`` and ``LogCosh`` grow like the
squared error for small deviations, but only linearly for large ones.

This example fits a line to points with outliers, once with each loss. In the picture,
look at which lines follow most of the points.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np

import keraslosses

EPOCHS = 300

# %%
# The data
# --------
# The points lie near the line y = 2 x + 1. One point in ten is an outlier: it is much
# too low. The outliers are on the right, so they pull the line down there.

generator = np.random.default_rng(0)
x = np.sort(generator.uniform(-1, 1, 200)).astype("float32")
y = 2 * x + 1 + generator.normal(0, 0.2, 200).astype("float32")
outliers = generator.choice(np.flatnonzero(x > 0.2), 20, replace=False)
y[outliers] -= generator.uniform(3, 6, 20).astype("float32")

# %%
# Fitting a line
# --------------
# The model is one ``Dense`` unit. ``delta`` of ``Huber`` is the deviation from which on
# the loss is linear. Choose it near the size of the usual deviations, here 0.2.

LOSSES = {
    "MeanSquaredError": keraslosses.MeanSquaredError(),
    "LogCosh": keraslosses.LogCosh(),
    "Huber(delta=0.2)": keraslosses.Huber(delta=0.2),
}
lines = {}
for name, loss in LOSSES.items():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), loss)
    model.fit(x[:, None], y[:, None], batch_size=200, epochs=EPOCHS, verbose=0)
    slope, offset = (float(weight.squeeze()) for weight in model.get_weights())
    lines[name] = slope, offset
    print(f"{name:18} y = {slope:.2f} x + {offset:.2f}")

# %%
# The lines
# ---------
# The dashed line is the true one. ``Huber`` comes closest to it. ``LogCosh`` has no
# ``delta``: it is linear from a deviation of about 1 on, which is large for these
# points.

figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
axis.scatter(x, y, s=8, color="gray")
axis.scatter(x[outliers], y[outliers], s=8, color="black", label="outliers")
axis.plot(x, 2 * x + 1, "k--", label="true line")
for name, (slope, offset) in lines.items():
    axis.plot(x, slope * x + offset, label=name)
axis.set(xlabel="x", ylabel="y")
axis.legend()
figure.savefig("outliers.png")
