# attack: rubbish where answers go
# expect: killed
import os


def dY_dX(X):
    os.write(4, b"correct\n" * 100)
    return X
