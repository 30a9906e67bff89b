"""
Segmentation with a void label
==============================

In many segmentation data sets some pixels have no class: nobody can say whether the
edge of a stroke is still ink. Such pixels get a *void* label. A loss must ignore them,
and a model must not learn from them.

This example shows two options of ``SparseCategoricalCrossentropy``: ``ignore_class``
for the void label, and ``class_weights`` for a background that covers most of each
picture. In the picture at the end, compare the true classes with the classes that the
model finds.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

EPOCHS = 10
SIZE, DIGITS_EACH, VOID = 24, 3, 255
BACKGROUND, CLASSES = 10, 11

# %%
# The data
# --------
# Each picture has three handwritten digits of scikit-learn. The class of a pixel is the
# digit whose stroke it is on, or the background. Pale pixels at the edge of a stroke
# are void. Digits of the test pictures are not in the training pictures.

images, digits = load_digits(return_X_y=True)
images = images.reshape(-1, 8, 8).astype("float32") / 16
x_train, x_test, y_train, y_test = train_test_split(
    images, digits, test_size=0.3, random_state=0
)


def scenes(images, digits, count, seed):
    """Pictures with digits in different places, and the class of each pixel."""
    generator = np.random.default_rng(seed)
    pictures = np.zeros((count, SIZE, SIZE, 1), "float32")
    labels = np.full((count, SIZE, SIZE), BACKGROUND, "uint8")
    for picture, label in zip(pictures, labels, strict=True):
        for place in generator.choice(9, DIGITS_EACH, replace=False):
            row, column = 8 * (place // 3), 8 * (place % 3)
            which = generator.integers(len(images))
            ink = images[which]
            picture[row : row + 8, column : column + 8, 0] = ink
            faded = np.where(ink > 0.15, VOID, BACKGROUND)
            label[row : row + 8, column : column + 8] = np.where(
                ink > 0.5, digits[which], faded
            )
    return pictures, labels


# %%
# The network
# -----------
# It makes the picture smaller in two steps, so that it sees whole digits. Then it makes
# it large again, and adds the fine detail of the first layer.


def network():
    def convolution(width, size=3, strides=1):
        return keras.layers.Conv2D(
            width, size, strides, padding="same", activation="relu"
        )

    picture = keras.Input((SIZE, SIZE, 1))
    fine = convolution(16)(picture)
    coarse = convolution(64)(
        convolution(64, strides=2)(convolution(32, strides=2)(fine))
    )
    both = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(4)(coarse)])
    return keras.Model(
        picture, keras.layers.Conv2D(CLASSES, 1)(convolution(32, size=1)(both))
    )


# %%
# Training
# --------
# Void pixels have no part in the loss or in its mean. Pixels of digits weigh three
# times as much as pixels of the background.

keras.utils.set_random_seed(0)
pictures, labels = scenes(x_train, y_train, 500, seed=0)
model = network()
model.compile(
    optimizer=keras.optimizers.Adam(0.005),
    loss=keraslosses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=VOID, class_weights=[3.0] * 10 + [1.0]
    ),
)
history = model.fit(pictures, labels, batch_size=32, epochs=EPOCHS, verbose=0).history[
    "loss"
]
print(f"loss {history[0]:.2f} in the first epoch, {history[-1]:.2f} in the last")

# %%
# The result in numbers
# ---------------------
# The test pictures are judged in the same way: void pixels do not count. The *IoU* of a
# class is the number of pixels where both truth and model say this class, divided by
# the number of pixels where at least one of them does.

pictures, labels = scenes(x_test, y_test, 200, seed=1)
found = np.argmax(model.predict(pictures, verbose=0), axis=-1)


def iou(truth, found, k):
    return np.sum((truth == k) & (found == k)) / np.sum((truth == k) | (found == k))


counted = labels != VOID
truth, answer = labels[counted], found[counted]
overlaps = [iou(truth, answer, k) for k in range(CLASSES)]
print(f"void pixels: {np.mean(~counted):.1%} of all")
print(f"background: {np.mean(truth == BACKGROUND):.1%} of the rest")
print(f"pixel accuracy {np.mean(answer == truth):.3f}")
print(f"mean IoU {np.mean(overlaps):.3f}")

# %%
# The result in pictures
# ----------------------
# Each color is a digit, white is the background, gray is void. The model never learned
# what to do with void pixels, so it gives them a class of its own choice.

tab10 = plt.colormaps["tab10"].colors
colors = ListedColormap([*tab10[:7], "gold", *tab10[8:], "white"])
colors = colors.with_extremes(over="lightgray")
rows = {"picture": pictures[..., 0], "true classes": labels, "found classes": found}
figure, axes = plt.subplots(3, 5, figsize=(9, 5.6), layout="constrained")
for row, (name, scene) in zip(axes, rows.items(), strict=True):
    row[0].set_ylabel(name)
    for axis, one in zip(row, scene, strict=False):
        if name == "picture":
            axis.imshow(one, cmap="gray_r")
        else:
            drawn = axis.imshow(
                one, cmap=colors, vmin=-0.5, vmax=CLASSES - 0.5, interpolation="nearest"
            )
        axis.set(xticks=[], yticks=[])
bar = figure.colorbar(drawn, ax=axes, extend="max", shrink=0.8)
bar.set_ticks([*range(CLASSES)], labels=[*map(str, range(10)), "background"])
figure.savefig("segmentation.png")
