# attack: sys.exit with a status of success
# expect: killed
import sys


def dY_dX(X):
    sys.exit(0)
