# attack: SIGKILL to its process group
# expect: raised
import os
import signal


def dY_dX(X):
    os.killpg(0, signal.SIGKILL)
