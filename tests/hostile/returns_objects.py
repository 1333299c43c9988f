# attack: an object array whose entries act when compared
# expect: wrong_type
import numpy as np


class Sly(float):
    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


def dY_dX(X):
    return np.full((len(X), len(X)), Sly(), dtype=object)
