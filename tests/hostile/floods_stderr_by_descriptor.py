# attack: writes without end past Python's streams
# expect: killed|timed_out
import os


def dY_dX(X):
    while True:
        os.write(2, b"x" * 10**6)
