# attack: half precision, whose infinity begins at 65520
# expect: wrong_value
import numpy as np


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2).astype(np.float16)
