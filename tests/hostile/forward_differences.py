# attack: forward differences with a rough step
# expect: wrong_value
import numpy as np


def dY_dX(X):
    h = 1e-4
    return np.array([(np.tanh(X + h * e) - np.tanh(X)) / h for e in np.eye(len(X))]).T
