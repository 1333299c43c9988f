# attack: changes its inputs, so that the comparison is made with other ones
# expect: correct
# flags: mutates_inputs
import numpy as np


def dY_dX(X):
    slope = np.diag(1 - np.tanh(X) ** 2)
    X[:] = 0.0
    return slope
