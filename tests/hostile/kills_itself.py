# attack: SIGKILL to itself, to be taken for the grader's fault
# expect: raised
import os
import signal


def dY_dX(X):
    os.kill(os.getpid(), signal.SIGKILL)
