"""The images of the demo, split once for all backends and seeds."""

import contextlib
import io
from enum import StrEnum

import numpy as np

TEST_PART = 1 / 3
# MNIST is cut to these numbers of images, which keeps the demo within minutes.
MNIST_TRAIN, MNIST_TEST = 4000, 2000


class DataName(StrEnum):
    """What the demo can train on."""

    digits = "digits"
    mnist = "mnist"


# Enough for the losses to settle, in a few hundred steps.
EPOCHS = {DataName.digits: 40, DataName.mnist: 15}


class DataUnavailable(Exception):
    """The data could not be fetched."""


def load(name: DataName) -> dict[str, np.ndarray]:
    """Images as rows of numbers in [0, 1] with their digits: `x_train`, `y_train`, `x_test`, `y_test`."""
    x_train, y_train, x_test, y_test = load_mnist() if name is DataName.mnist else load_digits()
    return {
        "x_train": x_train.astype("float32"),
        "y_train": y_train.astype("int32"),
        "x_test": x_test.astype("float32"),
        "y_test": y_test.astype("int32"),
    }


def load_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The 1797 images of 8 by 8 pixels that scikit-learn ships."""
    from sklearn import datasets, model_selection

    x, y = datasets.load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = model_selection.train_test_split(
        x / 16.0, y, test_size=TEST_PART, stratify=y, random_state=0
    )
    return x_train, y_train, x_test, y_test


def load_mnist() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A part of MNIST, which Keras fetches on first use.

    Raises:
        DataUnavailable: if it cannot be fetched.
    """
    from keras.datasets import mnist

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # Keras raises a plain Exception when it cannot fetch.
        raise DataUnavailable(
            "The MNIST images could not be fetched. Keras downloads them once and keeps them in its folder, "
            "`~/.keras` or the one that KERAS_HOME names; without a network, put the file mnist.npz into the "
            "folder `datasets` there, or use --data digits, which needs no download. "
            f"The error was: {error}"
        ) from error
    x_train, x_test = x_train[:MNIST_TRAIN] / 255.0, x_test[:MNIST_TEST] / 255.0
    return (
        x_train.reshape(len(x_train), -1),
        y_train[:MNIST_TRAIN],
        x_test.reshape(len(x_test), -1),
        y_test[:MNIST_TEST],
    )
