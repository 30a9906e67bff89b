"""
Segmentation with a void label
==============================

Pictures with several handwritten digits, the real ones of 8 by 8 pixels that scikit-learn ships. Each pixel
has a class: background, or the digit whose stroke it is on. Where a stroke fades into the background the
class is anybody's guess; those pixels are labelled 255 and ignored. Nine pixels of ten are background, so the
digits get a larger class weight. Set ``KERAS_BACKEND`` to ``tensorflow``, ``jax`` or ``torch`` to choose the
backend.
"""

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

SIZE, DIGITS_EACH, VOID = 24, 3, 255
BACKGROUND, CLASSES = 10, 11

images, digits = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    images.reshape(-1, 8, 8).astype("float32") / 16, digits, test_size=0.3, random_state=0
)


def scenes(images, digits, count, seed):
    """Pictures with digits pasted in places of their own, and the class of each pixel."""
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
            label[row : row + 8, column : column + 8] = np.where(ink > 0.5, digits[which], faded)
    return pictures, labels


def network():
    """Two steps down to see whole digits, and up again beside the fine detail."""

    def convolution(width, size=3, strides=1):
        return keras.layers.Conv2D(width, size, strides, padding="same", activation="relu")

    picture = keras.Input((SIZE, SIZE, 1))
    fine = convolution(16)(picture)
    coarse = convolution(64)(convolution(64, strides=2)(convolution(32, strides=2)(fine)))
    both = keras.layers.Concatenate()([fine, keras.layers.UpSampling2D(4)(coarse)])
    return keras.Model(picture, keras.layers.Conv2D(CLASSES, 1)(convolution(32, size=1)(both)))


keras.utils.set_random_seed(0)
pictures, labels = scenes(x_train, y_train, 500, seed=0)
model = network()
model.compile(
    optimizer=keras.optimizers.Adam(0.005),
    loss=keraslosses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=VOID, class_weights=[3.0] * 10 + [1.0]
    ),
)
history = model.fit(pictures, labels, batch_size=32, epochs=10, verbose=0).history["loss"]
print(f"loss {history[0]:.2f} in the first epoch, {history[-1]:.2f} in the last")

pictures, labels = scenes(x_test, y_test, 200, seed=1)
counted = labels != VOID
truth = labels[counted]
found = np.argmax(model.predict(pictures, verbose=0), axis=-1)[counted]
overlaps = [np.sum((truth == k) & (found == k)) / np.sum((truth == k) | (found == k)) for k in range(CLASSES)]
print(f"void pixels: {np.mean(~counted):.1%}, background: {np.mean(truth == BACKGROUND):.1%} of the rest")
print(f"pixel accuracy {np.mean(found == truth):.3f}, mean IoU {np.mean(overlaps):.3f}")
