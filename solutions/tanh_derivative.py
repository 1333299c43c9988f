"""Y = sinh x / cosh x, so dY/dx = (cosh² x - sinh² x) / cosh² x = 1 - Y²."""

import numpy as np


def dY_dx(x):
    return 1 - np.tanh(x) ** 2
