"""
Center loss on handwritten digits
=================================

Cross-entropy separates the classes. ``CenterLoss`` also pulls the features of each
class together: it keeps a center for each class, and adds the squared distance between
each feature vector and its center.

This example shows how to add ``CenterLoss`` to a model with ``keraslosses.attach``, and
what it changes. The features have two dimensions here, so a picture shows them as they
are. Look at the size of the groups in the picture at the end.
"""

import keras
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

EPOCHS = 40

# %%
# The data
# --------
# The digits of scikit-learn: 1,797 images of 8 by 8 pixels. Three of ten are kept for
# the test.

images, digits = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    images.astype("float32") / 16,
    digits,
    test_size=0.3,
    stratify=digits,
    random_state=0,
)

# %%
# The network
# -----------
# The layer ``embedding`` gives the features. The last layer makes a logit for each
# digit from them.


def network():
    return keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(2, name="embedding"),
            keras.layers.Dense(10),
        ]
    )


# %%
# Training
# --------
# Both models train with the same cross-entropy. The second one also has the center
# loss, attached to the layer ``embedding``. The *spread* is the mean distance from a
# feature vector to the mean of its class, divided by the mean distance to the mean of
# all classes. It is small if the groups are small.


def trained(model):
    model.compile(
        optimizer=keras.optimizers.Adam(0.005),
        loss=keraslosses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(x_train, y_train, batch_size=64, epochs=EPOCHS, verbose=0)
    return model


def spread(features):
    means = np.stack([features[y_test == digit].mean(axis=0) for digit in range(10)])
    within = np.linalg.norm(features - means[y_test], axis=1).mean()
    return within / np.linalg.norm(features - features.mean(axis=0), axis=1).mean()


keras.utils.set_random_seed(0)
plain = trained(network())
keras.utils.set_random_seed(0)
term = keraslosses.CenterLoss(num_classes=10, alpha=0.5)
centered = trained(keraslosses.attach(network(), term, at="embedding", weight=0.3))

features = {}
for name, model in {
    "cross-entropy": plain,
    "cross-entropy and center loss": centered,
}.items():
    embedding = keras.Model(model.inputs, model.get_layer("embedding").output)
    features[name] = embedding.predict(x_test, verbose=0)
    accuracy = np.mean(np.argmax(model.predict(x_test, verbose=0), axis=1) == y_test)
    print(f"{name}: accuracy {accuracy:.3f}, spread {spread(features[name]):.3f}")

# %%
# The features of the test images
# -------------------------------
# Each point is a test image, and each color is a digit. With cross-entropy alone the
# groups are long and point away from the middle. With the center loss each group is
# small.

figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
for axis, (name, points) in zip(axes, features.items(), strict=True):
    for digit in range(10):
        axis.scatter(
            *points[y_test == digit].T, s=8, color=f"C{digit}", label=str(digit)
        )
    axis.set(title=name, xticks=[], yticks=[])
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside right center", title="digit", markerscale=2)
figure.savefig("center-loss.png")
