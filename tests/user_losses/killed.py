"""It is killed as the system kills a process when memory runs out."""

import os
import signal


def killed(y_true, y_pred):
    os.kill(os.getpid(), signal.SIGKILL)
