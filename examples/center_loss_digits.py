"""
Center loss on handwritten digits
=================================

Softmax cross-entropy separates the classes; center loss also pulls the features of each class together. A
small network is trained with each on the 8 by 8 digits that scikit-learn ships. It prints the accuracy, and
how far the features of a class lie apart in the layer before the classifier. Set ``KERAS_BACKEND`` to
``tensorflow``, ``jax`` or ``torch`` to choose the backend.
"""

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keraslosses

images, digits = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    images.astype("float32") / 16, digits, test_size=0.3, stratify=digits, random_state=0
)


def network():
    return keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(8, name="embedding"),
            keras.layers.Dense(10),
        ]
    )


def spread(features):
    """Mean distance of the features to the mean of their class, divided by that to the mean of all."""
    means = np.stack([features[y_test == digit].mean(axis=0) for digit in range(10)])
    within = np.linalg.norm(features - means[y_test], axis=1).mean()
    return within / np.linalg.norm(features - features.mean(axis=0), axis=1).mean()


def train(name, model):
    model.compile(
        optimizer=keras.optimizers.Adam(0.005),
        loss=keraslosses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(x_train, y_train, batch_size=64, epochs=12, verbose=0)
    accuracy = np.mean(np.argmax(model.predict(x_test, verbose=0), axis=1) == y_test)
    embedding = keras.Model(model.inputs, model.get_layer("embedding").output)
    print(f"{name}: accuracy {accuracy:.3f}, spread {spread(embedding.predict(x_test, verbose=0)):.3f}")


train("softmax", network())
term = keraslosses.CenterLoss(num_classes=10, alpha=0.5)
train("softmax and center loss", keraslosses.attach(network(), term, at="embedding", weight=0.3))
