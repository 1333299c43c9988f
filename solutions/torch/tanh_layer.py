"""Y_k = tanh(Z_k): ∂Y_k/∂W_ij = (1 - Y_k²) δ_ki X_j and ∂Y_k/∂B_i = (1 - Y_k²) δ_ki."""

import torch


def dY_dW(W, X, B):
    Y = torch.tanh(W @ X + B)
    return torch.einsum("ki,j->kij", torch.diag(1 - Y**2), X)


def dY_dB(W, X, B):
    Y = torch.tanh(W @ X + B)
    return torch.diag(1 - Y**2)
