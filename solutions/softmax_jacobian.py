"""∂p_i/∂s_j = p_i (δ_ij - p_j)."""

import numpy as np


def dp_ds(s):
    e = np.exp(s - s.max())
    p = e / e.sum()
    return np.diag(p) - np.outer(p, p)
