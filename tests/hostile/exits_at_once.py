# attack: os._exit with a status of success
# expect: killed
import os


def dY_dX(X):
    os._exit(0)
