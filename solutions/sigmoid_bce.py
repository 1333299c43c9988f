"""∂L/∂z_i = (p_i - t_i) / N; z is linear in w and b, so ∂L/∂w = Xᵀ ∂L/∂z and ∂L/∂b = Σ_i ∂L/∂z_i."""

import numpy as np


def dL_dz(z, t):
    return (1 / (1 + np.exp(-z)) - t) / len(z)


def logistic_gradient(X, t, w, b):
    g = dL_dz(X @ w + b, t)
    return X.T @ g, g.sum()
