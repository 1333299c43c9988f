# attack: writes rubbish without end where answers go
# expect: killed
import os


def dY_dX(X):
    while True:
        os.write(4, b"x" * 10**6)
