# attack: uses no CPU time and never returns
# expect: timed_out
import time


def dY_dX(X):
    time.sleep(10**6)
