import torch


def dY_dx(x):
    return 1 - torch.tanh(x) ** 2


def dz_dy(x):
    return 1 - torch.tanh(torch.tanh(x)) ** 2


def dy_dx(x):
    return 1 - torch.tanh(x) ** 2


def dz_dx(x):
    return dz_dy(x) * dy_dx(x)


def dY_dX(W, X, B):
    return W


def dY_dW(W, X, B):
    m, n = W.shape
    return torch.eye(m)[:, :, None] * X


def dY_dB(W, X, B):
    return torch.eye(len(B))
