# attack: an array within reach of the machine, beyond the limit, every page touched
# expect: out_of_memory|timed_out
import numpy as np


def dY_dX(X):
    return np.ones(600 << 20, dtype=np.int8).sum()
