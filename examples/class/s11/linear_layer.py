import torch


def dY_dX(W, X, B):
    return W.float()


def dY_dW(W, X, B):
    m, n = W.shape
    return torch.eye(m)[:, :, None] * X[None, None, :]


def dY_dB(W, X, B):
    B *= 0
    B += 1
    return torch.diag(B)
