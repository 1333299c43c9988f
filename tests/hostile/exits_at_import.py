# attack: sys.exit while it is loaded
# expect: killed
import sys


def dY_dX(X):
    return X


sys.exit(0)
