# attack: SIGSTOP to itself
# expect: raised
import os
import signal


def dY_dX(X):
    os.kill(os.getpid(), signal.SIGSTOP)
