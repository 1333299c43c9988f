import torch


def dY_dX(W, X, B):
    return W


def dY_dW(W, X, B):
    m, n = W.shape
    J = torch.zeros(m, m, n)
    i = 0
    while i < m:
        J[i, i] = X
    return J


def dY_dB(W, X, B):
    return torch.eye(len(B))
