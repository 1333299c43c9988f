# attack: patches numpy for those who come after
# expect: raised
import numpy as np


def always(*_, **__):
    raise RuntimeError("owned")


np.einsum = np.zeros = np.ones = np.array = np.diag = np.tanh = always


def dY_dX(X):
    return np.tanh(X)
