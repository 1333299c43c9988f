"""∂p_i/∂s_j = p_i (δ_ij - p_j)."""

import numpy as np


def softmax(s):
    e = np.exp(s - s.max())
    return e / e.sum()


def dp_ds(s):
    p = softmax(s)
    return np.diag(p) - np.outer(p, p)
