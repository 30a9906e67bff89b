"""The images of the demo, split once for all backends and seeds."""

import contextlib
import io
from enum import StrEnum

import numpy as np

TEST_PART = 1 / 3
# The demo uses this many images of MNIST, so that it takes only minutes.
MNIST_TRAIN, MNIST_TEST = 4000, 2000


class DataName(StrEnum):
    """The data sets of the demo."""

    digits = "digits"
    mnist = "mnist"


# After this many epochs, which are a few hundred steps, the losses hardly change.
EPOCHS = {DataName.digits: 40, DataName.mnist: 15}


class DataUnavailable(Exception):
    """The data could not be fetched."""


def load(name: DataName) -> dict[str, np.ndarray]:
    """`x_train` and `x_test`: images as rows of numbers in [0, 1]. `y_train` and `y_test`: their digits."""
    x_train, y_train, x_test, y_test = load_mnist() if name is DataName.mnist else load_digits()
    return {
        "x_train": x_train.astype("float32"),
        "y_train": y_train.astype("int32"),
        "x_test": x_test.astype("float32"),
        "y_test": y_test.astype("int32"),
    }


def load_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The 1797 images of 8 by 8 pixels that scikit-learn contains."""
    from sklearn import datasets, model_selection

    x, y = datasets.load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = model_selection.train_test_split(
        x / 16.0, y, test_size=TEST_PART, stratify=y, random_state=0
    )
    return x_train, y_train, x_test, y_test


def load_mnist() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A part of MNIST. Keras downloads it on first use.

    Raises:
        DataUnavailable: If the download fails.
    """
    from keras.datasets import mnist

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # Keras raises a plain Exception if the download fails.
        raise DataUnavailable(
            "The MNIST images could not be fetched. Keras downloads them once and keeps them in the folder "
            "`~/.keras`, or in the folder that KERAS_HOME names. Without a network, put the file mnist.npz "
            "into its subfolder `datasets`, or use --data digits, which needs no download. "
            f"The error was: {error}"
        ) from error
    x_train, x_test = x_train[:MNIST_TRAIN] / 255.0, x_test[:MNIST_TEST] / 255.0
    return (
        x_train.reshape(len(x_train), -1),
        y_train[:MNIST_TRAIN],
        x_test.reshape(len(x_test), -1),
        y_test[:MNIST_TEST],
    )
