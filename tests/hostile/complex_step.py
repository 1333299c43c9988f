# attack: a complex step, which numbers cannot tell from a formula
# expect: correct
import numpy as np


def dY_dX(X):
    return np.stack([np.tanh(X + 1e-30j * e).imag / 1e-30 for e in np.eye(len(X))], axis=1)
