# attack: closes the grader's pipes
# expect: killed
import os

os.closerange(0, 100)


def dY_dX(X):
    return X
