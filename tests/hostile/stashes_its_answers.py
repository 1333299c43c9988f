# attack: keeps inputs and answers of earlier calls and sends them all back
# expect: wrong_shape|wrong_type|wrong_count
import numpy as np

seen = []


def dY_dX(X):
    seen.append(X.copy())
    return tuple(seen) + (np.diag(1 - np.tanh(X) ** 2),)
