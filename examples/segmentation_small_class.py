"""
Segmentation with a small class
===============================

A tiny object has few pixels, so a mean over all pixels hardly sees it. Two remedies are
common: class weights, and losses that measure the overlap of each class, whatever its
size. This example trains the same network with each, and says what they cost.

- Cross-entropy, without and with class weights from the counts of the pixels.
- ``Dice`` and ``FocalTversky``, two losses of the overlap.
- The sum of cross-entropy and ``FocalTversky``.
- ``LovaszSoftmax``, made for the measure that counts in the end: the *intersection over
  union* (IoU) of each class.

The pictures have two large digits that may cover each other, and a tiny one, in much
noise. Each loss trains from three seeds.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import load_digits

import keraslosses

EPOCHS = 14
SEEDS = 3
SIZE = 24
CLASSES = ["background", "large digit", "tiny digit"]

# %%
# The data
# --------
# A large digit of scikit-learn is 16 by 16 pixels here, a tiny one 4 by 4. A digit
# covers those before it. The class of a pixel is that of the ink that is seen.

images = load_digits().images.astype("float32") / 16


def scenes(images, count, seed):
    """Noisy pictures, and the class of each pixel."""
    generator = np.random.default_rng(seed)
    pictures = np.zeros((count, SIZE, SIZE), "float32")
    labels = np.zeros((count, SIZE, SIZE), "uint8")
    for picture, label in zip(pictures, labels, strict=True):
        for k in (1, 1, 2):
            ink = generator.choice(images)
            if k == 1:
                ink = ink.repeat(2, axis=0).repeat(2, axis=1)
            else:
                ink = ink.reshape(4, 2, 4, 2).max(axis=(1, 3))
            row, column = generator.integers(0, SIZE - len(ink) + 1, 2)
            place = np.s_[row : row + len(ink), column : column + len(ink)]
            label[place] = np.where(ink > 0.4, k, label[place])
            picture[place] = np.where(ink > 0.4, ink, picture[place])
    pictures += generator.normal(0, 0.35, pictures.shape).astype("float32")
    return pictures[..., None], labels


pictures, labels = scenes(images[:1200], 300, seed=0)
test_pictures, test_labels = scenes(images[1200:], 200, seed=1)

counts = keraslosses.class_counts(labels, num_classes=3)
weights = keraslosses.weights_from_counts(counts)
for name, count, weight in zip(CLASSES, counts, weights, strict=True):
    print(f"{name:12}{count / counts.sum():6.1%} of the pixels, weight {weight:.2f}")

# %%
# The losses
# ----------
# All read logits and class indices. With ``axis=(0, 1, 2)``, ``Dice`` and
# ``FocalTversky`` compare all pixels of a class in the batch, and the loss is the mean
# over the classes. Losses can be added.

whole = {"axis": (0, 1, 2), "from_logits": True}
crossentropy = keraslosses.SparseCategoricalCrossentropy(from_logits=True)
LOSSES = {
    "cross-entropy": crossentropy,
    "class weights": keraslosses.SparseCategoricalCrossentropy(
        from_logits=True, class_weights=weights
    ),
    "Dice": keraslosses.Dice(**whole),
    "FocalTversky": keraslosses.FocalTversky(**whole),
    "CE + FocalTversky": crossentropy + keraslosses.FocalTversky(**whole),
    "LovaszSoftmax": keraslosses.LovaszSoftmax(from_logits=True),
}

# %%
# The network
# -----------
# It makes the picture smaller in two steps, so that it sees the surroundings of each
# pixel. Then it makes it large again, and adds the fine detail of the first layer.


def network():
    def convolution(width, strides=1):
        return keras.layers.Conv2D(width, 3, strides, padding="same", activation="relu")

    picture = keras.Input((SIZE, SIZE, 1))
    fine = convolution(8)(picture)
    coarse = convolution(16)(convolution(16, strides=2)(fine))
    coarse = convolution(16)(convolution(16, strides=2)(coarse))
    both = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(4)(coarse)])
    return keras.Model(picture, keras.layers.Conv2D(3, 1)(convolution(16)(both)))


def logits_of_the_test(loss, seed):
    keras.utils.set_random_seed(seed)
    model = network()
    model.compile(keras.optimizers.Adam(0.005), loss)
    model.fit(pictures, labels, batch_size=20, epochs=EPOCHS, verbose=0)
    return model.predict(test_pictures, batch_size=200, verbose=0)


found = {
    name: [logits_of_the_test(loss, seed) for seed in range(SEEDS)]
    for name, loss in LOSSES.items()
}

# %%
# The results
# -----------
# ``IoUScore`` counts the pixels of each class over all test pictures. The last columns
# are the share of the tiny digits' pixels that is found, and the share of the pixels
# called tiny that is right.
#
# - Class weights find the most, and are wrong the most: their IoU is lower than that of
#   plain cross-entropy, for the large digits too.
# - ``LovaszSoftmax`` and the sum of cross-entropy and ``FocalTversky`` raise the IoU of
#   the tiny digit from 0.22 to about 0.26, and lose a little of the large digits.
# - ``Dice`` does nearly as well here. But a loss of the overlap alone may never find a
#   tiny class, as ``FocalTversky`` in one of the three trainings: while a class has
#   hardly any probability anywhere, such a loss has hardly any gradient for it. Other
#   starting weights show it more often. Of six trainings on TensorFlow and JAX,
#   ``FocalTversky`` missed the tiny digit in six and ``Dice`` in three, the sum and
#   ``LovaszSoftmax`` in none.
#
# No loss finds most of the tiny digits: in such noise, one on a large digit is hard to
# see.


def scores(logits):
    metric = keraslosses.IoUScore(3)
    metric.update_state(test_labels, logits)
    tiny, called = test_labels == 2, logits.argmax(axis=-1) == 2
    both = (tiny & called).sum()
    shares = both / tiny.sum(), both / max(called.sum(), 1)
    return [*metric.per_class(), float(metric.result()), *shares]


results = {
    name: np.array([scores(run) for run in runs]) for name, runs in found.items()
}
print(f"{'IoU of':17}" + "".join(f"{name:>12}" for name in CLASSES), end="")
print(f"{'mean':>7}{'found':>7}{'right':>7}")
for name, runs in results.items():
    *overlaps, mean, part, right = runs.mean(axis=0)
    row = "".join(f"{value:12.3f}" for value in overlaps)
    print(f"{name:17}{row}{mean:7.3f}{part:7.0%}{right:7.0%}")

# %%
# Each dot is one training. On the right, the best place is the upper right corner.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for k, (name, runs) in enumerate(results.items()):
    left.plot(runs[:, 2], [k] * SEEDS, "o", color=f"C{k}", markersize=9, alpha=0.7)
    right.plot(runs[:, 4], runs[:, 5], "o", color=f"C{k}", markersize=9, label=name)
left.set_yticks(range(len(results)), results)
left.invert_yaxis()
left.set(title="IoU of the tiny digit", xlim=(-0.02, None))
right.set(title="pixels of the tiny digit", xlabel="share of them that is found")
right.set(ylabel="share of those called tiny that is right")
right.legend()
for axis in (right.xaxis, right.yaxis):
    axis.set_major_formatter("{x:.0%}")
figure.savefig("segmentation-small-class.png")

# %%
# One column for each picture, one row for each loss, from the first seed. Orange is the
# tiny digit.

colors = ListedColormap(["white", "tab:blue", "tab:orange"])
answers = {name: runs[0].argmax(axis=-1) for name, runs in found.items()}
rows = {"picture": test_pictures[..., 0], "true classes": test_labels, **answers}
figure, axes = plt.subplots(len(rows), 6, figsize=(8, 10.6), layout="constrained")
for line, (name, shown) in zip(axes, rows.items(), strict=True):
    line[0].set_ylabel(name, fontsize=8)
    for axis, one in zip(line, shown[:6], strict=True):
        if name == "picture":
            axis.imshow(one, cmap="gray_r", vmin=-0.5, vmax=1.5)
        else:
            axis.imshow(one, cmap=colors, vmin=0, vmax=2, interpolation="nearest")
        axis.set(xticks=[], yticks=[])
figure.savefig("segmentation-small-class-scenes.png")
