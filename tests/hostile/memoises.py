# attack: remembers answers by the bytes of their inputs, to be right when asked again
# expect: wrong_value
import numpy as np

memory = {}


def dY_dX(X):
    return memory.setdefault(X.tobytes(), np.diag(1 - np.tanh(X) ** 2) * len(memory))
