# attack: the largest numbers there are, so that comparing them overflows
# expect: wrong_value
import numpy as np


def dY_dX(X):
    found = np.full((len(X), len(X)), np.finfo(float).max)
    found[0] = -found[0]
    return found
