"""The rectifier's slope is the step function h(Z): ∂Y/∂Z = diag(h(Z)) and ∂Y/∂X = diag(h(Z)) W."""

import numpy as np


def dY_dZ(Z):
    return np.diag(np.where(Z > 0, 1.0, 0.0))


def dY_dX(W, X, B):
    Z = W @ X + B
    return np.where(Z > 0, 1.0, 0.0)[:, None] * W
