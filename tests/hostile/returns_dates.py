# attack: datetime64, which subtracts to something else
# expect: wrong_type
import numpy as np


def dY_dX(X):
    return np.zeros((len(X), len(X)), dtype="datetime64[s]")
