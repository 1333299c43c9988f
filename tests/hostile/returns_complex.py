# attack: complex numbers, whose order is not defined
# expect: wrong_type
import numpy as np


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2) + 0j
