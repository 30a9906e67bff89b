"""One process of a torch.distributed group: trains a model with a head and a center loss, in the loop of the page.

Usage: python ddp.py RANK WORLD PORT FILE.npz
"""

import os
import sys

import keras
import numpy as np
import torch
from attached_models import X, Y, compiled, with_both
from custom_loops import code_of

rank, world = int(sys.argv[1]), int(sys.argv[2])
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=sys.argv[3])
torch.distributed.init_process_group("gloo", rank=rank, world_size=world)
model = compiled(with_both())
# Statistics of a share are not those of the batch.
model.get_layer("norm").trainable = False
if rank:
    model.set_weights(
        [0.5 * w for w in model.get_weights()]
    )  # DistributedDataParallel makes them the first's.
batches = [(X[rank::world], Y[rank::world])] * 4
for code in code_of("Several processes with PyTorch"):
    exec(code)
np.savez(sys.argv[4], **{v.path: keras.ops.convert_to_numpy(v) for v in model.weights})
torch.distributed.destroy_process_group()
