# attack: one array larger than the machine
# expect: out_of_memory
import numpy as np


def dY_dX(X):
    return np.zeros(10**13)
