"""∂y_i/∂x_ij is 1 at the largest entry of row i and 0 elsewhere."""

import numpy as np


def max_backward(dy, x):
    return np.where(x == x.max(axis=1, keepdims=True), dy[:, None], 0.0)
