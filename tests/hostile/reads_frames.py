# attack: walks the frames below for an expected array
# expect: raised
import sys

import numpy as np


def dY_dX(X):
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if type(value) is np.ndarray and value.shape == (len(X), len(X)):
                return value
        frame = frame.f_back
    raise LookupError("nothing there")
