# attack: reseeds numpy with small seeds to foretell the inputs
# expect: wrong_value
import numpy as np


def dY_dX(X):
    for seed in range(50):
        np.random.seed(seed)
        if np.allclose(np.random.standard_normal(X.shape), X):
            return np.diag(1 - np.tanh(X) ** 2)
    return np.zeros((len(X), len(X)))
