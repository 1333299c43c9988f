# attack: SIGFPE
# expect: killed
import faulthandler


def dY_dX(X):
    faulthandler._sigfpe()
