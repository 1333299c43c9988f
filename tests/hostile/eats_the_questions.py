# attack: reads the next frames from the job's pipe itself
# expect: killed|timed_out|wrong_type|wrong_shape
import os


def dY_dX(X):
    os.read(3, 1)
    return X
