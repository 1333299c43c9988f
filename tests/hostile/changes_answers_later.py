# attack: gives one buffer for every answer and changes it in the next call
# expect: correct
import numpy as np

buffers = {}


def dY_dX(X):
    buffer = buffers.setdefault(len(X), np.empty((len(X), len(X))))
    buffer[:] = np.diag(1 - np.tanh(X) ** 2)
    return buffer
