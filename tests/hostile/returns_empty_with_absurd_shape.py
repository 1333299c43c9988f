# attack: no entries, but axes as long as they come
# expect: killed|wrong_shape|raised
import numpy as np


def dY_dX(X):
    return np.empty((2**40, 0, 2**20))
