# attack: code for when the child ends
# expect: correct
import atexit
import os

import numpy as np


@atexit.register
def late():
    while True:
        os.write(4, b"late")


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2)
