"""
A long tail: few classes have most of the samples
=================================================

Of the digit 0 there are many images here, and of each next digit fewer; of the 9 there
are only four. A model that is trained with cross-entropy then takes rare digits for
common ones. This example compares what helps: class weights, focal loss, and two losses
that are made for it, ``LogitAdjusted`` and ``LDAM``. They read the counts of the
classes, which ``class_counts`` takes from the data.

Each loss trains from five seeds. In the picture, compare the common digits on the left
with the rare ones on the right.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import keraslosses

EPOCHS = 60
SEEDS = 5

# %%
# The data
# --------
# The digits of scikit-learn: images of 8 by 8 pixels. Forty images of each digit are
# for the test, so there all digits are equally common. Of the others, each digit keeps
# fewer than the one before.

images, digits = load_digits(return_X_y=True)
images = images.astype("float32") / 16
order = np.random.default_rng(0).permutation(len(images))
places = [order[digits[order] == digit] for digit in range(10)]
kept = np.round(120 * (4 / 120) ** (np.arange(10) / 9)).astype(int)
train = np.concatenate([of[40 : 40 + n] for of, n in zip(places, kept, strict=True)])
test = np.concatenate([of[:40] for of in places])
x_train, y_train, x_test, y_test = (
    images[train],
    digits[train],
    images[test],
    digits[test],
)

counts = keraslosses.class_counts(y_train, num_classes=10)
weights = keraslosses.weights_from_counts(counts)
print("images:", *counts)
print("weights:", *(f"{weight:.2f}" for weight in weights))

# %%
# Training
# --------
# All networks are the same and give logits. ``LogitAdjusted`` changes the logits in the
# loss only, and the accuracy is that of the logits as they are. ``LDAM`` asks for a
# margin at the label: here of up to 2, for the rarest digit. Its authors use cosines, a
# smaller margin, and class weights in the last part of the training.

METHODS = {
    "cross-entropy": keraslosses.SparseCategoricalCrossentropy(from_logits=True),
    "focal": keraslosses.SparseCategoricalFocalCrossentropy(
        alpha=1.0, from_logits=True
    ),
    "class weights": keraslosses.SparseCategoricalCrossentropy(
        from_logits=True, class_weights=weights
    ),
    "LDAM": keraslosses.LDAM(counts, max_margin=2.0, scale=1.0),
    "LogitAdjusted": keraslosses.LogitAdjusted(counts),
}


def accuracy_of_digits(loss, seed):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(64, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(10)])
    model.compile(keras.optimizers.Adam(0.003), loss)
    model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, verbose=0)
    right = model.predict(x_test, batch_size=400, verbose=0).argmax(axis=1) == y_test
    return [right[y_test == digit].mean() for digit in range(10)]


accuracy = {
    name: np.array([accuracy_of_digits(loss, seed) for seed in range(SEEDS)])
    for name, loss in METHODS.items()
}

# %%
# The results
# -----------
# The head are the three most common digits, and the tail the three rarest ones. After
# ± stands the standard deviation over the seeds. ``LogitAdjusted`` finds the most of
# the rare digits, and pays for it with some of the common ones.


def shown(of_seeds):
    return f"{of_seeds.mean():.1%} ± {of_seeds.std():.1%}"


print(f"{'':15}{'all digits':>16}{'head':>16}{'tail':>16}")
for name, found in accuracy.items():
    parts = (found, found[:, :3], found[:, -3:])
    print(f"{name:15}", *(f"{shown(part.mean(axis=1)):>15}" for part in parts))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for k, (name, found) in enumerate(accuracy.items()):
    left.plot(found.mean(axis=0), "o-", color=f"C{k}", label=name)
    right.errorbar(
        found[:, :3].mean(),
        found[:, -3:].mean(),
        xerr=found[:, :3].mean(axis=1).std(),
        yerr=found[:, -3:].mean(axis=1).std(),
        fmt="o",
        color=f"C{k}",
        markersize=9,
    )
left.set_xticks(range(10), [f"{digit}\n{n}" for digit, n in enumerate(counts)])
left.set(title="accuracy for each digit", xlabel="digit, and its number of images")
left.legend(loc="lower left")
right.set(title="head and tail, with deviations over the seeds")
right.set(xlabel="accuracy of the three common digits")
right.set(ylabel="accuracy of the three rare digits")
for axis in (left.yaxis, right.xaxis, right.yaxis):
    axis.set_major_formatter("{x:.1%}")
figure.savefig("long-tailed-digits.png")
