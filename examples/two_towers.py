"""
Two towers: find what belongs together
======================================

A caption and its picture, a question and its answer, the sound and the film: two things
of different sorts that belong together. A model for each sort, a *tower*, turns it into
a vector, and the two vectors of a pair should be near each other. Then one half of a
pair finds the other by its vector, in either direction.

In this example the two sorts are the left and the right half of an image of a digit.
They have no pixel in common. Given a left half, which of 400 right halves was cut from
it? Three losses train the towers:

- ``InfoNCE``, the loss of CLIP: each half picks its partner out of the batch.
- ``NTXent``, the loss of SimCLR: much the same, but the wrong answers for a left half
  are the right and the left halves of all others.
- ``Contrastive``: a list of pairs, and for each pair whether it is a true one.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.cross_decomposition import CCA
from sklearn.datasets import load_digits

import keraslosses

EPOCHS = 30
SEEDS = 3

# %%
# The data
# --------
# The digits of scikit-learn, 8 by 8 pixels. The last 400 are for the test. What digit
# an image shows is not used.

images = load_digits().images.astype("float32") / 16
images = np.random.default_rng(0).permutation(images)
halves = images[:, :, :4], images[:, :, 4:]
train, test = [[half[part] for half in halves] for part in np.s_[:-400, -400:]]

# %%
# The towers
# ----------
# Each half has a network of its own. Both end with vectors of length 1 and of the same
# size, so that a vector of one tower can be compared with one of the other.


def tower():
    return keras.Sequential(
        [
            keras.Input((8, 4)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(32),
            keras.layers.UnitNormalization(),
        ]
    )


# %%
# The three losses
# ----------------
# ``InfoNCE`` and ``NTXent`` read the two vectors of each image, stacked along axis 1.
# ``InfoNCE`` needs no labels. ``NTXent`` takes them, and here each image is a class of
# its own.
#
# ``Contrastive`` reads the distance of each pair, and whether it is a true one. It gets
# the pairs of the images, and as many wrong pairs.


def stacked(left, right):
    return keras.ops.stack([left, right], axis=1)


def distance(left, right):
    """Kept above 0, where the root has no gradient."""
    squares = keras.ops.sum(keras.ops.square(left - right), axis=-1, keepdims=True)
    return keras.ops.sqrt(keras.ops.maximum(squares, 1e-12))


def images_as_they_are(seed):
    return train, np.arange(len(train[0]))


def true_and_wrong_pairs(seed):
    left, right = train
    wrong = np.random.default_rng(seed).permutation(right)
    pairs = [np.concatenate([left, left]), np.concatenate([right, wrong])]
    return pairs, np.repeat([1.0, 0.0], len(left))


METHODS = {
    "InfoNCE": (stacked, keraslosses.InfoNCE(), images_as_they_are),
    "NTXent": (stacked, keraslosses.NTXent(temperature=0.07), images_as_they_are),
    "Contrastive": (distance, keraslosses.Contrastive(), true_and_wrong_pairs),
}


def vectors_of_the_test(method, seed):
    """Of the left and of the right halves."""
    keras.utils.set_random_seed(seed)
    output, loss, data = METHODS[method]
    inputs = keras.Input((8, 4)), keras.Input((8, 4))
    towers = tower(), tower()
    vectors = [of(half) for of, half in zip(towers, inputs, strict=True)]
    model = keras.Model(inputs, output(*vectors))
    model.compile(keras.optimizers.Adam(0.002), loss)
    x, y = data(seed)
    model.fit(x, y, batch_size=128, epochs=EPOCHS, verbose=0)
    return [
        of.predict(half, batch_size=400, verbose=0)
        for of, half in zip(towers, test, strict=True)
    ]


# %%
# A search without a network
# --------------------------
# Canonical correlation analysis (CCA) finds linear maps of both halves whose results
# agree most. It has the same task, and takes a second. 16 numbers for each half did
# better than 8.


def flat(halves):
    return [half.reshape(len(half), -1) for half in halves]


found = {"CCA": [CCA(16, max_iter=1000).fit(*flat(train)).transform(*flat(test))]}
for method in METHODS:
    found[method] = [vectors_of_the_test(method, seed) for seed in range(SEEDS)]

# %%
# The results
# -----------
# ``update_references`` gives a metric the set in which is searched. The label of a half
# is the number of its image, so only one answer is right. *Recall at k* is the share of
# the halves whose partner is among the k nearest.

NEAREST = [1, 2, 5, 10, 20]


def recalls(queries, references):
    numbers = np.arange(len(queries))
    values = []
    for k in NEAREST:
        metric = keraslosses.RecallAtK(k)
        metric.update_references(numbers, references)
        metric.update_state(numbers, queries)
        values.append(float(metric.result()))
    return values


results = {
    name: np.array(
        [[recalls(left, right), recalls(right, left)] for left, right in runs]
    )
    for name, runs in found.items()
}
titles = ["left half searches", "right half searches"]
print(" " * 12, *(f"{title:>31}" for title in titles))
print(" " * 12, *2 * [f"{'recall at 1':>15}{'recall at 5':>16}"])
for name, runs in results.items():
    at_1_and_5 = runs[:, :, [0, 2]].reshape(len(runs), 4)
    columns = zip(at_1_and_5.mean(axis=0), at_1_and_5.std(axis=0), strict=True)
    print(f"{name:12}", *(f"{mean:8.1%} ± {std:4.1%}" for mean, std in columns))

# %%
# A guess is right once in 400 times. ``InfoNCE`` finds the partner first in about a
# sixth of the cases, and among the first five in half of them. ``NTXent`` comes close;
# with 40 epochs the two are equal. The linear maps find less than half as many first.
#
# ``Contrastive`` lies between: it learns from one wrong partner for each half, the
# others from all of the batch. Take it if all that you have is a list of pairs.

figure, axes = plt.subplots(1, 2, figsize=(9.5, 4), sharey=True, layout="constrained")
for side, (axis, title) in enumerate(zip(axes, titles, strict=True)):
    for name, runs in results.items():
        axis.plot(NEAREST, runs[:, side].mean(axis=0), "o-", label=name)
    chance = np.array(NEAREST) / len(test[0])
    axis.plot(NEAREST, chance, ":", color="gray", label="guess")
    axis.set(title=title, xlabel="k nearest", xticks=NEAREST, ylim=(0, 1))
    axis.yaxis.set_major_formatter("{x:.0%}")
axes[0].set(ylabel="recall at k")
axes[0].legend(loc="upper left")
figure.savefig("two-towers.png")

# %%
# Halves that were found
# ----------------------
# On the left the images of the test. Then their left halves, each with the five right
# halves that are nearest to it by ``InfoNCE``. The true partner has a blue frame. Wrong
# partners make digits too: often it cannot be seen which half is the true one.

left, right = found["InfoNCE"][0]
nearest = np.argsort(-left @ right.T, axis=1)[:, :5]
# sphinx_gallery_thumbnail_number = 2
figure, axes = plt.subplots(8, 6, figsize=(6, 8.2), layout="constrained")
for axis in axes.flat:
    axis.set(xticks=[], yticks=[])
for place, line in enumerate(axes):
    line[0].imshow(images[-400:][place], cmap="gray_r")
    for axis, partner in zip(line[1:], nearest[place], strict=True):
        joined = np.concatenate([test[0][place], test[1][partner]], axis=1)
        axis.imshow(joined, cmap="gray_r")
        axis.axvline(3.5, color="tab:orange", linewidth=1)
        if partner == place:
            axis.spines[:].set(color="tab:blue", linewidth=4)
axes[0, 0].set_title("image", fontsize=9)
for k, axis in enumerate(axes[0, 1:], start=1):
    axis.set_title(f"found {k}", fontsize=9)
figure.savefig("two-towers-halves.png")
