"""
Rare positives: weights and focal loss
======================================

One sample in a hundred is positive: a fault, a fraud, a disease. A model that is
trained with cross-entropy then rarely says "positive", because it is mostly right if it
says "negative". Two options change this: ``pos_weight`` counts each positive several
times, and ``BinaryFocalCrossentropy`` lets samples that are already right weigh less.

This example compares them on the same data. In the left picture, look at where the dots
are on the curves. In the right picture, look at the area in which each model says
"positive".
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from sklearn.metrics import average_precision_score, precision_recall_curve

import keraslosses

EPOCHS = 10

# %%
# The data
# --------
# Each sample is a point in the plane. The positives lie around the point (2, 2), where
# there are also many negatives.


def samples(count, seed):
    generator = np.random.default_rng(seed)
    y = (generator.uniform(size=count) < 0.01).astype("float32")
    negatives = generator.normal(0, 1, (count, 2))
    positives = generator.normal(2, 0.5, (count, 2))
    return np.where(y[:, None], positives, negatives).astype("float32"), y


x_train, y_train = samples(20_000, seed=0)
x_test, y_test = samples(20_000, seed=1)
print(f"positives in the test data: {y_test.mean():.1%}")

# %%
# Training
# --------
# All models are the same small network, and give logits. A model says "positive" if the
# probability is at least 0.5. *Precision* is the share of these answers that is right.
# *Recall* is the share of the positives that is found. The average precision does not
# depend on the threshold 0.5.

LOSSES = {
    "cross-entropy": keraslosses.BinaryCrossentropy(from_logits=True),
    "cross-entropy, pos_weight=10": keraslosses.BinaryCrossentropy(
        from_logits=True, pos_weight=10.0
    ),
    "focal, alpha=0.75": keraslosses.BinaryFocalCrossentropy(
        apply_class_balancing=True, alpha=0.75, from_logits=True
    ),
}


def trained(loss):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((2,)), *layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), loss)
    model.fit(x_train, y_train, batch_size=256, epochs=EPOCHS, verbose=0)
    return model


def logits_of(model, x):
    return model.predict(x, batch_size=2000, verbose=0)[:, 0]


models, points = {}, {}
print(f"{'':30}{'precision':>10}{'recall':>8}{'average precision':>19}")
for name, loss in LOSSES.items():
    models[name] = trained(loss)
    logits = logits_of(models[name], x_test)
    said, positive = logits >= 0, y_test == 1
    right = np.sum(said & positive)
    points[name] = right / positive.sum(), right / max(said.sum(), 1)
    average = average_precision_score(y_test, logits)
    recall, precision = points[name]
    print(f"{name:30}{precision:10.2f}{recall:8.2f}{average:19.2f}")

# %%
# What changes?
# -------------
# The curves are nearly the same: all models put the samples into nearly the same order.
# The dots, which show the threshold 0.5, are at different places. So these losses do
# not separate the classes better here. They move the models to finding more of the
# positives for the price of more false alarms, as another threshold would do.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
grid = np.linspace(-4, 4, 161, dtype="float32")
plane = np.stack(np.meshgrid(grid, grid), axis=-1)
right.scatter(*x_test[y_test == 0].T, s=2, color="lightgray")
right.scatter(*x_test[y_test == 1].T, s=4, color="black")
for k, (name, model) in enumerate(models.items()):
    precision, recall, _ = precision_recall_curve(y_test, logits_of(model, x_test))
    left.plot(recall, precision, color=f"C{k}", label=name)
    left.plot(*points[name], "o", color=f"C{k}", markersize=9)
    heights = logits_of(model, plane.reshape(-1, 2)).reshape(plane.shape[:2])
    right.contour(grid, grid, heights, levels=[0], colors=f"C{k}", linewidths=2)
left.set(title="curves, and dots at the threshold 0.5", xlabel="recall")
left.set(ylabel="precision", xlim=(0, 1), ylim=(0, 1))
left.legend()
right.set(title='inside its line a model says "positive"', xlim=(-4, 4), ylim=(-4, 4))
kinds = {"negative": "lightgray", "positive": "black"}
dots = [
    Line2D([], [], color=c, marker="o", linestyle="", label=k) for k, c in kinds.items()
]
right.legend(handles=dots, loc="lower left")
figure.savefig("rare-positives.png")
