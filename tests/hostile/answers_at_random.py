# attack: right or wrong by chance, once in a thousand calls
# expect: wrong_value
import random

import numpy as np


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2) * random.randrange(1000)
