"""Y_k = tanh(Z_k): ∂Y_k/∂W_ij = (1 - Y_k²) δ_ki X_j and ∂Y_k/∂B_i = (1 - Y_k²) δ_ki."""

import numpy as np


def dY_dW(W, X, B):
    Y = np.tanh(W @ X + B)
    return np.einsum("ki,j->kij", np.diag(1 - Y**2), X)


def dY_dB(W, X, B):
    Y = np.tanh(W @ X + B)
    return np.diag(1 - Y**2)
