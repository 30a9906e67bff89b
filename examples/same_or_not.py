"""
Same or not: a siamese network
==============================

Two signatures, two photos of a face, two records of a machine: is it the same person,
the same state? Often all that is known for training is a list of pairs, and for each
pair whether it is the same. A *siamese* network learns from such a list. It turns both
halves of a pair into vectors by the same layers, and ``Contrastive`` pulls the vectors
of a pair together, or pushes them apart up to a margin. A threshold on their distance
is the answer.

In this example the pairs are images of digits. The network is told whether two images
show the same digit, and never which one.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import keraslosses

EPOCHS = 10

# %%
# The pairs
# ---------
# The digits of scikit-learn, 8 by 8 pixels. Training, the choice of the threshold and
# the test have images of their own. In each part, half of the pairs are of one digit.

images, digits = load_digits(return_X_y=True)
images = (images / 16).astype("float32").reshape(-1, 8, 8, 1)
rng = np.random.default_rng(0)
TRAINING, VALIDATION, TEST = np.split(rng.permutation(len(images)), [1000, 1400])


def pairs_of(places, number):
    """Pairs of images of this part, and 1 for a pair that shows one digit, else 0."""
    first, second = rng.choice(places, (2, 10 * number))
    same = (digits[first] == digits[second]) & (first != second)
    other = digits[first] != digits[second]
    chosen = [np.flatnonzero(sort)[: number // 2] for sort in (same, other)]
    chosen = np.concatenate(chosen)
    pairs = images[first[chosen]], images[second[chosen]]
    return pairs, same[chosen].astype("float32")


train, validation, test = (
    pairs_of(places, number)
    for places, number in [(TRAINING, 8000), (VALIDATION, 2000), (TEST, 2000)]
)

# %%
# The model
# ---------
# Both images go through the same ``tower``. The output of the model is the distance of
# their vectors. It is kept above 0, where the root has no gradient. The margin of
# ``Contrastive`` is 1: pairs of two digits that are farther apart cost nothing.


def distance(first, second):
    squares = keras.ops.sum(keras.ops.square(first - second), axis=-1, keepdims=True)
    return keras.ops.sqrt(keras.ops.maximum(squares, 1e-12))


keras.utils.set_random_seed(0)
tower = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(16),
    ]
)
first, second = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
model = keras.Model([first, second], distance(tower(first), tower(second)))
model.compile(keras.optimizers.Adam(0.001), keraslosses.Contrastive(margin=1.0))
history = model.fit(
    *train, batch_size=64, epochs=EPOCHS, validation_data=validation, verbose=0
)
print(f"loss of new pairs: {history.history['val_loss'][-1]:.4f}")

# %%
# The threshold
# -------------
# The loss does not say which distance is the border. The threshold is the one that
# judges most pairs of the validation part rightly. The pairs of the test then tell how
# good it is: had it been chosen on them, the result would look better than it is.
#
# The *equal error rate* needs no threshold: it is the share of wrong answers where both
# kinds of errors are equally frequent. For comparison, the same with the distance of
# the pixels.


def of_pixels(pairs):
    return np.sqrt(np.sum((pairs[0] - pairs[1]) ** 2, axis=(1, 2, 3)))


def of_model(pairs):
    return model.predict(list(pairs), batch_size=1000, verbose=0)[:, 0]


def best_threshold(distances, same):
    order = np.argsort(distances)
    right = np.cumsum(2 * same[order] - 1)
    return distances[order][np.argmax(right)]


def equal_error_rate(distances, same):
    metric = keraslosses.EqualErrorRate(from_scores=True)
    metric.update_state(same, -distances)
    return float(metric.result())


found, thresholds = {}, {}
print(f"{'':10}{'threshold':>11}{'accuracy':>11}{'equal error rate':>19}")
for name, distances_of in [("pixels", of_pixels), ("siamese", of_model)]:
    thresholds[name] = best_threshold(distances_of(validation[0]), validation[1])
    found[name] = distances_of(test[0])
    accuracy = np.mean((found[name] <= thresholds[name]) == (test[1] == 1))
    error = equal_error_rate(found[name], test[1])
    print(f"{name:10}{thresholds[name]:11.2f}{accuracy:11.1%}{error:19.1%}")

# %%
# The distances
# -------------
# Pixels are no measure of what is seen: many images of one digit are as far apart as
# images of two digits. The network has moved nearly all pairs to their side of the
# threshold. The pairs of two digits stand around the margin and beyond it: there,
# nothing pushes them on.

figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
for axis, name in zip(axes, found, strict=True):
    bins = np.linspace(0, found[name].max(), 50)
    for same, label in [(1, "same digit"), (0, "two digits")]:
        axis.hist(found[name][test[1] == same], bins, alpha=0.6, label=label)
    axis.axvline(thresholds[name], color="black", linestyle="--", label="threshold")
    axis.set(title=name, xlabel="distance", yticks=[])
axes[0].set(ylabel="pairs of the test")
axes[1].legend()
figure.savefig("same-or-not.png")
