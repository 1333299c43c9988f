# attack: forks until the machine stops
# expect: timed_out|raised
import os


def dY_dX(X):
    while True:
        try:
            os.fork()
        except BlockingIOError:
            pass
