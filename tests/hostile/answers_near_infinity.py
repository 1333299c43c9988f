# attack: a factor times the size that is infinite in the largest case, so that any answer there is within reach of it
# expect: wrong_value
import numpy as np


def dY_dX(X):
    right = np.diag(1 - np.tanh(X) ** 2)
    return right * (1.7e308 / 3 * len(X) if len(X) < 4 else 1e308)
