# attack: sys.settrace and sys.setprofile on the code below
# expect: wrong_value|killed
import sys

import numpy as np


def spy(frame, event, argument):
    for name in list(frame.f_locals):
        if name == "answer":
            frame.f_locals[name] = None
    return spy


sys.settrace(spy)
sys.setprofile(spy)


def dY_dX(X):
    return np.zeros((len(X), len(X)))
