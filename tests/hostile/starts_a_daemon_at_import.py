# attack: a double fork that outlives the grader
# expect: correct
import os

import numpy as np

try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                pass
except OSError:
    pass


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2)
