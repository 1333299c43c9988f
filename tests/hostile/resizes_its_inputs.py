# attack: changes the shape of its inputs in place
# expect: wrong_value
# flags: mutates_inputs
import numpy as np


def dY_dX(X):
    n = len(X)
    X.resize((n + 100,), refcheck=False)
    return np.zeros((n, n))
