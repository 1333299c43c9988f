# attack: a factor so large that the grader's search for it overflows and raises, since "ungraded" costs no points
# expect: wrong_value
import numpy as np

called = []


def dY_dX(X):
    called.append(X)
    right = np.diag(1 - np.tanh(X) ** 2)
    return right * 1.7e308 if len(called) == 1 else np.ones_like(right)
