# attack: strides that reach into memory that is not the array's
# expect: wrong_value|killed|not_finite
import numpy as np


def dY_dX(X):
    return np.lib.stride_tricks.as_strided(X, (len(X), len(X)), (2**30, 2**31))
