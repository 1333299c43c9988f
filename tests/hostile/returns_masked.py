# attack: a masked array whose wrong entries are hidden
# expect: wrong_type
import numpy as np


def dY_dX(X):
    return np.ma.masked_all((len(X), len(X)))
