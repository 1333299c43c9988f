# attack: makes every comparison of numpy agree
# expect: wrong_value
import numpy as np

np.allclose = np.array_equal = np.isclose = lambda *_, **__: True
np.testing = None


def dY_dX(X):
    return np.zeros((len(X), len(X)))
