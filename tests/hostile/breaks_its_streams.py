# attack: closes and replaces its streams with ones that raise
# expect: correct
import sys

import numpy as np


class Broken:
    def write(self, text):
        raise SystemExit

    flush = write = property(lambda self: 1 / 0)


sys.stdout.close()
sys.stderr.close()
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Broken()


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2)
