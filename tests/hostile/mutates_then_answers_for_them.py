# attack: sets its inputs to zero and gives the answer for zero
# expect: wrong_value
# flags: mutates_inputs
import numpy as np


def dY_dX(X):
    X[:] = 0.0
    return np.eye(len(X))
