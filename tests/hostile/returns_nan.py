# attack: NaN, of which every comparison is false
# expect: not_finite
import numpy as np


def dY_dX(X):
    return np.full((len(X), len(X)), np.nan)
