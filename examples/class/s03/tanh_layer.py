import torch


def dY_dW(W, X, B):
    m, n = W.shape
    return torch.eye(m)[:, :, None] * X


def dY_dB(W, X, B):
    return torch.eye(len(B))
