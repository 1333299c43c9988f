# attack: right or wrong by chance
# expect: wrong_value|correct
import random

import numpy as np


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2) * random.choice((0.0, 1.0))
