# attack: a structured dtype with a field of objects
# expect: wrong_type
import numpy as np


def dY_dX(X):
    return np.zeros((len(X), len(X)), dtype=[("a", "f8"), ("b", "O")])
