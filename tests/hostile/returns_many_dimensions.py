# attack: an array of the highest rank
# expect: wrong_shape
import numpy as np


def dY_dX(X):
    return np.zeros((1,) * 32)
