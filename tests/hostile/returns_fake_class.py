# attack: says of itself that it is an ndarray
# expect: wrong_type
import numpy as np


class Pretender:
    @property
    def __class__(self):
        return np.ndarray

    shape, dtype, ndim, size, flags = (3, 3), np.dtype(float), 2, 9, None


def dY_dX(X):
    return Pretender()
