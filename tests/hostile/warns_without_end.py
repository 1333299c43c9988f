# attack: ten thousand warnings, then the right answer
# expect: correct
import warnings

import numpy as np

warnings.simplefilter("always")


def dY_dX(X):
    for number in range(3000):
        warnings.warn(f"warning {number}", stacklevel=1)
    return np.diag(1 - np.tanh(X) ** 2)
