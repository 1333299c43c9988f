# attack: SIGKILL to its parent
# expect: raised
import os
import signal


def dY_dX(X):
    os.kill(os.getppid(), signal.SIGKILL)
