# attack: np.matrix, which multiplies by its own rules
# expect: wrong_type
import numpy as np


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2).view(np.matrix)
