"""
Ordered classes: how far a wrong answer is wrong
================================================

Grades, stages of a disease and ratings are classes in an order. A cross-entropy does
not know the order: for it, an error of three stages is as bad as an error of one.
``Coral``, ``Corn`` and ``CumulativeLink`` do know it.

This example grades the progress of diabetes in five stages, from few patients. It
compares the losses by two numbers that count how far an answer is wrong: the *mean
absolute error* in stages, and the *quadratic kappa*, which is 1 for perfect agreement
and 0 for guessing.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import keraslosses

CLASSES = 5
EPOCHS = 30
SEEDS = 5

# %%
# The data
# --------
# Ten measurements of 442 patients, and a number that says how the disease progressed in
# one year. Five stages of equal size are made from this number. Half of the patients
# are for the test.

x, progress = load_diabetes(return_X_y=True)
x = (x / x.std(axis=0)).astype("float32")
y = np.digitize(progress, np.quantile(progress, [0.2, 0.4, 0.6, 0.8]))


def halves(seed):
    return train_test_split(x, y, test_size=0.5, random_state=seed, stratify=y)


# %%
# The models
# ----------
# They differ in their last layers, in the loss, and in how the predicted class is
# found. ``CumulativeLink`` reads one score for each patient and four thresholds between
# the stages. The others read four logits, or five for the cross-entropy.

dense = keras.layers.Dense


def last_layers():
    return {
        "cross-entropy": [dense(CLASSES)],
        "CORAL": [keraslosses.OrdinalDense(CLASSES)],
        "CORN": [dense(CLASSES - 1)],
        "cumulative link": [dense(1), keraslosses.OrdinalThresholds(CLASSES)],
    }


LOSSES = {
    "cross-entropy": keraslosses.SparseCategoricalCrossentropy(from_logits=True),
    "CORAL": keraslosses.Coral(),
    "CORN": keraslosses.Corn(),
    "cumulative link": keraslosses.CumulativeLink(),
}
DECODERS = {
    "cross-entropy": lambda logits: keras.ops.argmax(logits, axis=-1),
    "CORAL": lambda logits: keraslosses.ordinal_class(logits, "coral"),
    "CORN": lambda logits: keraslosses.ordinal_class(logits, "corn"),
    "cumulative link": lambda rows: keraslosses.ordinal_class(rows, "cumulative_link"),
}


def predicted(name, seed):
    """The true and the predicted stages of the patients of the test."""
    x_train, x_test, y_train, y_test = halves(seed)
    keras.utils.set_random_seed(seed)
    layers = [dense(32, activation="relu"), *last_layers()[name]]
    model = keras.Sequential([keras.Input((10,)), *layers])
    model.compile(keras.optimizers.Adam(0.003), LOSSES[name])
    model.fit(x_train, y_train, batch_size=32, epochs=EPOCHS, verbose=0)
    classes = DECODERS[name](model.predict(x_test, batch_size=250, verbose=0))
    return y_test, keras.ops.convert_to_numpy(classes)


# %%
# The result
# ----------
# Each loss is trained several times, on other halves of the patients.

errors, kappas, tables = {}, {}, {}
print(f"{'':18}{'mean absolute error':>21}{'quadratic kappa':>18}{'right':>9}")
for name in LOSSES:
    runs = [predicted(name, seed) for seed in range(SEEDS)]
    errors[name] = [np.abs(truth - guess).mean() for truth, guess in runs]
    kappas[name] = []
    for truth, guess in runs:
        metric = keraslosses.CohenKappa(CLASSES, weighting="quadratic")
        metric.update_state(truth, guess)
        kappas[name].append(float(metric.result()))
    tables[name] = np.zeros((CLASSES, CLASSES))
    for truth, guess in runs:
        np.add.at(tables[name], (truth, guess), 1)
    right = np.trace(tables[name]) / tables[name].sum()
    error, kappa = np.mean(errors[name]), np.mean(kappas[name])
    print(f"{name:18}{error:21.2f}{kappa:18.2f}{right:9.0%}")

# %%
# Look at the left picture: each dot is one training. In the right picture, look at the
# corners, where the answers are three or four stages off.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
left, *squares = axes
for k, name in enumerate(LOSSES):
    left.plot(errors[name], kappas[name], "o", color=f"C{k}", label=name)
left.set(title="each dot is one training", xlabel="mean absolute error (stages)")
left.set(ylabel="quadratic kappa")
left.legend()
for square, name in zip(squares, ("cross-entropy", "cumulative link"), strict=True):
    shares = tables[name] / tables[name].sum(axis=1, keepdims=True)
    square.imshow(shares, cmap="Blues", vmin=0, vmax=0.7)
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.4 else "black"
        square.text(
            column,
            row,
            f"{share:.0%}",
            ha="center",
            va="center",
            fontsize=9,
            color=color,
        )
    square.set(title=name, xlabel="predicted stage", ylabel="true stage")
figure.savefig("ordered-classes.png")
