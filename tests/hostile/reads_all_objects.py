# attack: goes through every object for an expected array
# expect: raised|wrong_value
import gc

import numpy as np


def dY_dX(X):
    gc.collect()
    for thing in gc.get_objects():
        for value in gc.get_referents(thing):
            if type(value) is np.ndarray and value.shape == (len(X), len(X)) and value.dtype == float:
                return value
    raise LookupError("nothing there")
