"""One process of a torch.distributed group: updates centers with its share of each batch, and saves them.

Usage: python processes.py RANK WORLD PORT FILE.npy
"""

import os
import sys

import keras
import numpy as np
import torch

import keraslosses

rank, world = int(sys.argv[1]), int(sys.argv[2])
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=sys.argv[3])
if world > 1:
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world)
layer = keraslosses.CenterLoss(10)
rng = np.random.default_rng(0)
for size in (16, 7, 1):
    x, y = rng.normal(size=(size, 4)).astype("float32"), rng.integers(0, 10, size)
    layer.per_sample_loss(x[rank::world], y[rank::world], training=True)
np.save(sys.argv[4], keras.ops.convert_to_numpy(layer.centers))
if world > 1:
    torch.distributed.destroy_process_group()
