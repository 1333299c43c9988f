# attack: memfd_create
# expect: raised
import os


def dY_dX(X):
    return os.memfd_create("answers")
