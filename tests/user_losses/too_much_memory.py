"""It takes memory until there is none left."""

import time

import numpy as np

HELD = []


def hoards(y_true, y_pred):
    while True:
        HELD.append(np.ones(2**24))
        time.sleep(0.02)
