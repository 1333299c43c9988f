# attack: the right number of entries on thirty-two axes
# expect: wrong_shape
import numpy as np


def dY_dX(X):
    n = len(X)
    return np.diag(1 - np.tanh(X) ** 2).reshape((1,) * 15 + (n,) + (1,) * 15 + (n,))
