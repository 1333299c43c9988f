# attack: SIGKILL to everything it may signal
# expect: raised
import os
import signal


def dY_dX(X):
    os.kill(-1, signal.SIGKILL)
