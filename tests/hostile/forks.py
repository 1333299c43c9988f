# attack: leaves the grader's sight by a fork
# expect: raised
import os


def dY_dX(X):
    return os.fork()
