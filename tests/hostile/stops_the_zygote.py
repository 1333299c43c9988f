# attack: SIGSTOP to its parent, so that nobody else is graded
# expect: raised
import os
import signal


def dY_dX(X):
    os.kill(os.getppid(), signal.SIGSTOP)
