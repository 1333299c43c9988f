# attack: infinity, within any relative distance of itself
# expect: not_finite
import numpy as np


def dY_dX(X):
    return np.full((len(X), len(X)), np.inf)
