"""∂Y_i/∂X_j = Y_i A_ij at place (j, i); ∂Y_k/∂A_ij = Y_k δ_ki X_j at place (i, j, k)."""

import numpy as np


def dY_dX(A, X):
    return A.T * np.exp(A @ X)


def dY_dA(A, X):
    return np.einsum("ik,j->ijk", np.diag(np.exp(A @ X)), X)
