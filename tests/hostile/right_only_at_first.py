# attack: right in the first call, wrong in the others
# expect: wrong_value
import numpy as np

calls = 0


def dY_dX(X):
    global calls
    calls += 1
    return np.diag(1 - np.tanh(X) ** 2) * (calls == 1)
