# attack: abort()
# expect: killed
import os


def dY_dX(X):
    os.abort()
