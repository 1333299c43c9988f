# attack: a broadcast view of terabytes, to be copied by the grader
# expect: wrong_type
import numpy as np


def dY_dX(X):
    return np.broadcast_to(np.float64(1), (10**6, 10**6))
