# attack: more functions and longer names than anybody lists
# expect: correct
import numpy as np

for number in range(10_000):
    exec(f"def f{number}_{'x' * 200}(): pass")


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2)
