# attack: an ndarray whose arithmetic always agrees
# expect: wrong_type
import numpy as np


class Agreeable(np.ndarray):
    def __array_ufunc__(self, *_, **__):
        return np.zeros(self.shape)

    def __eq__(self, other):
        return np.ones(self.shape, bool)


def dY_dX(X):
    return np.zeros((len(X), len(X))).view(Agreeable)
